#!/usr/bin/env python3
"""Checks a signed record (JSON, or the PDF that carries it) without its issuer: offline, with the public key only.

    python3 verify_record.py record.json --public-key BASE64
    python3 verify_record.py certificate.pdf --public-key BASE64
    python3 verify_record.py proof.zip --public-key BASE64

Needs Python 3.11+ and the package `cryptography`, nothing else. Exit code 0: genuine; 1: not, and the output names what
was changed; 2: not a record at all. `--public-key` may be given again for an issuer who has changed keys.

A record is `{"content": …, "manifest": …, "signature": base64}`. The manifest holds a SHA-256 of every single value of
the content by its JSON pointer (RFC 6901), the SHA-256 of the record before it, and its own sequence number; the
signature (Ed25519) covers the manifest in canonical form (RFC 8785). In a PDF, one more signature, the seal, covers
every byte of the file before it, and a line of digests tells which block of the file was changed. After the seal there
may follow nothing but the signature (PAdES) of the one certificate that the sealed part names.

A proof of notice may have several records: its face (part 0) names the others. Given together, as files or in their
ZIP, they are checked as one: which part is missing, extra or foreign is named.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "portal-record/1"
LARGEST_INTEGER = 2**53 - 1
LARGEST_ATTACHMENT = 16 * 2**20
ATTACHMENT = "record.json"
PROGRAM = "verify_record.py"
PARTS = {"content", "manifest", "signature"}
EXTRAS = {"public_key", "sha256"}
BLOCK = 1024
SEAL = re.compile(
    rb"\n%portal-blocks ([0-9a-f]*)\n(?:%portal-signer ([0-9a-f]{64})\n)?"
    rb"%portal-seal ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n"
)
EMBEDDED = re.compile(rb"/EmbeddedFile.{0,1000}?>>\s*stream\r?\n", re.S)
LENGTH = re.compile(rb"/Length\s+(\d{1,9})(?!\s+\d+\s+R)")
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
HASHES = {bytes.fromhex(f"60864801650304020{n}"): kind for n, kind in enumerate((hashes.SHA256, hashes.SHA384), 1)}
OBJECT = re.compile(rb"(\d{1,9}) 0 obj\b(?=(.{0,200}))", re.S)


class NotARecord(Exception):
    """The file is no record of this kind at all."""


class Damaged(Exception):
    """A part of the file cannot be read any more."""


# --- canonical form and fingerprints -------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """RFC 8785 for the values that records are made of: no floats, no integers beyond 2^53. Raises TypeError."""
    try:
        return _canonical(value).encode()
    except UnicodeEncodeError as error:
        raise TypeError("half a character") from error


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise TypeError("an integer that JSON cannot carry")
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, dict):
        # Among ASCII names, the order by UTF-16 units that the RFC wants is Python's own, which is quicker.
        names = sorted(value, key=None if "".join(value).isascii() else _utf16)
        return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in names) + "}"
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


def leaves(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """Every single value with its JSON pointer; an empty list or object counts as a value."""
    if not value or not isinstance(value, dict | list):
        return [(pointer, value)]
    if isinstance(value, list):
        inside = [(str(index), inner) for index, inner in enumerate(value)]
    else:
        inside = [(name.replace("~", "~0").replace("/", "~1"), inner) for name, inner in value.items()]
    found = []
    for name, inner in inside:
        found += (
            leaves(inner, f"{pointer}/{name}") if isinstance(inner, dict | list) else [(f"{pointer}/{name}", inner)]
        )
    return found


def fingerprints(content: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of each value, by pointer. The pointer is hashed too, so that equal values look different."""
    return {pointer: _fingerprint(pointer, value) for pointer, value in leaves(content)}


def _fingerprint(pointer: str, value: Any) -> str:
    return hashlib.sha256(f"{pointer}\0{_canonical(value)}".encode()).hexdigest()


def digest(manifest: dict[str, Any]) -> str:
    """The record's own fingerprint: what the next record points to and what the certificate shows."""
    return hashlib.sha256(canonical(manifest)).hexdigest()


# --- a record ------------------------------------------------------------------------------------------------------


