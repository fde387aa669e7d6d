"""Sending what is queued: claim (short, under the campaign's lock) → call, outside any transaction → settle.

A worker may die at any line. What it had in hand is found again when its lease is over, and is then first looked up at
the providers: accepted exactly once per buyer and channel.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from cms.message_text import sha256_of
from cms.models import Campaign, CampaignDelivery, Channel, DeliveryAttempt
from cms.services import sending
from cms.services.delivery_report import adopt_reports
from cms.services.quiet import is_quiet
from cms.services.sending import Result
from kernel.update_values import update_values

logger = logging.getLogger(__name__)

State, Code, Outcome = CampaignDelivery.Status, CampaignDelivery.Code, DeliveryAttempt.Outcome
BACKOFF_SECONDS = [10, 30, 120, 600, 1800, 3600]
MOST_ATTEMPTS = 30
# Kavenegar finds a message by our number for twelve hours; what is older can neither be found nor sent again safely.
LOOKED_UP_FOR = timedelta(hours=11)
WHATSAPP_DOUBT = timedelta(hours=1)
FIRST_QUESTION = timedelta(seconds=60)
# WhatsApp knows no number of ours to look a message up by: one at a time, so that a crash leaves one in doubt.
WHATSAPP_BATCH = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one channel under one lease. `doubtful`: those which an earlier attempt may have sent."""

    campaign: Campaign
    channel: str
    rows: list[CampaignDelivery]
    lease_until: datetime

    @property
    def fresh(self) -> list[CampaignDelivery]:
        return [] if self.is_cancelled else [row for row in self.rows if not row.uncertain]

    @property
    def doubtful(self) -> list[CampaignDelivery]:
        return [row for row in self.rows if row.uncertain]

    @property
    def is_cancelled(self) -> bool:
        """Only the truth about what may have left is still wanted; nothing is sent."""
        return self.campaign.status == Campaign.Status.CANCELLED


def send_one_batch(*, campaign_id: int, channel: str, now: Callable[[], datetime] = timezone.now) -> int:
    """Takes up to a batch of what is due in hand and sends it; returns how many that were."""
    batch = claim(campaign_id=campaign_id, channel=channel, now=now())
    if batch is None:
        return 0
    results = sending.send(batch, now=now())
    if not connection.in_atomic_block:  # inside one (a test's), Django would take the open transaction for a leak
        connection.close_if_unusable_or_obsolete()  # the database may have hung up during the call
    settle(batch, results, now=now())
    return len(batch.rows)


