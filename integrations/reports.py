"""Delivery reports: kept once per stage, whether a provider calls or is asked; and where a message stands by them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations import sms
from integrations.models import DeliveryReport
from integrations.ports import Report, SmsStatus

logger = logging.getLogger(__name__)

Status = DeliveryReport.Status
FAILURES = frozenset({Status.FAILED, Status.UNDELIVERED, Status.CANCELLED, Status.BLOCKED})
FINAL = FAILURES | {Status.DELIVERED, Status.READ}
# A failure outweighs what went before it, but not the proof that the message has arrived.
RANKS = {Status.UNKNOWN: 0, Status.QUEUED: 1, Status.SENT: 2, **dict.fromkeys(FAILURES, 3)}
RANKS |= {Status.DELIVERED: 4, Status.READ: 5}

Handler = Callable[[list[DeliveryReport]], None]


def store(provider: str, reports: Iterable[Report]) -> list[DeliveryReport]:
    """Keeps what is new of these and hands it to `settings.DELIVERY_REPORT_HANDLERS`, in one transaction."""
    now, batch = timezone.now(), uuid4()
    rows = [
        DeliveryReport(
            provider=provider,
            external_id=report.external_id[:120],
            status=report.status.value,
            code=report.code[:20],
            reason=report.reason[:300],
            reference=report.reference[:120],
            at=min(report.at, now),
            received_at=now,
            raw=report.raw,
            batch=batch,
        )
        for report in reports
    ]
    if not rows:
        return []
    with transaction.atomic():
        DeliveryReport.objects.bulk_create(rows, ignore_conflicts=True)
        ids = {row.external_id for row in rows}
        # The database alone knows which of them another call has not stored before.
        new = list(DeliveryReport.objects.filter(provider=provider, external_id__in=ids, batch=batch).order_by("pk"))
        for path in settings.DELIVERY_REPORT_HANDLERS if new else ():
            handler: Handler = import_string(path)
            handler(new)
    return new


def poll(provider_name: str, external_ids: Sequence[str]) -> list[DeliveryReport]:
    """Asks a provider of text messages where these stand, and keeps what is new. Raises `DeliveryError`.

    What the provider does not know (any more) brings no report.
    """
    now = timezone.now()
    found = sms.named(provider_name).status(external_ids)
    known = [(message_id, status) for message_id, status in found.items() if status is not SmsStatus.UNKNOWN]
    raw = {"by": "poll"}
    return store(provider_name, [Report(external_id=key, status=status, at=now, raw=raw) for key, status in known])


def latest(provider: str, external_ids: Iterable[str]) -> dict[str, DeliveryReport]:
    """The report that counts of each message, by its id; messages without one are left out.

    The order of arrival does not matter: read > delivered > failed > sent > queued. So a late "sent" takes nothing
    back, and of two failures the first one stays.
    """
    found: dict[str, DeliveryReport] = {}
    rows = DeliveryReport.objects.filter(provider=provider, external_id__in=set(external_ids)).order_by("pk")
    for row in rows:
        before = found.get(row.external_id)
        if before is None or is_later(row.status, before.status):
            found[row.external_id] = row
    return found


def is_later(status: str, before: str) -> bool:
    """Whether a status takes the place of an earlier one."""
    return RANKS[Status(status)] > RANKS[Status(before)]


def find(provider: str, reference: str) -> str:
    """The provider's id of the message that we sent under this reference; empty while no report has named it."""
    rows = DeliveryReport.objects.filter(provider=provider, reference=reference).exclude(reference="")
    return rows.order_by("pk").values_list("external_id", flat=True).first() or ""
