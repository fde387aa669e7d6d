"""Pages of a buyer about notices: the short link, and what he wants to be told."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import Campaign, CampaignDelivery, Channel, NoticePage
from cms.services.preference import CHANNELS, KINDS, mute_only, muted_by
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor


@buyer_only
def notice_link(request: BuyerRequest, pk: int) -> HttpResponse:
    """The short address of a text message: to the page of the notice, for whom it was sent to."""
    rows = CampaignDelivery.objects.filter(campaign_id=pk, buyer=request.buyer).select_related("campaign__page")
    row = rows.first()
    page = get_object_or_404(NoticePage.objects.live(), pk=row.campaign.page_id if row else 0)
    return redirect(page.url)


@buyer_only
def notice_preferences(request: BuyerRequest) -> HttpResponse:
    """Channels on or off, by kind of notice; ticked means on."""
    if request.method == "POST":
        ticked = set(request.POST.getlist("on"))
        pairs = {(kind.value, channel.value) for kind in KINDS for channel in CHANNELS}
        off = {(kind, channel) for kind, channel in pairs if f"{kind}:{channel}" not in ticked}
        mute_only(buyer=request.buyer, pairs=off, actor=Actor.of(request), now=timezone.now())
        messages.success(request, _("Your choice was saved."))
        return redirect("notice_preferences")
    muted = muted_by(request.buyer)
    rows = [
        (kind, [(channel, f"{kind}:{channel}", (kind.value, channel.value) not in muted) for channel in CHANNELS])
        for kind in KINDS
    ]
    legal = [kind for kind in NoticePage.Kind if kind in Campaign.LEGAL_KINDS]
    context = {"nav_current": "profile", "rows": rows, "legal": legal, "inbox": Channel.INBOX.label}
    return render(request, "cms/notice_preferences.html", context)
