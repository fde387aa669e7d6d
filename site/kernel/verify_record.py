#!/usr/bin/env python3
"""Checks a signed record (JSON, or the PDF that carries it) without its issuer: offline, with the public key only.

    python3 verify_record.py record.json --public-key BASE64
    python3 verify_record.py certificate.pdf --public-key BASE64

Needs Python 3.11+ and the package `cryptography`, nothing else. Exit code 0: genuine; 1: not, and the output names what
was changed; 2: not a record at all.

A record is `{"content": …, "manifest": …, "signature": base64}`. The manifest holds a SHA-256 of every single value of
the content by its JSON pointer (RFC 6901), the SHA-256 of the record before it, and its own sequence number; the
signature (Ed25519) covers the manifest in canonical form (RFC 8785). In a PDF, one more signature covers every byte of
the file before it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "portal-record/1"
LARGEST_INTEGER = 2**53 - 1
ATTACHMENT = "record.json"
SEAL = re.compile(rb"\n%portal-seal ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n")
STREAM = re.compile(rb"/EmbeddedFile.{0,400}?stream\r?\n", re.S)


class NotARecord(Exception):
    """The file is no record of this kind at all."""


def canonical(value: Any) -> bytes:
    """RFC 8785 for the values that records are made of: no floats, no integers beyond 2^53."""
    return _canonical(value).encode()


def _canonical(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise TypeError("an integer that JSON cannot carry")
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in names) + "}"
    raise TypeError(f"{type(value).__name__} has no place in a record")


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value with its JSON pointer; an empty list or object counts as a value."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{pointer}/{index}")
    else:
        yield pointer, value


def fingerprints(content: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of each value, by pointer. The pointer is hashed too, so that equal values look different."""
    return {
        pointer: hashlib.sha256(pointer.encode() + b"\0" + canonical(value)).hexdigest()
        for pointer, value in leaves(content)
    }


def digest(manifest: dict[str, Any]) -> str:
    """The record's own fingerprint: what the next record points to and what the certificate shows."""
    return hashlib.sha256(canonical(manifest)).hexdigest()


def problems(record: dict[str, Any], public_key: str) -> list[str]:
    """What is wrong with a record; empty when it is genuine. Raises NotARecord."""
    if not isinstance(record, dict) or not isinstance(record.get("manifest"), dict):
        raise NotARecord("no manifest")
    manifest = record["manifest"]
    found = sorted(set(record) - {"content", "manifest", "signature", "public_key", "sha256"})
    wrong = [f"{name}: does not belong to a record" for name in found]
    wrong += changed_fields(record.get("content"), manifest.get("fields"))
    if manifest.get("format") != FORMAT:
        wrong.append("manifest/format: was changed")
    if "sha256" in record and record["sha256"] != digest(manifest):
        wrong.append("sha256: is not the manifest's")
    if "public_key" in record and record["public_key"] != public_key:
        wrong.append("public_key: is not the issuer's")
    if not signed(canonical(manifest), str(record.get("signature", "")), public_key):
        wrong.append("manifest or signature: the signature does not fit")
    return wrong


def changed_fields(content: Any, stated: Any) -> list[str]:
    """Which values of the content are not those that the manifest states."""
    if not isinstance(stated, dict):
        return ["manifest/fields: missing"]
    actual = fingerprints(content) if isinstance(content, dict) else {}
    missing = [f"content{pointer}: is missing" for pointer in sorted(set(stated) - set(actual))]
    added = [f"content{pointer}: was added" for pointer in sorted(set(actual) - set(stated))]
    both = sorted(set(stated) & set(actual))
    return missing + added + [f"content{name}: was changed" for name in both if stated[name] != actual[name]]


def signed(message: bytes, signature: str, public_key: str) -> bool:
    """Whether the Ed25519 signature (base64) of the message is genuine."""
    try:
        raw = base64.b64decode(signature, validate=True)
        if base64.b64encode(raw).decode() != signature:
            return False
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True)).verify(raw, message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def seal_line(key_id: str, signature: str) -> bytes:
    """The comment that closes a sealed PDF."""
    return f"\n%portal-seal {key_id} {signature}\n".encode()


def pdf_problems(data: bytes, public_key: str) -> list[str]:
    """What is wrong with a certificate: its seal over the whole file, and the record that it carries."""
    seals = list(SEAL.finditer(data))
    if not data.startswith(b"%PDF-"):
        raise NotARecord("not a PDF")
    wrong = []
    if not seals:
        wrong.append("pdf: the seal is missing or damaged")
    else:
        seal = seals[-1]
        if not signed(data[: seal.start()], seal[2].decode(), public_key):
            wrong.append("pdf: the pages or the attachment were changed, the seal does not fit")
        rest = data[seal.end() :]
        if rest and not rest.lstrip().startswith((b"%", *(b"%d" % n for n in range(1, 10)))):
            wrong.append("pdf: something was added after the seal")
    try:
        wrong += problems(attached_record(data), public_key)
    except NotARecord as error:
        wrong.append(f"attachment: {error}")
    return wrong


def attached_record(data: bytes) -> dict[str, Any]:
    """The JSON record inside a certificate. Raises NotARecord."""
    for match in STREAM.finditer(data):
        body = data[match.end() : data.find(b"endstream", match.end())]
        for unpack in (zlib.decompress, lambda raw: raw):
            try:
                found = json.loads(unpack(body).decode())
            except (zlib.error, ValueError):
                continue
            if isinstance(found, dict) and "manifest" in found:
                return found
    raise NotARecord("no record is attached, or it cannot be read")


def check_file(data: bytes, public_key: str) -> list[str]:
    """What is wrong with the file; empty when it is genuine. Raises NotARecord."""
    if data.startswith(b"%PDF-"):
        return pdf_problems(data, public_key)
    try:
        record = json.loads(data.decode())
    except ValueError as error:
        raise NotARecord(f"not JSON: {error}") from error
    wrong = problems(record, public_key)
    # Two spellings of the same values are the same record, yet not one byte of a file may differ unnoticed.
    if not wrong and data.strip() != json_file(record).strip():
        wrong.append("file: its spelling was changed, the values are genuine")
    return wrong


def json_file(record: dict[str, Any]) -> bytes:
    """The record as the file that is handed out."""
    return (json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks a signed record offline.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--public-key", required=True, help="the issuer's Ed25519 public key, base64")
    chosen = parser.parse_args(arguments)
    try:
        wrong = check_file(chosen.file.read_bytes(), chosen.public_key)
    except (NotARecord, OSError) as error:
        print(f"NOT A RECORD  {error}")
        return 2
    for line in wrong:
        print(f"INVALID  {line}")
    if not wrong:
        print("VALID")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
