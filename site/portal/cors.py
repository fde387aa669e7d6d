"""Calls from the pages of another origin: to the REST face only, from the origins in `CORS_ORIGINS`, with a token."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from portal.api import ROOT

METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
TAKES = "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Modified-Since, Range"
SHOWS = "ETag, Last-Modified, Retry-After, Idempotent-Replay, Content-Range, Content-Disposition"
KEPT_SECONDS = "600"


class CrossOriginMiddleware:
    """Never with credentials: a foreign page has its own token and cannot use the session of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.CORS_ORIGINS or not request.path.startswith(ROOT):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        is_known = origin in settings.CORS_ORIGINS
        asks_first = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        answer = _preflight() if is_known and asks_first else self.get_response(request)
        patch_vary_headers(answer, ["Origin"])
        if is_known:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = SHOWS
        return answer


def _preflight() -> HttpResponse:
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": TAKES,
        "Access-Control-Max-Age": KEPT_SECONDS,
    }
    return HttpResponse(status=204, headers=headers)
