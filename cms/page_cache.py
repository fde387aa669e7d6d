"""What visitors may read without signing in is rendered once: then one look into the cache, and no query.

Everything kept carries the generation of the content that it was made from. Any change of content makes a new
generation, and with it everything kept is old. Where the cache did not answer while content changed, a message in the
outbox says so again until it does.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from integrations.models import OutboxMessage
from integrations.outbox import Outgoing, emit

GENERATION = "cms.generation"
CHANGED = "cache.content"
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def generation() -> str:
    """The name of the content as it is now; without a cache a new one each time, so that nothing is found."""
    found = cache.get(GENERATION)
    if found is None:
        found = _new_name()
        cache.set(GENERATION, found, None)
    return str(found)


def _new_name() -> str:
    return uuid.uuid4().hex


def content_changed(**_kwargs: Any) -> None:
    """Whatever was kept is old: at once for who looks in the same transaction, and for good when it is committed."""
    begin_anew()
    transaction.on_commit(_begin_anew_or_later)


def begin_anew() -> bool:
    """A new generation. False where the cache has not taken it: then it may still serve what is old."""
    name = _new_name()
    cache.set(GENERATION, name, None)
    return bool(cache.get(GENERATION) == name)


def _begin_anew_or_later() -> None:
    """One waiting message stands for all changes before it is sent."""
    if begin_anew() or OutboxMessage.objects.filter(topic=CHANGED, status=OutboxMessage.Status.QUEUED).exists():
        return
    emit(Outgoing(topic=CHANGED, dedupe_key=f"{CHANGED}:{_new_name()}", payload={}))


def kept(name: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, kept as `name` until the content changes. Same for everybody: names carry who it is for."""
    key, now = f"cms.{name}", generation()
    found = cache.get(key)
    if found is not None and found[0] == now:
        return found[1]
    made = make()
    cache.set(key, (now, made), settings.CONTENT_CACHE_SECONDS)
    return made


def watch(*models: Any) -> None:
    """A row of these models that is saved or deleted changes the content."""
    for model in models:
        post_save.connect(content_changed, sender=model, dispatch_uid=f"content_changed_{model._meta.label}")
        post_delete.connect(content_changed, sender=model, dispatch_uid=f"content_gone_{model._meta.label}")


def keep_for_visitors(response: HttpResponseBase) -> None:
    """A view says that this answer is the same for everybody who has not signed in."""
    response.is_for_visitors = True  # type: ignore[attr-defined]


class OpenPagesMiddleware:
    """Stands before all that costs, also before the policy of content: its header is kept with the page.

    A visitor is somebody without a cookie of ours.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not self._is_visitor(request):
            return self.get_response(request)
        key = self._key(request)
        found = cache.get_many([key, GENERATION])
        now, page = found.get(GENERATION), found.get(key)
        if page is not None and page[0] == now:
            return _answer(request, page[1], page[2])
        now = now or generation()
        response = self.get_response(request)
        if not self._is_to_keep(response):
            return response
        headers = _finish(response)
        cache.set(key, (now, response.content, headers), settings.CONTENT_CACHE_SECONDS)  # type: ignore[attr-defined]
        return _answer(request, response.content, headers)  # type: ignore[attr-defined]

    def _is_visitor(self, request: HttpRequest) -> bool:
        if request.method not in {"GET", "HEAD"} or request.META.get("QUERY_STRING"):
            return False
        ours = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages")
        return not any(name in request.COOKIES for name in ours)

    def _key(self, request: HttpRequest) -> str:
        place = f"{request.scheme}://{request.get_host()}{request.path}"
        return f"cms.open.{hashlib.sha256(place.encode()).hexdigest()}"

    def _is_to_keep(self, response: HttpResponseBase) -> bool:
        is_meant = getattr(response, "is_for_visitors", False)
        return bool(is_meant and response.status_code == 200 and not response.streaming and not response.cookies)


def _finish(response: HttpResponseBase) -> dict[str, str]:
    """The headers of what is kept: it is asked for anew each time, and answered with 304 while it is the same."""
    digest = hashlib.sha256(response.content).hexdigest()[:32]  # type: ignore[attr-defined]
    response.headers["ETag"] = f'"{digest}"'
    response.headers["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Cookie"])
    return dict(response.headers)


def _answer(request: HttpRequest, content: bytes, headers: dict[str, str]) -> HttpResponse:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or headers["ETag"] in {tag.removeprefix("W/") for tag in known}:
        return HttpResponseNotModified(headers={name: headers[name] for name in ("ETag", "Cache-Control", "Vary")})
    return HttpResponse(content, headers=headers)
