"""What the worker does for notices, a little at a time: every step can be repeated, and any may be the last."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cms.models import Campaign, CampaignDelivery, Channel
from cms.services import campaign as verbs
from cms.services import dossier
from cms.services.drain import send_one_batch
from cms.services.fan_out import fall_back, fan_out
from customer.services import trace
from kernel.actor import SYSTEM

logger = logging.getLogger(__name__)

Status, State = Campaign.Status, CampaignDelivery.Status
Clock = Callable[[], datetime]
OUTGOING = (Channel.SMS, Channel.WHATSAPP)
# After this, what a cancelled sending left in doubt can be found out no more.
DOUBT_LASTS = timedelta(days=2)


def work(*, now: Clock = timezone.now, seconds: float = 20.0) -> int:
    """Sends what is due of all notices, batch by batch in turn, for about so long; returns how many messages."""
    deadline = time.monotonic() + seconds
    prepare(now=now)
    sent, busy = 0, _at_work(now())
    while busy and time.monotonic() < deadline:
        counts = {campaign_id: _one_round(campaign_id, now) for campaign_id in busy}
        busy = [campaign_id for campaign_id, count in counts.items() if count]
        sent += sum(counts.values())
    for campaign_id in _running():
        finish(campaign_id=campaign_id, now=now())
    for campaign in dossier.wanting():
        dossier.make(campaign_id=campaign.pk, actor=SYSTEM, now=now())
    return sent


def prepare(*, now: Clock) -> None:
    """Stops what was taken off the site, begins what is due, and fixes recipients."""
    gone = Campaign.objects.filter(page__live=False).exclude(status__in=[Status.DONE, Status.CANCELLED, Status.DRAFT])
    for page_id in sorted(set(gone.order_by().values_list("page_id", flat=True))):
        verbs.cancel_unpublished(page_id=page_id, actor=SYSTEM, now=now())
    due = Campaign.objects.filter(status=Status.SCHEDULED, scheduled_for__lte=now())
    for campaign_id in due.order_by("pk").values_list("pk", flat=True):
        verbs.begin_scheduled(campaign_id=campaign_id, now=now())
    new = Campaign.objects.filter(status=Status.RUNNING, fanned_out_at__isnull=True)
    for campaign_id in new.order_by("pk").values_list("pk", flat=True):
        fan_out(campaign_id=campaign_id, now=now())


def finish(*, campaign_id: int, now: datetime) -> bool:
    """Takes the next channel for what has failed; notes the end when nothing waits any more. Whether it is the end."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if campaign.status != Status.RUNNING or campaign.fanned_out_at is None:
            return False
        fall_back(campaign, now=now)
        if campaign.deliveries.filter(status__in=CampaignDelivery.OPEN).exists():
            return False
        campaign.move(Status.DONE)
        campaign.finished_at = now
        campaign.save(update_fields=["status", "finished_at"])
        trace.record("campaign.finished", f"campaign:{campaign.pk}", actor=SYSTEM, now=now)
    return True


def _one_round(campaign_id: int, now: Clock) -> int:
    """One batch by each channel."""
    return sum(send_one_batch(campaign_id=campaign_id, channel=channel, now=now) for channel in OUTGOING)


def _at_work(now: datetime) -> list[int]:
    """Sendings that run, and cancelled ones of which something is in doubt."""
    doubtful = CampaignDelivery.objects.filter(
        Q(status=State.SENDING) | Q(status=State.QUEUED), campaign=OuterRef("pk"), channel__in=OUTGOING
    )
    recent = Q(status=Status.CANCELLED, finished_at__gte=now - DOUBT_LASTS) & Exists(doubtful)
    ids = Campaign.objects.filter(Q(status=Status.RUNNING, fanned_out_at__isnull=False) | recent)
    return list(ids.order_by("pk").values_list("pk", flat=True))


def _running() -> list[int]:
    running = Campaign.objects.filter(status=Status.RUNNING, fanned_out_at__isnull=False)
    return list(running.order_by("pk").values_list("pk", flat=True))
