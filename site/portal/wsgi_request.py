"""Requests in a charset that is no text: answered with 400 where Django would fall over before any of its own handling.

`Content-Type: …; charset=zlib` names a codec that Python knows and that decodes no text; Django reads the query string
with it while the request is still being made, outside of everything that turns errors into answers.
"""

from __future__ import annotations

import codecs
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

from kernel.frames import with_room

# UTF-8 is what pages and programs send; the others are of old browsers.
SPOKEN = {"utf-8", "ascii", "iso8859-1", "cp1252", "cp1256"}


def is_understood(content_type: str) -> bool:
    """Whether a Content-Type can be read, and names a charset that is spoken here or none."""
    try:
        _kind, parameters = parse_header_parameters(content_type)
        return "charset" not in parameters or codecs.lookup(parameters["charset"]).name in SPOKEN
    except (LookupError, ValueError):
        return False


class PortalRequest(WSGIRequest):
    """A request whose Content-Type is left aside when it is not understood; the application then answers 400."""

    is_malformed = False

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.is_malformed = not is_understood(meta.get("CONTENT_TYPE", ""))
        super()._set_content_type_params({} if self.is_malformed else meta)  # type: ignore[misc]


class PortalApplication(WSGIHandler):
    """Django's own, but for such requests; with room for deep templates."""

    request_class = PortalRequest

    @with_room
    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return super().__call__(environ, start_response)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "is_malformed", False):
            return HttpResponse("Bad Request: charset\n", status=400, content_type="text/plain; charset=utf-8")
        return super().get_response(request)
