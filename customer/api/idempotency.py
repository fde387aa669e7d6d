"""`Idempotency-Key`: a request that is sent again gets the first answer instead of a second effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import Door
from customer.services.idempotency import Answer, Claim, begin_request, keep_answer, release_claim
from kernel.refused import Refused

HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replay"
LONGEST_KEY = 255
# Nothing has happened yet: the client mends the request, or waits, and sends it again under the same key.
NOT_KEPT = {status.HTTP_400_BAD_REQUEST, status.HTTP_429_TOO_MANY_REQUESTS}
IDEMPOTENCY_PARAMETERS = [
    OpenApiParameter(
        HEADER,
        location=OpenApiParameter.HEADER,
        type={"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        description=(
            "A text of your own making, e.g. a UUID. The same key with the same body returns the first answer for "
            "seven days; with another body it is refused. Answers 400, 429 and 5xx are not kept: send the request "
            "again under the same key."
        ),
    ),
    OpenApiParameter(
        REPLAY_HEADER,
        location=OpenApiParameter.HEADER,
        type={"type": "string", "enum": ["true"]},
        response=[status.HTTP_201_CREATED],
        description="Present when this is the first answer given again.",
    ),
]

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Makes a view's `post` heed the header; without one it runs as it is."""

    @wraps(handler)
    def answer(view: Door, request: Request, *args: Any, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return handler(view, request, *args, **kwargs)
        found = begin_request(
            user_id=view.person.pk, key=_key(request), request_hash=_hash(request), now=timezone.now()
        )
        if isinstance(found, Answer):
            return _replay(found)
        return _first(found, view, lambda: handler(view, request, *args, **kwargs))

    return answer


def _first(claim: Claim, view: Door, run: Callable[[], Response]) -> Response:
    """Runs the view and keeps its answer; an attempt that leaves nothing behind frees the key."""
    try:
        response = _answered(view, run)
    except BaseException:
        release_claim(claim)
        raise
    if response.status_code in NOT_KEPT or response.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        release_claim(claim)
    else:
        keep_answer(claim, status_code=response.status_code, body=JSONRenderer().render(response.data).decode())
    return response


def _answered(view: Door, run: Callable[[], Response]) -> Response:
    """The view's answer; a refusal is an answer too, anything else that is raised is not."""
    try:
        return run()
    except (Refused, APIException, Http404, ObjectDoesNotExist) as error:
        return view.handle_exception(error)


def _replay(first: Answer) -> Response:
    refused = first.status_code >= status.HTTP_400_BAD_REQUEST
    return Response(
        json.loads(first.body),
        status=first.status_code,
        headers={REPLAY_HEADER: "true"},
        content_type="application/problem+json" if refused else None,
    )


def _key(request: Request) -> str:
    key: str = request.headers[HEADER]
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        message = _("The key must be 1 to 255 visible ASCII characters.")
        raise Refused("idempotency.key_invalid", message, status=400, field=HEADER)
    return key


def _hash(request: Request) -> str:
    """The request's address and content, whatever the order of its fields."""
    content = json.dumps([request.method, request.path, request.data], sort_keys=True, default=_fingerprint)
    return hashlib.sha256(content.encode()).hexdigest()


def _fingerprint(file: UploadedFile) -> str:
    """What an uploaded file is in the content of a request."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return f"{file.name}:{digest.hexdigest()}"
