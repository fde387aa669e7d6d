"""From one notice to a row per buyer and channel: set-based, re-runnable, the same however many buyers there are."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value, When

from cms.audience import Audience
from cms.models import Campaign, CampaignDelivery, Channel, MutedNotice
from customer.models import Buyer, InboxItem
from customer.services.inbox import Message, tell_all
from kernel.insert_select import insert_select
from kernel.jalali import tehran_today

State, Code = CampaignDelivery.Status, CampaignDelivery.Code
IRANIAN_MOBILE = "+989"


def fan_out(*, campaign_id: int, now: datetime) -> int:
    """Fixes the recipients of a running notice, all in one transaction; returns how many rows that added.

    A crash leaves nothing behind, a repetition adds nothing.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).select_related("page").get(pk=campaign_id)
        if campaign.status != Campaign.Status.RUNNING or campaign.fanned_out_at or not campaign.page.live:
            return 0
        added = enqueue(campaign, now=now)
        campaign.fanned_out_at = now
        campaign.save(update_fields=["fanned_out_at"])
    return added


def enqueue(campaign: Campaign, *, now: datetime) -> int:
    """Step: one INSERT … SELECT per channel, and one for the inboxes."""
    members = Audience.of(campaign.audience).members(tehran_today(now))
    added = 0
    for channel in campaign.channels:
        if channel == Channel.INBOX:
            added += _into_inboxes(campaign, members, now)
        else:
            added += _enqueue(campaign, channel, members, now)
    return added + fall_back(campaign, now=now)


def _into_inboxes(campaign: Campaign, members: QuerySet[Buyer], now: datetime) -> int:
    message = Message(
        kind=InboxItem.Kind(campaign.kind),
        title=campaign.inbox_title,
        body=campaign.inbox_body,
        url=campaign.page.url or "",
        dedupe_key=campaign.dedupe_key,
        must_acknowledge=campaign.must_acknowledge,
    )
    tell_all(members, message, now=now)
    moment = Value(now, output_field=DateTimeField())
    return insert_select(
        CampaignDelivery,
        members,
        **_same(campaign, Channel.INBOX),
        status=Value(State.DELIVERED),
        code=Value(""),
        accepted_at=moment,
        delivered_at=moment,
    )


def _enqueue(campaign: Campaign, channel: str, members: QuerySet[Buyer], now: datetime) -> int:
    """Who has no mobile, or has switched this kind off here, gets a row that says so."""
    has_phone = Q(phone__startswith=IRANIAN_MOBILE)
    muted = MutedNotice.objects.filter(buyer=OuterRef("pk"), kind=campaign.kind, channel=channel)
    hears = Q() if campaign.is_legal else ~Exists(muted)
    text = CharField()
    queued = Case(When(has_phone & hears, then=Value(State.QUEUED)), default=Value(State.SKIPPED), output_field=text)
    code = Case(
        When(~has_phone, then=Value(Code.NO_PHONE)),
        When(hears, then=Value("")) if hears else When(has_phone, then=Value("")),
        default=Value(Code.MUTED),
        output_field=text,
    )
    return insert_select(
        CampaignDelivery,
        members,
        **_same(campaign, channel),
        status=queued,
        code=code,
        next_attempt_at=Value(now, output_field=DateTimeField()),
    )


def fall_back(campaign: Campaign, *, now: datetime) -> int:
    """Step: whoever could not be told by one channel gets a row in the next; returns how many rows that added."""
    added = 0
    for channel, following in pairwise(campaign.fallback):
        lost = Q(status=State.FAILED) | Q(status=State.SKIPPED, code=Code.NO_PHONE)
        failed = CampaignDelivery.objects.filter(lost, campaign=campaign, channel=channel)
        reaches = CampaignDelivery.objects.filter(campaign=campaign, channel=following, buyer=OuterRef("buyer"))
        failed = failed.filter(~Exists(reaches))
        due = DateTimeField()
        status: Case | Value
        if following == Channel.TASK:
            status, at = Value(State.TASK, output_field=CharField()), Value(now, output_field=due)
        else:
            status = Case(
                When(buyer__phone__startswith=IRANIAN_MOBILE, then=Value(State.QUEUED)),
                default=Value(State.SKIPPED),
                output_field=CharField(),
            )
            at = Value(now + settings.NOTICE_FALLBACK_WAIT, output_field=due)
        added += insert_select(
            CampaignDelivery,
            failed,
            **_same(campaign, following) | {"buyer": F("buyer_id")},
            status=status,
            code=Case(
                When(buyer__phone__startswith=IRANIAN_MOBILE, then=Value("")),
                default=Value("" if following == Channel.TASK else Code.NO_PHONE),
                output_field=CharField(),
            ),
            next_attempt_at=at,
        )
    return added


def _same(campaign: Campaign, channel: str) -> dict[str, Any]:
    """What all rows of one channel have in common. `insert_select` knows no defaults."""
    return {
        "campaign": Value(campaign.pk),
        "buyer": F("pk"),
        "channel": Value(channel),
        "provider": Value(""),
        "external_id": Value(""),
        "round": Value(0),
        "attempts": Value(0),
        "uncertain": Value(False),
        "reason": Value(""),
    }
