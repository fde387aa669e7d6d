"""Handing a stored file out to somebody who may have it (the caller has made sure)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from kernel.sending import send_file
from support.models import Attachment


def serve(request: HttpRequest, attachment: Attachment, *, inline: bool = False) -> HttpResponseBase:
    """The file, as a download; `inline` shows pictures, recordings and PDF in place. Nobody keeps a copy on the way.

    Nothing in it can run: the type is ours, no browser guesses another one, and its policy lets it load nothing.
    """
    shown = inline and attachment.can_be_shown
    answer = send_file(
        request, attachment.file, name=attachment.name, content_type=attachment.content_type, inline=shown
    )
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
