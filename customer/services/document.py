"""Papers that people send in: known by their content, small enough, without what pictures say on the side."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from kernel.refused import Refused

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 3000  # a page of A4 at 250 dpi
MAGIC = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
PHOTOS = ("jpg", "png")
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A cleaned paper, named by the fingerprint of its content."""

    file: ContentFile[bytes]
    sha256: str


def cleaned_document(upload: File[Any]) -> Document:
    """What is kept of a PDF, JPEG or PNG; pictures are drawn anew, so that place and camera do not come along.

    Raises Refused `document.too_large`, `document.unknown_type` or `document.broken`, on the field `document`.
    """
    raw, kind = _read(upload)
    if not kind:
        raise _refused("document.unknown_type", _("Only PDF, JPG and PNG files are taken."))
    return _named(raw if kind == "pdf" else _redrawn(raw, kind, into=kind), kind)


def cleaned_photo(upload: File[Any]) -> Document:
    """What is kept of a photo: a JPEG, drawn anew. Raises as `cleaned_document` does."""
    raw, kind = _read(upload)
    if kind not in PHOTOS:
        raise _refused("document.unknown_type", _("Only JPG and PNG pictures are taken."))
    return _named(_redrawn(raw, kind, into="jpg"), "jpg")


def _read(upload: File[Any]) -> tuple[bytes, str]:
    if (upload.size or 0) > MOST_BYTES:
        raise _refused("document.too_large", _("The file may have 10 megabytes at most."))
    raw = upload.read()
    return raw, kind_of(raw)


def _named(kept: bytes, kind: str) -> Document:
    sha256 = hashlib.sha256(kept).hexdigest()
    return Document(file=ContentFile(kept, name=f"{sha256}.{kind}"), sha256=sha256)


def kind_of(raw: bytes) -> str:
    """`pdf`, `jpg` or `png` by the first bytes, whatever the name says; empty for anything else."""
    return next((kind for magic, kind in MAGIC.items() if raw.startswith(magic)), "")


class BrokenPicture(ValueError):
    """A picture that cannot be read, or that is larger than any camera makes."""


def redraw(raw: bytes, kind: str, *, into: str) -> bytes:
    """The picture drawn anew: upright, not too large, and without what it says on the side. Raises BrokenPicture."""
    drawn = BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            _draw(BytesIO(raw), drawn, kind, into)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BrokenPicture from error
    except Image.DecompressionBombWarning as error:
        raise BrokenPicture from error
    return drawn.getvalue()


def _redrawn(raw: bytes, kind: str, *, into: str) -> bytes:
    try:
        return redraw(raw, kind, into=into)
    except BrokenPicture as error:
        message = _("This picture cannot be read. Please take it again.")
        raise _refused("document.broken", message) from error


def _draw(source: IO[bytes], target: IO[bytes], kind: str, into: str) -> None:
    with Image.open(source, formats=[FORMATS[kind]]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright.info.clear()
        if into == "png":
            upright.save(target, format="PNG", optimize=True)
        else:
            upright.save(target, format=FORMATS[into], quality=85)


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, status=400, field="document")
