"""Sending a private file to somebody who may have it: by the web server in front, or in pieces of our own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date

PIECE = 256 * 1024
# What a browser may show by itself; everything else is a download, whatever the caller would like.
SHOWN = re.compile(r"application/pdf|(?:image/(?!svg)|video/|audio/)[\w.+-]+")
RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
# A file is a guest: it may load nothing and run nothing. Chromium's PDF viewer does not open in a sandbox.
ALONE = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
POLICY, PDF_POLICY = f"{ALONE}; sandbox", f"{ALONE}; object-src 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file as its storage knows it; `path` is None where the storage has none (S3)."""

    file: File[Any]
    path: Path | None
    size: int
    modified: float | None

    @property
    def etag(self) -> str:
        """Changes with the content: nobody writes into a file here, a new one gets a new name."""
        return f'"{int((self.modified or 0) * 1000):x}-{self.size:x}"'


def send_file(
    request: HttpRequest, file: File[Any], *, name: str, content_type: str, inline: bool = False
) -> HttpResponseBase:
    """The answer to GET or HEAD: whole, a range of bytes (206, 416) or 304. Who may have it, the caller has asked.

    `name` is what the download is called. `inline` lets the browser show a PDF, a picture, a video or a sound.
    With `X_ACCEL_PREFIX` the web server in front sends the bytes. Caching is the caller's to say.
    Raises Http404 for a file that is gone.
    """
    stored = _found(file)
    answer = _by_web_server(stored) or _by_ourselves(request, stored)
    shown = inline and SHOWN.fullmatch(content_type) is not None
    if answer.status_code in {200, 206}:
        answer.headers["Content-Type"] = content_type
        answer.headers["Content-Disposition"] = content_disposition_header(not shown, name) or "inline"
    answer.headers["Content-Security-Policy"] = PDF_POLICY if content_type == "application/pdf" else POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _found(file: File[Any]) -> Stored:
    try:
        path = Path(file.path)  # type: ignore[attr-defined]  # a file of a field, of a storage with a disk
    except (NotImplementedError, AttributeError):
        return Stored(file=file, path=None, size=file.size, modified=None)
    except ValueError as error:  # the field is empty
        raise Http404 from error
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise Http404 from error
    return Stored(file=file, path=path, size=facts.st_size, modified=facts.st_mtime)


def _by_web_server(stored: Stored) -> HttpResponse | None:
    """An answer without a body that names the file below `X_ACCEL_PREFIX`; nginx sees to ranges and validators."""
    prefix: str = settings.X_ACCEL_PREFIX
    if not prefix or stored.path is None:
        return None
    for name, root in (("media", settings.MEDIA_ROOT), ("private", settings.PRIVATE_ROOT)):
        if stored.path.is_relative_to(root):
            inside = quote(str(stored.path.relative_to(root)))
            return HttpResponse(headers={"X-Accel-Redirect": f"{prefix.rstrip('/')}/{name}/{inside}"})
    return None


def _by_ourselves(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    modified = None if stored.modified is None else int(stored.modified)
    validators = {"ETag": stored.etag} if modified is not None else {}
    if modified is not None:
        validators["Last-Modified"] = http_date(modified)
    early = get_conditional_response(request, validators.get("ETag"), modified)
    answer = early if early is not None else _whole_or_part(request, stored, validators)
    for header, value in validators.items():
        answer.headers[header] = value
    answer.headers["Accept-Ranges"] = "bytes"
    return answer


def _whole_or_part(request: HttpRequest, stored: Stored, validators: dict[str, str]) -> HttpResponseBase:
    span = _span(request, stored.size, validators)
    if span is None:
        return _whole(request, stored)
    first, last = span
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    length = last - first + 1
    answer = StreamingHttpResponse(_pieces(stored, first, length), status=206)
    answer.headers["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    answer.headers["Content-Length"] = str(length)
    return answer


def _whole(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(headers={"Content-Length": str(stored.size)})
    answer = FileResponse(_opened(stored), content_type="application/octet-stream")
    answer.block_size = PIECE
    answer.headers["Content-Length"] = str(stored.size)
    return answer


def _span(request: HttpRequest, size: int, validators: dict[str, str]) -> tuple[int, int] | None:
    """First and last byte that are asked for; first > last for a range that is not there; None for the whole file.

    Several ranges, other units and what cannot be read count as no range at all (RFC 9110 §14.2).
    """
    match = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    unchanged = request.headers.get("If-Range") in {None, *validators.values()}
    if request.method != "GET" or match is None or not unchanged:
        return None
    first, last = (int(text[:19]) if text else None for text in match.groups())
    if first is None:
        return None if last is None else (max(size - last, 0) if last else size, size - 1)
    if last is not None and last < first:
        return None
    return first, min(size - 1, size - 1 if last is None else last) if first < size else -1


def _pieces(stored: Stored, first: int, length: int) -> Iterator[bytes]:
    with _opened(stored) as stream:
        stream.seek(first)
        while length > 0 and (piece := stream.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


def _opened(stored: Stored) -> IO[bytes]:
    """The bytes from the start; the storage's own object stays untouched."""
    if stored.path is not None:
        return open(stored.path, "rb", buffering=0)
    stream: IO[bytes] = stored.file.open("rb").file  # type: ignore[assignment]
    stream.seek(0, os.SEEK_SET)
    return stream
