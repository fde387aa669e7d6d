"""Small files of every kind, and files that lie."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 200
WEBM = b"\x1a\x45\xdf\xa3" + b"\x00" * 100
OGG = b"OggS" + b"\x00" * 100
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
GPS = "35.6892"


def picture(kind: str = "JPEG", size=(40, 30)) -> bytes:
    """A picture that says on the side where it was taken."""
    image, data = Image.new("RGB", size, "#0b6e6e"), BytesIO()
    exif = Image.Exif()
    exif[0x010E] = f"GPS {GPS}"
    options = {} if kind == "PNG" else {"exif": exif}
    image.save(data, kind, **options)
    return data.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    head = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00" * 100)) + chunk(b"IEND", b"")
    )


def upload(name: str, content: bytes, content_type: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=content_type)


# name, content → taken as this type
GOOD = [
    ("عکس دستگاه.JPG", picture(), "image/jpeg"),
    ("a.png", picture("PNG"), "image/png"),
    ("a.webp", picture("WEBP"), "image/webp"),
    ("فاکتور.pdf", PDF, "application/pdf"),
    ("a.mp4", MP4, "video/mp4"),
    ("a.m4a", MP4, "audio/mp4"),
    ("a.webm", WEBM, "video/webm"),
    ("voice.weba", WEBM, "audio/webm"),
    ("a.ogg", OGG, "audio/ogg"),
    ("log.txt", "خطای ۱۲\nگرم شد".encode(), "text/plain"),
    ("device.log", b"E12 overheat\n" * 1000, "text/plain"),
]
# name, content → refused with this code
BAD = [
    ("page.html", HTML, "attachment.unknown_type"),
    ("drawing.svg", SVG, "attachment.unknown_type"),
    ("a.zip", b"PK\x03\x04" + b"\x00" * 50, "attachment.unknown_type"),
    ("run.exe", b"MZ" + b"\x00" * 50, "attachment.unknown_type"),
    ("noending", PDF, "attachment.unknown_type"),
    (".jpg", b"", "attachment.unknown_type"),
    ("page.jpg", HTML, "attachment.lying_type"),
    ("page.pdf", HTML, "attachment.lying_type"),
    ("drawing.png", SVG, "attachment.lying_type"),
    ("picture.pdf", picture(), "attachment.lying_type"),
    ("a.txt", b"MZ\x00\x01" + b"\xff" * 50, "attachment.lying_type"),
    ("a.mp4", WEBM, "attachment.lying_type"),
    ("empty.pdf", b"", "attachment.empty"),
    ("bomb.png", bomb(), "attachment.broken"),
    ("cut.jpg", picture()[:200], "attachment.broken"),
    ("gifjs.jpg", b"\xff\xd8\xff/*" + b"alert(1)" * 20, "attachment.broken"),
]
