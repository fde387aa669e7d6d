"""How Wagtail's pages are served: to everybody what is open, all else to people who have signed in and are meant."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from wagtail import hooks
from wagtail import views as wagtail_views
from wagtail.models import Page, PageViewRestriction

from cms import routing
from cms.models import ContentPage
from cms.page_cache import RESTRICTED, keep_for_visitors
from cms.reading import rows_for


@login_not_required
def serve(request: HttpRequest, path: str) -> HttpResponse:
    """Serves a page. A visitor is sent to sign in, unless the page is open; who is not in its audience gets 404."""
    found = routing.find_page(request, path)
    if found is None:
        raise Http404
    page = readable(found, request)
    if page is None:
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.get_full_path())
    routing.found(request, page)
    response = wagtail_views.serve(request, path) if is_anything_restricted() else answer(page, request)
    if not request.user.is_authenticated:
        keep_for_visitors(response)
    return response


def readable(found: Page, request: HttpRequest) -> Page | None:
    """The page as its own class, None if this person may not read it."""
    kind = found.specific_class
    if kind is None:
        return None
    if issubclass(kind, ContentPage):
        return rows_for(kind, request.user).filter(pk=found.pk).first()
    if not request.user.is_authenticated and not getattr(kind, "is_public", False):
        return None
    return kind.objects.live().filter(pk=found.pk).first()


def answer(page: Page, request: HttpRequest) -> HttpResponse:
    """What Wagtail does, without asking for restrictions where there are none at all."""
    for hook in hooks.get_hooks("before_serve_page"):
        response = hook(page, request, [], {})
        if isinstance(response, HttpResponse):
            return response
    served: HttpResponse = page.serve(request)
    return served


def is_anything_restricted() -> bool:
    """Whether an editor has put a page under Wagtail's own lock; pages have their audience instead."""
    return bool(cache.get_or_set(RESTRICTED, PageViewRestriction.objects.exists, settings.CONTENT_CACHE_SECONDS))