def claim(*, campaign_id: int, channel: str, now: datetime) -> Batch | None:
    """Takes what is due under a lease. None when nothing is, or the sending is paused, off the site, or at rest."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).select_related("page").get(pk=campaign_id)
        limit = _limit(campaign, channel, now)
        if limit == 0:
            return None
        rows = _due(campaign, channel, limit, now)
        if not rows:
            return None
        lease_until = now + settings.NOTICE_LEASE
        _take(rows, lease_until, now)
        campaign.spend(len(rows), now)
        campaign.save(update_fields=["window_began_at", "window_used"])
    return Batch(campaign=campaign, channel=channel, rows=rows, lease_until=lease_until)


def _limit(campaign: Campaign, channel: str, now: datetime) -> int:
    """How many messages may be taken in hand at this moment."""
    most: int = WHATSAPP_BATCH if channel == Channel.WHATSAPP else settings.NOTICE_BATCH
    if campaign.status == Campaign.Status.CANCELLED:
        return most
    if campaign.status != Campaign.Status.RUNNING or not campaign.page.live or is_quiet(campaign, now):
        return 0
    return min(most, campaign.allowance(now))


def _due(campaign: Campaign, channel: str, limit: int, now: datetime) -> list[CampaignDelivery]:
    """What dead workers left behind first, then what is queued; each read from the end of its own index."""
    rows = CampaignDelivery.objects.filter(campaign=campaign, channel=channel)
    abandoned = rows.filter(status=State.SENDING, lease_until__lte=now).order_by("lease_until")
    found = list(_lock(abandoned)[:limit])
    waiting = rows.filter(status=State.QUEUED, next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    if campaign.status == Campaign.Status.CANCELLED:
        waiting = waiting.filter(uncertain=True)
    return found + list(_lock(waiting)[: limit - len(found)])


def _lock(rows: QuerySet[CampaignDelivery]) -> QuerySet[CampaignDelivery]:
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, of=("self",))
    return rows.select_for_update()


def _take(rows: list[CampaignDelivery], lease_until: datetime, now: datetime) -> None:
    """Notes the lease. `tried_at` stays with what is in doubt: it is the moment from which it can be looked up."""
    for row in rows:
        row.uncertain = row.uncertain or row.status == State.SENDING
        row.move(State.SENDING)
        row.attempts += 1
        row.lease_until = lease_until
        row.tried_at = row.tried_at if row.uncertain else now
    doubtful = [row.pk for row in rows if row.uncertain]
    fresh = [row.pk for row in rows if not row.uncertain]
    lease = {"status": State.SENDING, "lease_until": lease_until, "attempts": F("attempts") + 1}
    CampaignDelivery.objects.filter(pk__in=fresh).update(**lease, tried_at=now)
    if doubtful:
        CampaignDelivery.objects.filter(pk__in=doubtful).update(**lease, uncertain=True)


def settle(batch: Batch, results: Iterable[Result], *, now: datetime) -> None:
    """Notes what came of the calls: every one as an attempt, the last one of each row as its state.

    A row whose lease ran out belongs to another worker by now and is left to him. Those still under ours are as they
    were claimed: nobody else writes them, so they are locked but not read again.
    """
    results = list(results)
    last = {result.row.pk: result for result in results if result.is_last}
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=batch.campaign.pk)
        DeliveryAttempt.objects.bulk_create([_attempt(result, now) for result in results], batch_size=500)
        held = CampaignDelivery.objects.select_for_update().filter(
            pk__in=list(last), status=State.SENDING, lease_until=batch.lease_until
        )
        rows = [last[pk].row for pk in held.order_by("pk").values_list("pk", flat=True)]
        for row in rows:
            _note(row, last[row.pk], campaign, now)
        _save(rows)
        adopt_reports([row for row in rows if row.status == State.ACCEPTED], now=now)
    if len(rows) < len(last):
        logger.warning("campaign.lease_lost id=%s rows=%s", batch.campaign.pk, len(last) - len(rows))


def _attempt(result: Result, now: datetime) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=result.row.pk,
        at=now,
        provider=result.provider,
        outcome=result.outcome,
        code=result.code[:40],
        reason=result.reason[:300],
        external_id=result.external_id[:120],
        local_id=result.row.local_id,
        text_sha256=sha256_of(result.text) if result.text else "",
    )


def _note(row: CampaignDelivery, result: Result, campaign: Campaign, now: datetime) -> None:
    """The row's next state; the sending may have been cancelled during the call."""
    row.lease_until = None
    row.code, row.reason = result.code[:40], result.reason[:300]
    row.provider = result.provider or row.provider
    if result.outcome in {Outcome.ACCEPTED, Outcome.FOUND}:
        row.move(State.ACCEPTED)
        row.external_id, row.accepted_at, row.uncertain = result.external_id[:120], now, False
        row.code, row.reason = "", ""
        row.next_attempt_at = now + FIRST_QUESTION
    elif result.outcome == Outcome.REJECTED:
        _fail(row)
    elif result.outcome == Outcome.UNKNOWN:
        _doubt(row, now)
    elif campaign.status == Campaign.Status.CANCELLED:
        row.move(State.SKIPPED)
        row.code, row.uncertain, row.next_attempt_at = Code.CANCELLED, False, None
    elif row.attempts >= MOST_ATTEMPTS:
        row.code = Code.SPENT
        _fail(row)
    else:
        row.move(State.QUEUED)
        row.uncertain = False
        row.next_attempt_at = _later(now, result.after or _pause(row))


def _doubt(row: CampaignDelivery, now: datetime) -> None:
    """No answer: it is looked up later, for as long as that can tell anything."""
    since = row.tried_at or now
    patience = WHATSAPP_DOUBT if row.channel == Channel.WHATSAPP else LOOKED_UP_FOR
    if now - since >= patience:
        row.code = Code.UNKNOWN
        _fail(row)
        return
    row.move(State.QUEUED)
    row.uncertain = True
    row.next_attempt_at = _later(now, _pause(row))


def _fail(row: CampaignDelivery) -> None:
    row.move(State.FAILED)
    row.next_attempt_at, row.uncertain = None, False


def _pause(row: CampaignDelivery) -> float:
    return BACKOFF_SECONDS[min(row.attempts, len(BACKOFF_SECONDS)) - 1]


def _later(now: datetime, seconds: float) -> datetime:
    """Jitter of a tenth keeps a crowd of messages from knocking at once."""
    return now + timedelta(seconds=seconds * random.uniform(1, 1.1))  # noqa: S311


def _save(rows: list[CampaignDelivery]) -> None:
    """What was accepted, nearly always everything, differs by its id only: one statement for all of it."""
    accepted = [row for row in rows if row.status == State.ACCEPTED]
    if accepted:
        first = accepted[0]
        same: dict[str, Any] = {"status": State.ACCEPTED, "accepted_at": first.accepted_at, "uncertain": False}
        same |= {"next_attempt_at": first.next_attempt_at, "lease_until": None, "code": "", "reason": ""}
        ids = [(row.pk, row.external_id, row.provider) for row in accepted]
        update_values(CampaignDelivery, ["external_id", "provider"], ids, **same)
    others = [row for row in rows if row.status != State.ACCEPTED]
    if not others:
        return
    names = ["status", "code", "reason", "provider", "uncertain", "next_attempt_at", "lease_until"]
    CampaignDelivery.objects.bulk_update(others, names, batch_size=500)
