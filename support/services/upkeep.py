"""What time does to tickets: silence closes them, broken promises go to the manager."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from customer.services import trace
from integrations import outbox
from kernel.actor import SYSTEM
from support.models import Ticket
from support.services import told
from support.services.ticket import close_locked


def warn_and_autoclose(*, now: datetime, limit: int = 200) -> tuple[int, int]:
    """Warns buyers who have not replied to an answer, and closes what stayed silent after the warning.

    Returns how many were warned, and how many closed.
    """
    silent = Ticket.objects.waiting_for_buyer()
    to_warn = silent.filter(answered_at__lte=now - settings.TICKET_WARN_AFTER, warned_at__isnull=True)
    to_close = silent.filter(warned_at__lte=now - settings.TICKET_CLOSE_AFTER_WARNING)
    closed = sum(_close_silent(pk, now=now) for pk in _oldest(to_close, "answered_at", limit))
    warned = sum(_warn(pk, now=now) for pk in _oldest(to_warn, "answered_at", limit))
    return warned, closed


def _oldest(tickets: QuerySet[Ticket], by: str, limit: int) -> list[int]:
    return list(tickets.order_by(by, "pk").values_list("pk", flat=True)[:limit])


def _warn(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=pk)
        if not ticket.waits_for_buyer or ticket.warned_at is not None:
            return False
        ticket.warned_at = now
        ticket.save(update_fields=["warned_at"])
        made = trace.record("ticket.warned", f"ticket:{ticket.number}", actor=SYSTEM, now=now, buyer_id=ticket.buyer_id)
        outbox.emit(told.notice(ticket, "warned", made.pk))
    return True


def _close_silent(pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=pk)
        if not ticket.waits_for_buyer or ticket.warned_at is None:
            return False
        close_locked(ticket, why=Ticket.ClosedWhy.SILENCE, actor=SYSTEM, now=now)
    return True


def escalate_breaches(*, now: datetime, limit: int = 200) -> int:
    """Notes promises that were not kept and tells the manager, once for each; returns how many."""
    answer = Q(answer_due_at__lte=now, answer_breached_at__isnull=True)
    resolution = Q(resolution_due_at__lte=now, resolution_breached_at__isnull=True)
    overdue = Ticket.objects.still_open().filter(answer | resolution, due_at__lte=now)
    return sum(_escalate(pk, now=now) for pk in _oldest(overdue, "due_at", limit))


def _escalate(pk: int, *, now: datetime) -> int:
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=pk)
        kinds = [kind for kind in ("answer", "resolution") if _is_newly_overdue(ticket, kind, now=now)]
        for kind in kinds:
            setattr(ticket, f"{kind}_breached_at", now)
            made = trace.record(
                f"ticket.{kind}_overdue", f"ticket:{ticket.number}", actor=SYSTEM, now=now, buyer_id=ticket.buyer_id
            )
            outbox.emit(
                told.notice(ticket, "overdue", f"{kind}-{made.pk}"), *told.managers(ticket, f"{kind}-{made.pk}")
            )
        ticket.save(update_fields=["answer_breached_at", "resolution_breached_at"])
    return len(kinds)


def _is_newly_overdue(ticket: Ticket, kind: str, *, now: datetime) -> bool:
    due: datetime | None = getattr(ticket, f"{kind}_due_at")
    return due is not None and due <= now and getattr(ticket, f"{kind}_breached_at") is None
