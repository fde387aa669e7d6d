"""What editors upload is what its name says (the first bytes must fit the ending); a picture comes with its words."""

from __future__ import annotations

import codecs
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.forms import BaseImageForm
from wagtailmedia.forms import BaseMediaForm

HEAD = 512
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PROGRAM, OLE = (b"MZ",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
# Ending → how such a file begins.
BEGINS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "docx": ZIP,
    "xlsx": ZIP,
    "pptx": ZIP,
    "zip": ZIP,
    "7z": (b"7z\xbc\xaf\x27\x1c",),
    "exe": PROGRAM,
    "msi": OLE,
    "vtt": (b"WEBVTT", b"\xef\xbb\xbfWEBVTT"),
    "hex": (b":",),
    "webm": (b"\x1a\x45\xdf\xa3",),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
    "ogg": (b"OggS",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
}
MPEG4 = {"mp4", "m4v"}  # four bytes of length, then "ftyp"
TEXT = {"txt", "csv", "vtt", "hex"}
# What a file of raw bytes must not begin with: something that a browser or a system would run or draw.
RAW = {"bin"}
KNOWN = (*ZIP, *PROGRAM, *OLE, b"%PDF-", b"\x7fELF", b"<", b"#!")


def is_what_it_says(name: str, head: bytes) -> bool:
    """Whether a file that begins like this may have this name's ending; an ending that nobody knows is not one."""
    ending = name.rpartition(".")[2].lower()
    if ending in TEXT and not _is_text(head):
        return False
    if ending in MPEG4:
        return head[4:8] == b"ftyp"
    if ending in RAW:
        return not head.startswith(KNOWN)
    if ending in BEGINS:
        return head.startswith(BEGINS[ending]) and (ending != "webp" or head[8:12] == b"WEBP")
    return ending in TEXT


def _is_text(head: bytes) -> bool:
    """UTF-8 or UTF-16 with its mark; no page of the web in disguise."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"\0" in head or start.startswith((b"<!doctype", b"<html", b"<script", b"<svg", b"<?xml")):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut in two
    except UnicodeDecodeError:
        return False
    return True


def require_content(upload: Any) -> None:
    """Raises ValidationError for a new upload that is not what its name says."""
    if not isinstance(upload, UploadedFile):
        return  # the file that was there before
    upload.seek(0)
    head = upload.read(HEAD)
    upload.seek(0)
    if not is_what_it_says(upload.name or "", head):
        raise ValidationError(_("The content of this file is not what its name says."), code="lying_name")


class ImageForm(BaseImageForm):
    """The form behind every upload of pictures in the admin: none without words for those who do not see it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = self.fields["description"]
        words.required = True
        words.label = _("What the picture shows")
        words.help_text = _("For those who do not see it: read aloud, and shown where the picture does not load.")
        words.error_messages["required"] = _("Say what the picture shows; without these words it cannot be used.")


class DocumentForm(BaseDocumentForm):
    """The form behind every upload of documents in the admin."""

    def clean_file(self) -> Any:
        """Raises ValidationError."""
        require_content(self.cleaned_data["file"])
        return self.cleaned_data["file"]


class MediaForm(BaseMediaForm):
    """The form behind every upload of videos and sounds in the admin."""

    def clean_file(self) -> Any:
        """Raises ValidationError."""
        require_content(self.cleaned_data["file"])
        return self.cleaned_data["file"]

    def clean_thumbnail(self) -> Any:
        """Raises ValidationError."""
        poster = self.cleaned_data["thumbnail"]
        if poster:
            require_content(poster)
        return poster
