"""Answers that a client may keep, but must ask about each time: 304 when nothing has changed for this very reader."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView


class ConditionalView(BuyerView):
    """The tag is made of the answer itself, which was made for this buyer now: it cannot outlive a transferred device,
    a closed page or another picture. Time alone proves nothing of that, so `If-Modified-Since` is not heeded."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response) and answer.status_code == status.HTTP_200_OK:
            answer.headers["Cache-Control"] = "private, no-cache"
            patch_vary_headers(answer, ["Authorization", "Cookie"])
            answer.add_post_render_callback(lambda rendered: _tagged(request, rendered))
        return answer


def _tagged(request: Request, answer: HttpResponse) -> HttpResponse:
    etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    answer.headers["ETag"] = etag
    short = get_conditional_response(request._request, etag=etag, response=answer)
    return answer if short is None else short
