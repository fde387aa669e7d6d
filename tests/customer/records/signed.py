"""A signed record of the size and shape of a real one, and one sealed PDF around it, without a database."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kernel.verify_record import FORMAT, blocks_line, canonical, digest, fingerprints, json_file, seal_line

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
KEY_ID = hashlib.sha256(base64.b64decode(PUBLIC_KEY)).hexdigest()[:16]
CONTENT = {
    "text": "اینجانب گواهی می‌کنم که نصب و راه‌اندازی دستگاه «CEREC» انجام شده است.\nسطر دوم.",
    "all_done": {"label": "همه موارد انجام شده است", "ticked": True},
    "items": [
        {"code": "device_installed", "label": "نصب کامل دستگاه", "note": "", "ticked": True, "photos": []},
        {
            "code": "training_done",
            "label": "انجام آموزش اولیه",
            "note": "دو ساعت",
            "ticked": True,
            "photos": ["ab" * 32],
        },
    ],
    "buyer": {"first_name": "سارا", "last_name": "رستگار", "national_code": "0012345679"},
    "device": {"brand": "ماهان", "model": "M4", "a/b~c": "SN-00001"},
    "service": None,
    "supersedes": {},
}


def signature_of(message: bytes) -> str:
    return base64.b64encode(KEY.sign(message)).decode()


def make_record(content: dict | None = None) -> dict:
    content = CONTENT if content is None else content
    manifest = {
        "format": FORMAT,
        "kind": "sign_off",
        "code": "7M3QK2ZD90XA",
        "sequence": 12,
        "previous": "0" * 64,
        "key_id": KEY_ID,
        "signed_at": "2026-11-22T10:00:00+00:00",
        "fields": fingerprints(content),
    }
    return {
        "content": content,
        "manifest": manifest,
        "sha256": digest(manifest),
        "public_key": PUBLIC_KEY,
        "signature": signature_of(canonical(manifest)),
    }


def sealed(body: bytes, signer: str = "") -> bytes:
    data = body + blocks_line(body, signer)
    return data + seal_line(KEY_ID, signature_of(data))


def paper_of(record: dict) -> bytes:
    """A PDF around a record, made of the parts that matter, not yet sealed."""
    data = json_file(record)
    return (
        b"%PDF-1.7\n1 0 obj\n<</Type /Page>>\nendobj\n2 0 obj\n<</Type /EmbeddedFile /Params <</Size 9>> /Length "
        + str(len(data)).encode()
        + b">>\nstream\n"
        + data
        + b"\nendstream\nendobj\n%%EOF\n"
    )