def problems(record: Any, *public_keys: str) -> list[str]:
    """What is wrong with a record; empty when it is genuine. Raises NotARecord."""
    if not isinstance(record, dict) or not PARTS & set(record):
        raise NotARecord("neither content nor manifest nor signature")
    wrong = [f"{name}: is missing" for name in sorted(PARTS - set(record))]
    wrong += [f"{name}: does not belong to a record" for name in sorted(set(record) - PARTS - EXTRAS)]
    manifest = record.get("manifest")
    if not isinstance(manifest, dict):
        return [*wrong, "manifest: was changed"]
    wrong += changed_fields(record.get("content"), manifest.get("fields"))
    if manifest.get("format") != FORMAT:
        wrong.append("manifest/format: was changed")
    try:
        text = canonical(manifest)
    except TypeError:
        return [*wrong, "manifest: holds a value that no record has"]
    if "sha256" in record and record["sha256"] != hashlib.sha256(text).hexdigest():
        wrong.append("sha256: is not the manifest's")
    if "public_key" in record and record["public_key"] not in public_keys:
        wrong.append("public_key: is not the issuer's")
    if not any(signed(text, record.get("signature"), key) for key in public_keys):
        wrong.append("manifest or signature: the signature does not fit")
    return wrong


def changed_fields(content: Any, stated: Any) -> list[str]:
    """Which values of the content are not those that the manifest states."""
    if not isinstance(stated, dict):
        return ["manifest/fields: is missing"]
    actual = dict(leaves(content)) if isinstance(content, dict) else {}
    missing = [f"content{pointer}: is missing" for pointer in sorted(set(stated) - set(actual))]
    added = [f"content{pointer}: was added" for pointer in sorted(set(actual) - set(stated))]
    both = sorted(set(stated) & set(actual))
    return missing + added + [f"content{name}: was changed" for name in both if not _fits(stated, name, actual[name])]


def _fits(stated: dict[str, Any], pointer: str, value: Any) -> bool:
    try:
        return bool(stated[pointer] == _fingerprint(pointer, value))
    except (TypeError, UnicodeEncodeError):
        return False


def signed(message: bytes, signature: Any, public_key: str) -> bool:
    """Whether the Ed25519 signature (base64) of the message is genuine."""
    if not isinstance(signature, str):
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
        if base64.b64encode(raw).decode() != signature:
            return False
        _loaded(public_key).verify(raw, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(public_key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))


# --- a file --------------------------------------------------------------------------------------------------------


def check_file(data: bytes, *public_keys: str) -> list[str]:
    """What is wrong with the file; empty when it is genuine. Raises NotARecord."""
    try:
        if data.startswith(b"%PDF-"):
            return pdf_problems(data, *public_keys)
        return json_problems(data, *public_keys)
    except RecursionError as error:
        raise NotARecord("nested beyond all measure") from error


def json_problems(data: bytes, *public_keys: str) -> list[str]:
    """What is wrong with a record as a file; a file that is damaged is read as far as it goes."""
    wrong = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        wrong.append(f"file: byte {error.start} is not UTF-8 any more")
        text = data.decode(errors="replace")
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        if not any(f'"{part}"' in text for part in PARTS):
            raise NotARecord(f"not JSON: {error}") from error
        return [*wrong, f"{place(text, error.lineno)}: was changed, the file is not JSON any more ({error})"]
    except ValueError as error:  # a number of thousands of digits
        raise NotARecord(f"not JSON: {error}") from error
    wrong += problems(record, *public_keys)
    # Two spellings of the same values are the same record, yet not one byte of a file may differ unnoticed.
    if not wrong and data != json_file(record):
        wrong.append("file: its spelling was changed, the values are genuine")
    return wrong


def place(text: str, line_number: int) -> str:
    """The path of a line in the layout of `json_file`: one value a line, one space deeper a level."""
    path: list[str] = []
    for line in text.splitlines()[:line_number]:
        bare = line.lstrip(" ")
        depth = len(line) - len(bare)
        if depth < 1 or depth > len(path) + 1 or bare[:1] in "]}":
            continue
        named = re.match(r'"((?:[^"\\]|\\.)*)": ', bare)
        before = path[depth - 1] if len(path) >= depth else "-1"
        path[depth - 1 :] = [named[1] if named else str(int(before) + 1 if before.lstrip("-").isdigit() else 0)]
    return "/".join(path) or "file"


