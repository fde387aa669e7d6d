"""The figures of /metrics, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone

from commerce.models import Payment
from customer.models import ChainHead
from customer.services.chain import BREACHES_KEY
from integrations.models import OutboxMessage
from portal import heartbeat

Series = Iterable[tuple[Mapping[str, str], float]]


def text() -> str:
    """All figures of this moment; three queries and two questions to the cache."""
    return "".join(
        [
            _metric("portal_outbox_messages", "Outgoing messages that are not delivered, by status.", _outbox()),
            _metric("portal_outbox_oldest_due_seconds", "How long the oldest due message waits.", _waiting()),
            _metric("portal_payments", "Payments that are not final or need a person, by status.", _payments()),
            _metric("portal_signed_records", "Signed records in the chain.", _records()),
            _metric("portal_chain_breaches", "What was wrong with the chain when it was proved last.", _breaches()),
            _metric("portal_task_last_success_timestamp_seconds", "When a background task last ended well.", _tasks()),
        ]
    )


def _outbox() -> Series:
    statuses = [status for status in OutboxMessage.Status if status != OutboxMessage.Status.DELIVERED]
    rows = OutboxMessage.objects.filter(status__in=statuses).order_by().values_list("status").annotate(n=Count("pk"))
    counts = dict(rows)
    return [({"status": str(status)}, counts.get(str(status), 0)) for status in statuses]


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest message waits that should have been tried by now."""
    waiting = [OutboxMessage.Status.QUEUED, OutboxMessage.Status.UNKNOWN]
    due = OutboxMessage.objects.filter(status__in=waiting, next_attempt_at__lte=now)
    moment: datetime | None = due.aggregate(oldest=Min("next_attempt_at"))["oldest"]
    return moment


def _waiting() -> Series:
    now = timezone.now()
    oldest = oldest_due(now)
    return [({}, (now - oldest).total_seconds() if oldest else 0)]


def _payments() -> Series:
    statuses = [*Payment.UNDER_WAY, Payment.Status.MISMATCH]
    rows = Payment.objects.filter(status__in=statuses).order_by().values_list("status").annotate(n=Count("pk"))
    counts = dict(rows)
    return [({"status": str(status)}, counts.get(str(status), 0)) for status in statuses]


def _records() -> Series:
    return [({}, ChainHead.objects.values_list("sequence", flat=True).first() or 0)]


def _breaches() -> Series:
    """Nothing until the chain has been proved once."""
    found = cache.get(BREACHES_KEY)
    return [] if found is None else [({}, found)]


def _tasks() -> Series:
    return [({"task": task}, moment) for task, moment in sorted(heartbeat.last_ends().items())]


def _metric(name: str, meaning: str, series: Series) -> str:
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
    for labels, value in series:
        names = ",".join(f'{label}="{text}"' for label, text in labels.items())
        lines.append(f"{name}{{{names}}} {value}" if names else f"{name} {value}")
    return "\n".join(lines) + "\n"
