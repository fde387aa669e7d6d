"""What providers report about messages of notices: by callback or when asked, in any order, more than once."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cms.models import Campaign, CampaignDelivery, Channel, DeliveryAttempt
from cms.services.fan_out import fall_back
from integrations import reports
from integrations.models import DeliveryReport
from integrations.ports import DeliveryError

logger = logging.getLogger(__name__)

State, Outcome = CampaignDelivery.Status, DeliveryAttempt.Outcome
ARRIVED = {DeliveryReport.Status.DELIVERED, DeliveryReport.Status.READ}
REFERENCE = re.compile(r"campaign:(\d{1,18}):(\d{1,5})")
ASKED_AT_ONCE = 500
# Kavenegar tells where a message stands for 48 hours.
ASKED_FOR = timedelta(hours=47)
LEAST_PAUSE = timedelta(minutes=1)


def note_reports(new: list[DeliveryReport]) -> None:
    """Step (`settings.DELIVERY_REPORT_HANDLERS`): brings our rows to what counts, and on failure takes the next way.

    Reports about messages that are none of ours are left alone; an early one is found again by `adopt_reports`.
    """
    by_provider: dict[str, set[str]] = defaultdict(set)
    for report in new:
        by_provider[report.provider].add(report.external_id)
    for provider, ids in by_provider.items():
        _adopt_by_reference(provider, [report for report in new if report.provider == provider])
        ours = CampaignDelivery.objects.filter(provider=provider, external_id__in=ids)
        locked = _lock_campaigns(ours)
        if not locked:
            continue
        rows = list(ours.select_for_update().order_by("pk"))
        failed = _apply(rows, reports.latest(provider, ids))
        for campaign_id in sorted({row.campaign_id for row in failed}):
            _go_on(locked[campaign_id], timezone.now())


def _lock_campaigns(rows: QuerySet[CampaignDelivery]) -> dict[int, Campaign]:
    """The same order of locks as everywhere: the campaign, then its rows."""
    campaigns = sorted(set(rows.order_by().values_list("campaign_id", flat=True)))
    return {c.pk: c for c in Campaign.objects.select_for_update().filter(pk__in=campaigns).order_by("pk")}


def adopt_reports(rows: Sequence[CampaignDelivery], *, now: datetime) -> None:
    """Step: reports that came before our own note of the acceptance; the rows are locked."""
    by_provider: dict[str, list[CampaignDelivery]] = defaultdict(list)
    for row in rows:
        by_provider[row.provider].append(row)
    for provider, own in by_provider.items():
        _apply(own, reports.latest(provider, [row.external_id for row in own]))


def _apply(rows: Iterable[CampaignDelivery], said: dict[str, DeliveryReport]) -> list[CampaignDelivery]:
    """Moves what the reports move; returns the rows that failed by them."""
    moved, failed = [], []
    for row in rows:
        report = said.get(row.external_id)
        if report is None:
            continue
        if report.status in ARRIVED and row.status in {State.ACCEPTED, State.FAILED}:
            row.move(State.DELIVERED)
            row.delivered_at, row.next_attempt_at, row.code, row.reason = report.at, None, "", ""
        elif report.status in reports.FAILURES and row.status == State.ACCEPTED:
            row.move(State.FAILED)
            row.next_attempt_at = None
            row.code, row.reason = report.code or report.status, report.reason or report.status
            failed.append(row)
        else:
            continue
        moved.append((row, report))
    if not moved:
        return failed
    names = ["status", "delivered_at", "next_attempt_at", "code", "reason"]
    CampaignDelivery.objects.bulk_update([row for row, _report in moved], names, batch_size=500)
    DeliveryAttempt.objects.bulk_create(
        [
            DeliveryAttempt(
                delivery=row,
                at=report.at,
                provider=report.provider,
                outcome=Outcome.DELIVERED if row.status == State.DELIVERED else Outcome.FAILED,
                code=row.code,
                reason=row.reason,
                external_id=row.external_id,
                local_id=row.local_id,
            )
            for row, report in moved
        ],
        batch_size=500,
    )
    return failed


def _adopt_by_reference(provider: str, new: Sequence[DeliveryReport]) -> None:
    """A report that names our own reference tells that a message in doubt did go out, and its id."""
    named = {
        int(found[1]): (int(found[2]), report) for report in new if (found := REFERENCE.fullmatch(report.reference))
    }
    doubtful = Q(status=State.SENDING) | Q(status=State.QUEUED, uncertain=True)
    rows = CampaignDelivery.objects.filter(doubtful, pk__in=named, channel=Channel.WHATSAPP)
    _lock_campaigns(rows)
    for row in rows.select_for_update().order_by("pk"):
        round_, report = named[row.pk]
        if row.round != round_:
            continue
        row.move(State.ACCEPTED)
        row.lease_until = None
        row.provider, row.external_id, row.accepted_at, row.uncertain = provider, report.external_id, report.at, False
        row.save()
        DeliveryAttempt.objects.create(
            delivery=row, at=report.at, provider=provider, outcome=Outcome.FOUND, external_id=report.external_id
        )


def _go_on(campaign: Campaign, now: datetime) -> None:
    """Step: takes the next channel for what has failed; a sending that was over runs again for that."""
    if campaign.status not in {Campaign.Status.RUNNING, Campaign.Status.PAUSED, Campaign.Status.DONE}:
        return
    fall_back(campaign, now=now)
    if campaign.status == Campaign.Status.DONE and campaign.deliveries.filter(status=State.QUEUED).exists():
        campaign.move(Campaign.Status.RUNNING)
        campaign.finished_at = None
        campaign.save(update_fields=["status", "finished_at"])


def ask_for_reports(*, now: datetime) -> int:
    """Asks where accepted messages stand whose turn it is, each less often the older it is; returns how many."""
    with transaction.atomic():
        due = CampaignDelivery.objects.select_for_update().filter(
            status=State.ACCEPTED, next_attempt_at__lte=now, channel=Channel.SMS
        )
        rows = list(due.order_by("next_attempt_at")[:ASKED_AT_ONCE])
        for row in rows:
            age = now - (row.accepted_at or now)
            row.next_attempt_at = now + max(LEAST_PAUSE, age) if age < ASKED_FOR else None
        CampaignDelivery.objects.bulk_update(rows, ["next_attempt_at"], batch_size=500)
    by_provider: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_provider[row.provider].append(row.external_id)
    for provider, ids in by_provider.items():
        try:
            reports.poll(provider, ids)
        except DeliveryError as error:
            logger.warning("campaign.reports_not_asked provider=%s: %s", provider, error.reason)
    return len(rows)