def json_file(record: dict[str, Any]) -> bytes:
    """The record as the file that is handed out."""
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return text.encode(errors="replace")


# --- a PDF ---------------------------------------------------------------------------------------------------------


def blocks_line(data: bytes, signer: str = "") -> bytes:
    """What stands between a PDF and its seal: short digests of its blocks, and who may sign after the seal."""
    told = f"%portal-signer {signer}\n" if signer else ""
    return f"\n%portal-blocks {''.join(_blocks(data))}\n{told}".encode()


def _blocks(data: bytes) -> list[str]:
    return [hashlib.sha256(data[start : start + BLOCK]).hexdigest()[:8] for start in range(0, len(data), BLOCK)]


def seal_line(key_id: str, signature: str) -> bytes:
    """The comment that closes a sealed PDF; the signature covers everything before this line."""
    return f"%portal-seal {key_id} {signature}\n".encode()


def sealed_part(data: bytes, *public_keys: str) -> re.Match[bytes] | None:
    """The first genuine seal, or else the last one."""
    found = None
    for found in SEAL.finditer(data):
        if _seal_fits(data, found, public_keys):
            break
    return found


def _seal_fits(data: bytes, seal: re.Match[bytes], public_keys: Iterable[str]) -> bool:
    message = data[: seal.start(3) - len(b"%portal-seal ")]
    # The name of the key stands outside of what is signed: it must be that of the very key which fits.
    return any(seal[3].decode() == key_id(key) and signed(message, seal[4].decode(), key) for key in public_keys)


def key_id(public_key: str) -> str:
    """The name of a public key: the first 16 hex digits of its SHA-256; empty for what is no key."""
    try:
        return hashlib.sha256(base64.b64decode(public_key, validate=True)).hexdigest()[:16]
    except ValueError:
        return ""


def pdf_problems(data: bytes, *public_keys: str) -> list[str]:
    """What is wrong with a certificate: its seal over the whole file, and the record that it carries."""
    wrong = []
    seal = sealed_part(data, *public_keys)
    if seal is None:
        wrong.append("pdf: the seal at its end is missing or damaged")
    elif not _seal_fits(data, seal, public_keys):
        wrong += changed_blocks(data, seal)
    elif further := after_seal(data, seal):
        wrong.append(f"pdf: the first {seal.end()} bytes are genuine; {further}")
    try:
        wrong += problems(attached_record(data[: seal.start()] if seal else data), *public_keys)
    except NotARecord as error:
        wrong.append(f"attachment {ATTACHMENT}: {error}")
    return wrong


def changed_blocks(data: bytes, seal: re.Match[bytes]) -> list[str]:
    """Which parts of the file differ from what the line of digests says."""
    body, stated = data[: seal.start()], seal[1].decode()
    found = _blocks(body)
    if len(stated) != 8 * len(found):
        return ["pdf: the seal does not fit, bytes were added or removed"]
    changed = [number for number, short in enumerate(found) if stated[8 * number : 8 * number + 8] != short]
    if not changed:
        return ["pdf: the seal at its end was changed, or it is another issuer's"]
    return [
        f"pdf: bytes {BLOCK * n} to {BLOCK * n + BLOCK - 1}: were changed ({_part(body, BLOCK * n)})" for n in changed
    ]


def _part(body: bytes, offset: int) -> str:
    """Which object of the PDF lies at an offset, as far as one can tell."""
    before = list(OBJECT.finditer(body, 0, offset + BLOCK))
    if not before:
        return "its beginning"
    kinds = [(b"/EmbeddedFile", "the attached record"), (b"/Length1", "a typeface"), (b"/XRef", "its table")]
    kind = next((name for mark, name in kinds if mark in before[-1][2]), "a page or its parts")
    return f"object {before[-1][1].decode()}: {kind}"


def attached_record(data: bytes) -> Any:
    """The JSON record inside a certificate. Raises NotARecord."""
    for match in EMBEDDED.finditer(data):
        length = LENGTH.search(match[0])
        end = match.end() + int(length[1]) if length else data.find(b"endstream", match.end())
        body = data[match.end() : end]
        try:
            if b"/FlateDecode" in match[0]:
                body = zlib.decompressobj().decompress(body, LARGEST_ATTACHMENT)
            found = json.loads(body.decode(errors="replace"))
        except (zlib.error, ValueError):
            continue
        if isinstance(found, dict) and PARTS & set(found):
            return found
    raise NotARecord("is missing, or cannot be read")


