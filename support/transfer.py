"""What the support desk has to say, and to do, when a device changes hands."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import ngettext

from customer.models import Device
from customer.services.transfer import Blocker
from kernel.actor import Actor
from kernel.persian import persian_digits
from support.models import Ticket
from support.services.ticket import close_locked


def blockers(device: Device) -> list[Blocker]:
    """Open tickets do not stand in the way; they are closed with the transfer."""
    number = Ticket.objects.still_open().filter(device=device).count()
    if not number:
        return []
    message = ngettext(
        "%(number)s open ticket of this device will be closed.",
        "%(number)s open tickets of this device will be closed.",
        number,
    )
    return [Blocker(code="open_tickets", policy="warns", message=message % {"number": persian_digits(str(number))})]


def close_open_tickets(device: Device, *, actor: Actor, now: datetime) -> None:
    """Step of the executing transaction: the old owner's tickets of the (locked) device are closed."""
    for ticket in Ticket.objects.select_for_update(of=("self",)).still_open().filter(device=device).order_by("pk"):
        close_locked(ticket, why=Ticket.ClosedWhy.TRANSFERRED, actor=actor, now=now)
