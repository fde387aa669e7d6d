"""Search, for buyers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cms.models import ContentPage
from cms.searching import Found, search
from cms.searching.log import note_opened, note_search
from customer.views.access import BuyerRequest, buyer_only
from kernel.throttle import pace

SHOWN_OF_ALL, SHOWN_OF_ONE = 5, 30
SHORTEST_BEGINNING = 2


@require_safe
@buyer_only
def search_page(request: BuyerRequest) -> HttpResponse:
    """`?q=` what to look for, `?kind=` one group only."""
    text, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    found = Found(text="", groups=[])
    if text:
        limits = settings.SEARCH_LIMITS
        pace("search", str(request.user.pk), limit=limits["search"], window=limits["window"])
        found = search(request.user, text, limit=SHOWN_OF_ONE if kind else SHOWN_OF_ALL, typing=True)
        note_search(request.user.pk, found.text, found=found.count, now=timezone.now())
    shown = [group for group in found.groups if not kind or group.name == kind]
    context = {
        "nav_current": "search",
        "found": found,
        "groups": shown or found.groups,
        "kind": kind if shown else "",
    }
    return render(request, "cms/search.html", context)


@require_safe
@buyer_only
def search_suggest(request: BuyerRequest) -> HttpResponse:
    """The first hits while somebody types, as the options of a list; nothing of it is noted."""
    limits = settings.SEARCH_LIMITS
    pace("search.suggest", str(request.user.pk), limit=limits["suggest"], window=limits["window"])
    text = request.GET.get("q", "").strip()
    found = Found(text=text, groups=[])
    if len(text) >= SHORTEST_BEGINNING:
        found = search(request.user, text, limit=3, typing=True)
    return render(request, "cms/partials/search_options.html", {"found": found})


@require_safe
@buyer_only
def search_open(request: BuyerRequest, pk: int) -> HttpResponse:
    """The way from a hit to its page, which counts that the search was of use."""
    page = get_object_or_404(ContentPage.objects.visible_to(request.user), pk=pk)
    note_opened(request.user.pk, request.GET.get("q", ""))
    return redirect(page.url or "/")