# --- the certificate's signature after the seal (PAdES) ------------------------------------------------------------


def after_seal(data: bytes, seal: re.Match[bytes]) -> str:
    """What is wrong with that which follows the seal; empty when nothing follows, or the signature announced."""
    rest = data[seal.end() :]
    if not rest:
        return ""
    if seal[2] is None:
        return f"{len(rest)} bytes were added after the seal"
    ranges = list(BYTE_RANGE.finditer(data, seal.end()))
    if len(ranges) != 1:
        return "what follows the seal is not one signature"
    first, second, length = (int(number) for number in ranges[0].groups())
    if not seal.end() < first < second or second + length != len(data):
        return "the further signature does not cover the whole file"
    try:
        hole = data[first:second]
        if not re.fullmatch(rb"<[0-9A-Fa-f]*>", hole):
            raise Damaged("its bytes are not readable")
        whole = bytes.fromhex(hole[1:-1].decode())
        check_cms(whole, data[:first] + data[second:], seal[2].decode())
    except (Damaged, ValueError, LookupError, InvalidSignature, UnsupportedAlgorithm) as error:
        return f"the further signature after the seal is not genuine: {error or 'it does not fit'}"
    return ""


def check_cms(der: bytes, message: bytes, signer: str) -> None:
    """One detached CMS signature by the certificate with this SHA-256. Raises Damaged, InvalidSignature, ValueError."""
    _tag, content, end = _der(der, 0)
    if der[end:].strip(b"\0"):
        raise Damaged("something stands behind it")
    parts = _inside(_inside(_inside(content)[1][1])[0][1])
    certificates = [whole for tag, inner, _end in parts if tag == 0xA0 for whole in _wholes(inner)]
    certificate = next((whole for whole in certificates if hashlib.sha256(whole).hexdigest() == signer), None)
    if certificate is None:
        raise Damaged("it is not by the certificate that the sealed part names")
    info = _inside(parts[-1][1])[0][1]  # version, signer, hash, signed attributes, algorithm, signature
    fields = _inside(info)
    attributes = [_inside(row[1]) for row in _inside(fields[3][1])]
    algorithm = HASHES[_inside(fields[2][1])[0][1]]()
    hashed = hashes.Hash(algorithm)
    hashed.update(message)
    if [_inside(row[1][1])[0][1] for row in attributes if row[0][1] == MESSAGE_DIGEST] != [hashed.finalize()]:
        raise Damaged("the file was changed after it")
    text, signature = b"\x31" + _wholes(info)[3][1:], fields[5][1]
    key = x509.load_der_x509_certificate(certificate).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, text, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, text, ec.ECDSA(algorithm))
    else:
        raise Damaged("its kind of key is not known here")


def _der(data: bytes, start: int) -> tuple[int, bytes, int]:
    """Tag, inside and end of the DER value at an offset."""
    length, at = data[start + 1], start + 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at : at + size]), at + size
    if at + length > len(data):
        raise Damaged("it is cut off")
    return data[start], data[at : at + length], at + length


def _inside(data: bytes) -> list[tuple[int, bytes, int]]:
    found, at = [], 0
    while at < len(data):
        found.append(_der(data, at))
        at = found[-1][2]
    return found


def _wholes(data: bytes) -> list[bytes]:
    ends = [0, *(end for _tag, _inner, end in _inside(data))]
    return [data[start:end] for start, end in pairwise(ends)]


# --- a proof of several records ------------------------------------------------------------------------------------


def check_set(files: dict[str, bytes], *public_keys: str) -> list[str]:
    """What is wrong with files that belong to one proof, each by its name."""
    wrong, contents = [], {}
    for name, data in files.items():
        try:
            wrong += [f"{name}: {line}" for line in check_file(data, *public_keys)]
            record = attached_record(data) if data.startswith(b"%PDF-") else json.loads(data)
            contents[name] = (digest(record["manifest"]), record["content"])
        except NotARecord as error:
            wrong.append(f"{name}: is no record ({error})")
        except (ValueError, TypeError, KeyError):
            continue  # damaged, and named above
    return wrong + set_problems(contents)


