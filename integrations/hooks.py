"""Where providers call us: delivery reports and messages to us. Verify, keep, answer; anything forged leaves no trace.

Providers of text messages sign nothing: the secret in their address is all that proves a call. Meta signs every body.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import reports, whatsapp
from integrations.reading import text
from integrations.sms import kavenegar, smsir
from integrations.whatsapp import cloud, webhook
from kernel import throttle
from kernel.actor import client_ip
from kernel.refused import Throttled

BODY_LIMIT = 262_144  # bytes; a webhook of Meta may hold many reports
READERS = {"kavenegar": kavenegar.read_callback, "smsir": smsir.read_callback}
CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")

View = Callable[..., HttpResponse]


def hook(view: View) -> View:
    """A door for machines: no session, no CSRF token, a limit on the body's size and on the pace of each address."""

    def door(request: HttpRequest, **arguments: str) -> HttpResponse:
        try:
            _pace("hook", request, settings.HOOK_LIMITS["address"])
        except Throttled as error:
            return _say(HTTPStatus.TOO_MANY_REQUESTS, retry_after=error.retry_after)
        length = request.headers.get("Content-Length", "") or "0"
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            return _say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return view(request, **arguments)

    safe = require_http_methods(["GET", "POST"])(door)
    return csrf_exempt(login_not_required(never_cache(safe)))


@hook
def sms_report(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """A delivery report of a text message, as form fields or JSON, by GET or POST."""
    expected = settings.SMS_HOOK_SECRETS.get(provider, "")
    if not expected or not hmac.compare_digest(secret.encode(), expected.encode()):
        return _forged(request, HTTPStatus.NOT_FOUND)
    found = READERS[provider](_fields(request), now=timezone.now())
    if not found:
        return _say(HTTPStatus.BAD_REQUEST)
    reports.store(provider, found)
    return _say(HTTPStatus.OK)


@hook
def whatsapp_event(request: HttpRequest) -> HttpResponse:
    """Meta's webhook: by GET it is set up, by POST it brings reports and messages."""
    if not settings.WHATSAPP_PROVIDER:
        return _say(HTTPStatus.NOT_FOUND)
    if request.method == "GET":
        return _handshake(request)
    if not cloud.is_signed(request.body, request.headers.get(cloud.SIGNATURE_HEADER, "")):
        return _forged(request, HTTPStatus.FORBIDDEN)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return _say(HTTPStatus.BAD_REQUEST)
    now = timezone.now()
    reports.store(cloud.NAME, webhook.read_reports(body, now=now))
    whatsapp.note_inbound(webhook.read_inbound(body, now=now))
    return _say(HTTPStatus.OK)


def _handshake(request: HttpRequest) -> HttpResponse:
    token, challenge = request.GET.get("hub.verify_token", ""), request.GET.get("hub.challenge", "")
    expected: str = settings.WHATSAPP_VERIFY_TOKEN
    is_known = bool(expected) and hmac.compare_digest(token.encode(), expected.encode())
    if not is_known or request.GET.get("hub.mode") != "subscribe" or not CHALLENGE.fullmatch(challenge):
        return _forged(request, HTTPStatus.FORBIDDEN)
    return HttpResponse(challenge, content_type="text/plain; charset=utf-8")


def _fields(request: HttpRequest) -> dict[str, str]:
    """What came in the address, in a form or in a JSON object."""
    fields: dict[str, Any] = {**request.GET.dict(), **request.POST.dict()}
    if request.content_type == "application/json":
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            body = None
        fields |= body if isinstance(body, dict) else {}
    return {name: text(value) for name, value in fields.items()}


def _forged(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Who guesses is soon told to stop."""
    try:
        _pace("hook.forged", request, settings.HOOK_LIMITS["forged"])
    except Throttled as error:
        return _say(HTTPStatus.TOO_MANY_REQUESTS, retry_after=error.retry_after)
    return _say(status)


def _pace(scope: str, request: HttpRequest, limit: int) -> None:
    throttle.pace(scope, client_ip(request) or "", limit=limit, window=settings.HOOK_LIMITS["window"])


def _say(status: HTTPStatus, *, retry_after: int | None = None) -> HttpResponse:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return HttpResponse(status.phrase, status=status, headers=headers, content_type="text/plain; charset=utf-8")
