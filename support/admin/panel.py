"""What stands beside a conversation: the buyer, his device and cover, what he owes, what he asked before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum

from commerce.models import LedgerEntry
from customer.models import Device
from kernel.jalali import tehran_today
from support.models import Ticket, TicketLink, WorkLog
from support.queries import last_tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another ticket that this one has to do with, and how."""

    ticket: Ticket
    kind: str


def device_of(ticket: Ticket) -> Device:
    """The device with where its service stands today."""
    found: Device = Device.objects.with_names().with_standing(tehran_today()).get(pk=ticket.device_id)
    return found


def debt_rial(buyer_id: int) -> int:
    """What the buyer owes by the last entry of his ledger; 0 for nothing, or for credit."""
    newest = LedgerEntry.objects.filter(buyer=buyer_id).order_by("-sequence").values_list("balance_rial", flat=True)
    return max(0, newest.first() or 0)


def related(ticket: Ticket) -> list[Related]:
    """Linked tickets from both sides, and what was merged into this one."""
    links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).select_related("ticket", "other")
    found = [
        Related(ticket=link.other if link.ticket_id == ticket.pk else link.ticket, kind=link.get_kind_display())
        for link in links
    ]
    merged = Ticket.objects.filter(merged_into=ticket).order_by("pk")
    return [*found, *(Related(ticket=one, kind=str(one.get_closed_why_display())) for one in merged)]


def facts(ticket: Ticket, user: Any) -> dict[str, Any]:
    """For the template: as much as this person may see."""
    work = list(WorkLog.objects.filter(ticket=ticket).select_related("author"))
    total = WorkLog.objects.filter(ticket=ticket).aggregate(minutes=Sum("minutes"))["minutes"] or 0
    return {
        "device": device_of(ticket),
        "debt_rial": debt_rial(ticket.buyer_id),
        "sees_ledger": user.has_perm("commerce.view_ledgerentry"),
        "sees_buyer": user.has_perm("customer.view_buyer"),
        "sees_device": user.has_perm("customer.view_device"),
        "last_tickets": last_tickets(ticket.buyer, besides=ticket),
        "related": related(ticket),
        "work": work,
        "work_minutes": total,
    }
