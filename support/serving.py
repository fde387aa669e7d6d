"""Handing a stored file out: inert, in ranges, by nginx where it stands in front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from support.models import Attachment

BLOCK = 64 * 1024
RANGE = re.compile(r"^bytes=(\d{0,15})-(\d{0,15})$")


def serve(request: HttpRequest, attachment: Attachment, *, inline: bool = False) -> HttpResponseBase:
    """The file to somebody who may have it (the caller has made sure). Only pictures and recordings are shown in place.

    Nothing in it can run: the type is ours, no browser guesses another one, and it stands in a sandbox of its own.
    """
    response = _by_nginx(attachment) if settings.X_ACCEL_PREFIX else _by_ourselves(request, attachment)
    shown = inline and attachment.can_be_shown
    response.headers["Content-Type"] = attachment.content_type
    response.headers["Content-Disposition"] = content_disposition_header(not shown, attachment.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _by_nginx(attachment: Attachment) -> HttpResponse:
    response = HttpResponse()
    response.headers["X-Accel-Redirect"] = f"{settings.X_ACCEL_PREFIX}{quote(str(attachment.file.name))}"
    return response


def _by_ourselves(request: HttpRequest, attachment: Attachment) -> HttpResponseBase:
    """The whole file, or the one range that a player asks for; what is no such range gets the whole."""
    wanted = _range(request.headers.get("Range", ""), attachment.size)
    if wanted is None:
        response = FileResponse(attachment.file.open("rb"))
        response.headers["Accept-Ranges"] = "bytes"
        return response
    first, last = wanted
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{attachment.size}"})
    part = StreamingHttpResponse(_blocks(attachment, first, last - first + 1), status=206)
    part.headers["Content-Range"] = f"bytes {first}-{last}/{attachment.size}"
    part.headers["Content-Length"] = str(last - first + 1)
    part.headers["Accept-Ranges"] = "bytes"
    return part


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First and last byte; None for no range at all; a first after the last for one that cannot be met."""
    match = RANGE.match(text)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    end = min(int(last), size - 1) if last else size - 1
    return (int(first), end) if int(first) < size else (size, -1)


def _blocks(attachment: Attachment, first: int, length: int) -> Iterator[bytes]:
    with attachment.file.open("rb") as file:
        file.seek(first)
        while length > 0 and (block := file.read(min(BLOCK, length))):
            length -= len(block)
            yield block