def set_problems(contents: dict[str, tuple[str, Any]]) -> list[str]:
    """Which parts are missing, extra or foreign: by file, each record's own fingerprint and content."""
    places = {name: _place(content) for name, (_sha256, content) in contents.items()}
    faces = [name for name, (_proof, part) in places.items() if part == 0]
    if not faces:
        return ["the face (part 0), which names the parts, is missing"]
    face_sha256, face = contents[faces[0]]
    stated = {part["sha256"]: part for part in named_parts(face)}
    given = {sha256 for sha256, _content in contents.values()}
    wrong = [f"part {part['part']} ({part['code']}): is missing" for key, part in stated.items() if key not in given]
    for name, (sha256, _content) in contents.items():
        if sha256 == face_sha256 or sha256 in stated:
            continue
        is_own = places[name][0] == places[faces[0]][0]
        wrong.append(
            f"{name}: is {'extra, the face does not name it' if is_own else 'foreign, it is of another proof'}"
        )
    return wrong


def _place(content: Any) -> tuple[Any, Any]:
    """Of which proof and version a record is, and its number there."""
    if not isinstance(content, dict) or not isinstance(content.get("campaign"), dict):
        return None, None
    return (content["campaign"].get("id"), content.get("version")), content.get("part")


def named_parts(content: Any) -> list[dict[str, Any]]:
    """The further parts that the face of a proof names; none for any other record."""
    parts = content.get("further_parts") if isinstance(content, dict) else None
    rows = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return [row for row in rows if {"part", "code", "sha256"} <= set(row) and isinstance(row["sha256"], str)]


def members(data: bytes) -> dict[str, bytes]:
    """The records in the ZIP of a proof. Raises NotARecord."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.file_size > LARGEST_ATTACHMENT:
                    raise NotARecord(f"{member.filename}: is larger than any record")
                if member.filename != PROGRAM:
                    found[member.filename] = archive.read(member)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise NotARecord(f"the ZIP is damaged: {error}") from error
    return found


# --- the command ---------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks a signed record, or a proof of several, offline.")
    parser.add_argument("file", type=Path, nargs="+", help="JSON or PDF; a ZIP or several files: one proof")
    parser.add_argument("--public-key", required=True, action="append", help="the issuer's Ed25519 public key, base64")
    chosen = parser.parse_args(arguments)
    for key in chosen.public_key:
        if not re.fullmatch(r"[A-Za-z0-9+/]{43}=", key):
            parser.error("a public key has 44 characters and ends with =")
    try:
        files = opened(chosen.file)
        if len(files) > 1:
            wrong = check_set(files, *chosen.public_key)
        else:
            wrong = check_file(next(iter(files.values())), *chosen.public_key)
    except (NotARecord, OSError) as error:
        print(f"NOT A RECORD  {error}")
        return 2
    for line in wrong:
        print("INVALID ", "".join(c if c.isprintable() else repr(c)[1:-1] for c in line))
    if not wrong:
        print("VALID")
        for data in files.values():
            told(data, *chosen.public_key)
    return 1 if wrong else 0


def opened(paths: list[Path]) -> dict[str, bytes]:
    """Each file by its name; a ZIP alone stands for what is in it. Raises NotARecord and OSError."""
    files = {str(path): path.read_bytes() for path in paths}
    if len(paths) == 1 and files[str(paths[0])].startswith(b"PK"):
        files = members(files[str(paths[0])])
        if not files:
            raise NotARecord("the ZIP holds no record")
    return files


def told(data: bytes, *public_keys: str) -> None:
    """What a genuine file says of itself, and what follows its seal."""
    is_pdf = data.startswith(b"%PDF-")
    record = attached_record(data) if is_pdf else json.loads(data)
    print(f"  code {record['manifest'].get('code')}, signed at {record['manifest'].get('signed_at')}")
    parts = named_parts(record["content"])
    if parts:
        print(f"  the face of a proof with {len(parts)} further parts; give them too, or the ZIP, to check the whole")
    seal = sealed_part(data, *public_keys) if is_pdf else None
    if seal and data[seal.end() :]:
        print(
            f"  the first {seal.end()} bytes are sealed; a further signature (PAdES) of the named certificate follows"
        )


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
