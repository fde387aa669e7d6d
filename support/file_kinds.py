"""What kind of file this is, by its content and its name together. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from kernel.persian import clean

LONGEST_NAME = 150
PROBE = 4096  # bytes that tell the kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One kind that is taken: its extensions, how it is served, and whether it is a picture or a recording."""

    name: str
    extensions: tuple[str, ...]
    content_type: str
    is_picture: bool = False
    is_recording: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        FileKind(name="jpg", extensions=("jpg", "jpeg"), content_type="image/jpeg", is_picture=True),
        FileKind(name="png", extensions=("png",), content_type="image/png", is_picture=True),
        FileKind(name="webp", extensions=("webp",), content_type="image/webp", is_picture=True),
        FileKind(name="pdf", extensions=("pdf",), content_type="application/pdf"),
        FileKind(name="mp4", extensions=("mp4", "m4v"), content_type="video/mp4", is_recording=True),
        FileKind(name="mov", extensions=("mov",), content_type="video/quicktime", is_recording=True),
        FileKind(name="m4a", extensions=("m4a",), content_type="audio/mp4", is_recording=True),
        FileKind(name="webm", extensions=("webm",), content_type="video/webm", is_recording=True),
        FileKind(name="weba", extensions=("weba",), content_type="audio/webm", is_recording=True),
        FileKind(name="ogg", extensions=("ogg", "oga"), content_type="audio/ogg", is_recording=True),
        FileKind(name="text", extensions=("txt", "log", "csv"), content_type="text/plain"),
    )
}
KIND_OF_EXTENSION = {extension: kind for kind in KINDS.values() for extension in kind.extensions}
# Kinds that are told apart by their names only: one container holds sound or film.
CONTAINERS = {"mp4": ("mp4", "m4a", "mov"), "webm": ("webm", "weba")}
ACCEPTED = ",".join(f".{extension}" for extension in KIND_OF_EXTENSION)


def kind_by_name(name: str) -> FileKind | None:
    """What the name claims, None for what is not taken."""
    return KIND_OF_EXTENSION.get(PurePosixPath(name.lower()).suffix.removeprefix("."))


def content_fits(kind: FileKind, head: bytes) -> bool:
    """Whether the first bytes are those of what the name claims."""
    found = _family(head)
    return kind.name in CONTAINERS.get(found, (found,))


def _family(head: bytes) -> str:
    starts = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"%PDF-": "pdf", b"OggS": "ogg"}
    starts[b"\x1a\x45\xdf\xa3"] = "webm"
    for magic, name in starts.items():
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return "mp4"
    return "text" if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    """Text in UTF-8 without control characters; the probe may end in the middle of a letter."""
    if b"\x00" in head:
        return False
    try:
        text = head[:PROBE].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head[:PROBE]) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f\x1b\u200c\u200f\u200e\ufeff" for letter in text)


def clean_name(name: str) -> str:
    """The last part of a file's name, on one line, without unseen characters, short enough; its ending stays."""
    last = clean(name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    stem, dot, extension = last.rpartition(".")
    if not dot:
        return last[:LONGEST_NAME]
    room = LONGEST_NAME - len(extension[:10]) - 1
    return f"{stem[:room]}.{extension[:10]}"
