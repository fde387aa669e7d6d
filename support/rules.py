"""Pure predicates on tickets: the same answer for a page, the API and a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customer.models import Buyer, Device
from customer.rules import ServiceMode, ServiceStatus
from kernel.refused import Refused
from support.models import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestion:
    """May this buyer open a ticket for this device (read `with_standing`)?

    `shared` is one dictionary for all devices of a page: a gate keeps there what it need not ask twice.
    """

    buyer: Buyer
    device: Device
    shared: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """The answer of the gate: open, or shut with a reason and the way on. `code` is empty when it is open."""

    code: str = ""
    message: str = ""
    next_label: str = ""
    next_url: str = ""
    needs_consent: bool = False

    @property
    def is_open(self) -> bool:
        return not self.code


Gate = Callable[[GateQuestion], GateAnswer | None]


def ticket_gate(question: GateQuestion) -> GateAnswer:
    """The one answer, from the functions named in `TICKET_GATES`: the first that shuts decides."""
    for path in settings.TICKET_GATES:
        gate: Gate = import_string(path)
        answer = gate(question)
        if answer is not None:
            return answer
    return GateAnswer(needs_consent=question.device.standing.mode == ServiceMode.PAY_PER_CASE)


def require_gate(question: GateQuestion) -> GateAnswer:
    """The answer of an open gate. Raises Refused with the code, reason and next step of a shut one."""
    answer = ticket_gate(question)
    if not answer.is_open:
        raise Refused(
            answer.code, answer.message, next_label=answer.next_label, next_url=answer.next_url, field="device"
        )
    return answer


def cover_gate(question: GateQuestion) -> GateAnswer | None:
    """Shut unless the device is signed off (or of the old fleet) and under contract, or paid per case.

    A device whose first period has not begun was never signed off: every included period has its form, every one of
    the old fleet its reason, by a constraint of the database.
    """
    standing, device = question.device.standing, question.device
    if standing.status == ServiceStatus.AWAITING_SIGN_OFF:
        return GateAnswer(
            code="sign_off.missing",
            message=_("The installation of this device has not been confirmed yet; support begins with that."),
            next_label=_("See the installation forms"),
            next_url="/sign-offs/",
        )
    if standing.is_covered or standing.mode == ServiceMode.PAY_PER_CASE:
        return None
    service_url = f"/devices/{device.pk}/service/"
    if standing.mode == ServiceMode.WITHDRAWN:
        return GateAnswer(
            code="service.withdrawn",
            message=_("You have withdrawn this device from service. You can change that at any time."),
            next_label=_("Choose service again"),
            next_url=service_url,
        )
    return GateAnswer(
        code="service.expired",
        message=_("The service of this device is over. Renew the contract or choose to pay per case."),
        next_label=_("Renew or choose"),
        next_url=service_url,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """What one case costs, in rial, at least and at most."""

    low_rial: int
    high_rial: int


def price_band(device: Device) -> PriceBand | None:
    """The band of the published tariff, by the function named in `TICKET_PRICE_BAND`; None when there is none."""
    if not settings.TICKET_PRICE_BAND:
        return None
    band: PriceBand | None = import_string(settings.TICKET_PRICE_BAND)(device)
    return band


# --- one ticket ------------------------------------------------------------------------------------------------------


def can_reopen(ticket: Ticket, *, now: datetime) -> bool:
    """Within the window after closing, unless it was merged or the device has changed hands since."""
    if ticket.closed_at is None or now > ticket.closed_at + settings.TICKET_REOPEN_WINDOW:
        return False
    return ticket.closed_why not in {Ticket.ClosedWhy.MERGED, Ticket.ClosedWhy.TRANSFERRED}


def require_reopenable(ticket: Ticket, *, now: datetime) -> None:
    """Raises Refused `ticket.not_closed`, `ticket.merged` or `ticket.reopen_over`."""
    if ticket.closed_at is None:
        raise Refused("ticket.not_closed", _("This ticket is not closed."))
    if ticket.merged_into_id is not None:
        raise Refused("ticket.merged", _("This ticket was merged into another one; please go on there."))
    if not can_reopen(ticket, now=now):
        raise Refused(
            "ticket.reopen_over",
            _("The time to reopen this ticket is over. Please open a new one and name this number."),
            next_label=_("New ticket"),
            next_url=f"/tickets/new/?device={ticket.device_id}",
        )


def closes_at(ticket: Ticket) -> datetime | None:
    """When an open ticket, of which the buyer was warned, will be closed by his silence; None if it will not."""
    if ticket.warned_at is None or not ticket.waits_for_buyer:
        return None
    after: timedelta = settings.TICKET_CLOSE_AFTER_WARNING
    return ticket.warned_at + after


def can_rate(ticket: Ticket) -> bool:
    """A closed ticket, once; a merged one is rated where it went."""
    return ticket.closed_at is not None and ticket.rating is None and ticket.merged_into_id is None
