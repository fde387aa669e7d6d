"""Where readers send back what they think of a page, and how far they have come in a video."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.forms import PositionForm, VoteForm
from cms.models import ContentPage, TutorialPage
from cms.services import feedback
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor
from kernel.throttle import pace

VOTES: dict[str, Any] = {"limit": 30, "window": timedelta(minutes=10)}
POSITIONS: dict[str, Any] = {"limit": 60, "window": timedelta(minutes=5)}  # a player tells its place every ten seconds


@require_POST
@buyer_only
def vote(request: BuyerRequest, pk: int) -> HttpResponse:
    """Whether a page helped; back to the page."""
    try:
        page = feedback.voted_page(request.user, pk)
    except ContentPage.DoesNotExist as error:
        raise Http404 from error
    back = redirect(f"{page.url}#vote")
    form = VoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose whether this page helped you."))
        return back
    pace("vote", str(request.buyer.pk), **VOTES)
    feedback.vote(
        buyer=request.buyer,
        page=page,
        helpful=form.cleaned_data["helpful"] == "yes",
        reason=form.cleaned_data["reason"],
        actor=Actor.of(request),
        now=timezone.now(),
    )
    messages.success(request, _("Thank you. Your opinion has been noted."))
    return back


@require_POST
@buyer_only
def position(request: BuyerRequest, pk: int) -> HttpResponse:
    """The place in a video, told by the player now and then."""
    page = get_object_or_404(TutorialPage.objects.visible_to(request.user).defer("body").select_related("media"), pk=pk)
    form = PositionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    pace("position", str(request.buyer.pk), **POSITIONS)
    feedback.note_position(
        buyer=request.buyer,
        page=page,
        seconds=form.cleaned_data["seconds"],
        duration=form.cleaned_data["duration"],
        now=timezone.now(),
    )
    return HttpResponse(status=204)
