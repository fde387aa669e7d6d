"""A page that answers a form: with the status that its refusal has."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kernel.refused import Refused, Throttled


def answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200, refused: Refused | None = None
) -> HttpResponse:
    """The page, with the refusal's status and, after too many tries, how long to wait."""
    response = render(request, template, context, status=refused.status if refused else status)
    if isinstance(refused, Throttled):
        response.headers["Retry-After"] = str(refused.retry_after)
    return response
