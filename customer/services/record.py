"""Appending to the chain of signed records, opening and re-proving them."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from customer.models import ChainHead, RecordKey, SignedRecord, SigningKey
from kernel import signing, vault
from kernel.verify_record import FORMAT, NotARecord, canonical, digest, fingerprints, problems

# Crockford's alphabet: nothing in it can be mistaken for something else on paper.
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
NONCE_BYTES = 12


def append_record(*, kind: str, buyer_id: int | None, content: dict[str, Any], now: datetime) -> SignedRecord:
    """Step: signs the content and appends it to the chain, inside the caller's transaction.

    The chain's head stays locked until that ends, so records follow each other one by one.
    """
    key = current_key(now=now)
    head = ChainHead.objects.select_for_update().get_or_create(pk=1)[0]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "kind": kind,
        "code": new_code(),
        "sequence": head.sequence + 1,
        "previous": head.sha256,
        "key_id": key.key_id,
        "signed_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "fields": fingerprints(content),
    }
    text = canonical(manifest)
    content_key = AESGCM.generate_key(bit_length=256)
    record = SignedRecord.objects.create(
        sequence=manifest["sequence"],
        code=manifest["code"],
        kind=kind,
        buyer_id=buyer_id,
        manifest=text.decode(),
        content_sealed=_seal(canonical(content), content_key),
        sha256=digest(manifest),
        previous_sha256=head.sha256,
        key=key,
        signature=signing.sign(text),
        signed_at=now,
    )
    RecordKey.objects.create(record=record, sealed_key=vault.encrypt(base64.b64encode(content_key).decode()))
    head.sequence, head.sha256 = record.sequence, record.sha256
    head.save(update_fields=["sequence", "sha256"])
    return record


def current_key(*, now: datetime) -> SigningKey:
    """Step: the row of the key that signs today, written at its first use."""
    public = signing.public_key()
    return SigningKey.objects.get_or_create(
        key_id=signing.key_id(public), defaults={"public_key": public, "since": now}
    )[0]


def new_code() -> str:
    """A code for the public check: 60 bits, easy to read out."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def clean_code(text: str) -> str:
    """A typed code as it is stored: upper case, O → 0, I and L → 1, no separators."""
    return text.strip().upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))


def open_content(record: SignedRecord) -> dict[str, Any]:
    """The content of a record. Raises VaultError when it does not open."""
    try:
        key = base64.b64decode(vault.decrypt(record.content_key.sealed_key))
        raw = base64.b64decode(record.content_sealed)
        content: dict[str, Any] = json.loads(AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], b"record"))
    except (InvalidTag, ValueError, RecordKey.DoesNotExist) as error:
        raise vault.VaultError(f"record {record.code} does not open") from error
    return content


def exported(record: SignedRecord) -> dict[str, Any]:
    """The record as it is handed out and as `kernel.verify_record` reads it."""
    return {
        "content": open_content(record),
        "manifest": json.loads(record.manifest),
        "sha256": record.sha256,
        "public_key": record.key.public_key,
        "signature": record.signature,
    }


def is_genuine(record: SignedRecord) -> bool:
    """Whether everything about a stored record still fits together."""
    return not list(breaches_of(record))


def breaches_of(record: SignedRecord) -> Iterator[str]:
    """What is wrong with one stored record, apart from its place in the chain."""
    try:
        stored = exported(record)
    except vault.VaultError as error:
        yield str(error)
    except ValueError:
        yield "column manifest is no manifest"
    else:
        yield from breaches_of_exported(record, stored)


def breaches_of_exported(record: SignedRecord, stored: dict[str, Any]) -> Iterator[str]:
    """The same for a record that has been opened already."""
    try:
        yield from problems(stored, record.key.public_key)
    except NotARecord:
        yield "column manifest is no manifest"
        return
    manifest = stored["manifest"]
    if not isinstance(manifest, dict):
        return  # said above
    columns = {
        "sequence": record.sequence,
        "code": record.code,
        "kind": record.kind,
        "previous": record.previous_sha256,
        "key_id": record.key.key_id,
        "signed_at": record.signed_at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    for name, value in columns.items():
        if manifest.get(name) != value:
            yield f"column {name} is not what was signed"


def _seal(plain: bytes, key: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, b"record")).decode()
