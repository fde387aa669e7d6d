"""Page-shaped reads of this app; they never write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, Subquery
from django.utils.translation import gettext as _

from customer.models import Buyer, Device
from customer.queries import DeviceEvent
from kernel.jalali import tehran_today
from kernel.persian import left_to_right, persian_digits
from support import sla
from support.models import Attachment, Message, Ticket
from support.models.attachment import ShownFile
from support.models.ticket import TicketQuerySet, unread_condition
from support.rules import GateAnswer, GateQuestion, PriceBand, price_band, ticket_gate
from support.services.promises import promises

# Long texts that a line of a list does not show.
NOT_IN_LISTS = ("description", "search_text", "staff_text", "rating_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of his tickets a buyer asks for. `state`: a response status, `closed`, `unread`, or all."""

    state: str = ""
    importance: str = ""
    device_id: int | None = None
    search: str = ""


STATES = (*Ticket.Status.values, "unread", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket in the buyer's list, as it stands for him. `importance` is empty where it is nothing special."""

    number: str
    title: str
    model: str
    at: datetime
    status: str
    importance: str
    is_unread: bool


def ticket_line(ticket: Any, *, now: datetime) -> TicketLine:
    """The line of a ticket of `tickets_of`."""
    status = "closed" if ticket.is_closed else ticket.shown_status(now)
    is_special = not ticket.is_closed and ticket.importance in (Ticket.Importance.HIGH, Ticket.Importance.URGENT)
    return TicketLine(
        number=ticket.number,
        title=ticket.title,
        model=f"{ticket.brand_name} {ticket.model_name}",
        at=ticket.last_message_at,
        status=status,
        importance=ticket.importance if is_special else "",
        is_unread=ticket.is_unread(now),
    )


IN_A_LINE = ("number", "title", "importance", "status", "closed_at", "last_message_at", "answered_at", "buyer_read_at")


def tickets_of(user: Any, wanted: Wanted, *, now: datetime) -> TicketQuerySet:
    """A buyer's tickets for a list, what was last spoken of first. One query."""
    names = {"model_name": F("device__model__name"), "brand_name": F("device__model__brand__name")}
    tickets: TicketQuerySet = Ticket.objects.visible_to(user).only(*IN_A_LINE).annotate(**names)
    if wanted.state == "closed":
        tickets = tickets.closed()
    elif wanted.state == "unread":
        tickets = tickets.unread_by_buyer(now)
    elif wanted.state:
        tickets = in_shown_status(tickets.still_open(), wanted.state, now=now)
    if wanted.importance:
        tickets = tickets.filter(importance=wanted.importance)
    if wanted.device_id is not None:
        tickets = tickets.filter(device=wanted.device_id)
    return tickets.matching(wanted.search)


def device_names(user: Any) -> tuple[tuple[int, str], ...]:
    """Each of one's own devices by its name, to choose from. One query."""
    names = Device.objects.visible_to(user).values_list("pk", "model__brand__name", "model__name", "identifier")
    return tuple((pk, f"{brand} {model} · {identifier}") for pk, brand, model, identifier in names)


def in_shown_status(tickets: TicketQuerySet, status: str, *, now: datetime) -> TicketQuerySet:
    """Tickets whose status is this as the buyer sees it; mirrors `Ticket.shown_status`."""
    on_its_way = Q(status=Ticket.Status.ANSWERED, answered_at__gt=now)
    if status == Ticket.Status.IN_REVIEW:
        return tickets.filter(Q(status=status) | on_its_way)
    return tickets.filter(status=status).exclude(on_its_way)


# --- a new ticket ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChoice:
    """A device of the buyer, what the gate says of it, and what a case costs where it is paid for."""

    device: Device
    gate: GateAnswer
    band: PriceBand | None


def device_choices(buyer: Buyer, *, now: datetime) -> list[DeviceChoice]:
    """Every device of the buyer with the gate's answer: those with an open gate first."""
    shared: dict[str, Any] = {}
    owned = Device.objects.filter(owner=buyer).with_names().with_standing(tehran_today(now)).by_urgency()
    choices = []
    for device in owned:
        gate = ticket_gate(GateQuestion(buyer=buyer, device=device, shared=shared))
        band = price_band(device) if gate.needs_consent else None
        choices.append(DeviceChoice(device=device, gate=gate, band=band))
    return sorted(choices, key=lambda choice: not choice.gate.is_open)


# --- a conversation --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine(ShownFile):
    """A file that was sent."""

    pk: str
    name: str
    size: int
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One thing said, as the buyer's side shows it. `key` names it in addresses; `0` is the description."""

    key: int
    is_mine: bool
    author: str
    body: str
    at: datetime
    is_read: bool
    attachments: tuple[FileLine, ...] = ()


def conversation(ticket: Ticket, *, now: datetime, after: int = -1) -> list[Bubble]:
    """All that was said between buyer and staff, in order; with `after`, what came after that bubble. Two queries."""
    said = Message.objects.filter(_since(after), ticket=ticket).delivered(now)
    messages = said.only("from_staff", "body", "created_at", "deliver_after").annotate(
        first_name=F("author__first_name")
    )
    files = _files_by_message(ticket, now=now)
    bubbles = [] if after >= 0 else [_first_bubble(ticket, files.get(None, ()))]
    return [*bubbles, *(_bubble(ticket, message, files.get(message.pk, ())) for message in messages)]


def _since(after: int) -> Q:
    """Written after that message; or before it and delivered later, as an answer is that could still be taken back."""
    if after <= 0:
        return Q(pk__gt=after)
    written = Message.objects.filter(pk=after).values("created_at")
    return Q(pk__gt=after) | Q(pk__lt=after, deliver_after__gt=Subquery(written))


def _files_by_message(ticket: Ticket, *, now: datetime) -> dict[int | None, tuple[FileLine, ...]]:
    said = Q(message__isnull=True) | Q(message__is_internal=False) & (
        Q(message__deliver_after__isnull=True) | Q(message__deliver_after__lte=now)
    )
    files: dict[int | None, tuple[FileLine, ...]] = {}
    rows = Attachment.objects.filter(said, ticket=ticket)
    for message_id, pk, name, size, content_type in rows.values_list("message", "pk", "name", "size", "content_type"):
        file = FileLine(pk=pk, name=name, size=size, content_type=content_type)
        files[message_id] = (*files.get(message_id, ()), file)
    return files


def _first_bubble(ticket: Ticket, files: tuple[FileLine, ...]) -> Bubble:
    return Bubble(
        key=0,
        is_mine=True,
        author=_("You"),
        body=ticket.description,
        at=ticket.created_at,
        is_read=_is_read_by_staff(ticket, ticket.created_at),
        attachments=files,
    )


def _bubble(ticket: Ticket, message: Any, files: tuple[FileLine, ...]) -> Bubble:
    at = message.deliver_after or message.created_at
    return Bubble(
        key=message.pk,
        is_mine=not message.from_staff,
        author=staff_name(message.first_name) if message.from_staff else _("You"),
        body=message.body,
        at=message.created_at,
        is_read=_is_read_by_buyer(ticket, at) if message.from_staff else _is_read_by_staff(ticket, at),
        attachments=files,
    )


def staff_name(first_name: str | None) -> str:
    """How staff sign towards buyers: first name and the desk, never an account's name."""
    return _("%(name)s, support") % {"name": first_name} if first_name else _("Support")


def _is_read_by_staff(ticket: Ticket, at: datetime) -> bool:
    return ticket.staff_read_at is not None and ticket.staff_read_at >= at


def _is_read_by_buyer(ticket: Ticket, at: datetime) -> bool:
    return ticket.buyer_read_at is not None and ticket.buyer_read_at >= at


# --- the desk --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskHours:
    """Whether somebody is at the desk, and if not, when next."""

    is_open: bool
    opens_at: datetime | None


def desk_hours(*, now: datetime) -> DeskHours:
    """For the banner outside hours."""
    calendar = promises().calendar
    return DeskHours(is_open=sla.is_working(calendar, now), opens_at=sla.next_opening(calendar, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCounts:
    """How many matters of a buyer are not closed, and how many have an answer that he has not seen."""

    open: int
    unread: int


def ticket_counts(user: Any, *, now: datetime) -> TicketCounts:
    """For the dashboard. One query."""
    mine = Ticket.objects.visible_to(user).filter(Q(closed_at__isnull=True) | unread_condition(now))
    is_open, is_unread = Q(closed_at__isnull=True), unread_condition(now)
    return TicketCounts(**mine.aggregate(open=Count("pk", filter=is_open), unread=Count("pk", filter=is_unread)))


def device_events(device: Device) -> list[DeviceEvent]:
    """The present owner's tickets of a device for its timeline; a former owner's are not told."""
    tickets = Ticket.objects.filter(device=device, buyer=device.owner_id).only("number", "title", "created_at")
    return [
        DeviceEvent(
            at=ticket.created_at,
            kind="ticket_opened",
            title=_("Ticket %(number)s") % {"number": left_to_right(persian_digits(ticket.number))},
            detail=ticket.title,
            url=f"/tickets/{ticket.number}/",
        )
        for ticket in tickets
    ]


def last_tickets(buyer: Buyer, *, besides: Ticket | None = None, limit: int = 5) -> Sequence[Ticket]:
    """The newest tickets of a buyer for the side panel of the desk."""
    tickets = Ticket.objects.filter(buyer=buyer).with_names().defer(*NOT_IN_LISTS).order_by("-created_at", "-pk")
    return list(tickets.exclude(pk=besides.pk)[:limit] if besides else tickets[:limit])
