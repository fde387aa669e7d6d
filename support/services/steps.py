"""Steps that the verbs share: each takes a locked ticket and opens no transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from customer.models import Buyer, Device
from kernel.identity import local_mobile
from kernel.persian import clean, clean_lines, fold
from kernel.refused import Refused
from support import sla
from support.models import Message, Ticket
from support.models.ticket import LONGEST_TITLE
from support.services.promises import promises

LONGEST_BODY = 20_000
CLOCK_FIELDS = ("answer_due_at", "resolution_due_at", "resolution_left_minutes", "due_at")


def lock_ticket(number: str, *, buyer: Buyer | None = None) -> Ticket:
    """The ticket, locked until the transaction ends; of this buyer only, where one is named. Ticket.DoesNotExist."""
    rows = Ticket.objects.select_for_update(of=("self",))
    return rows.get(number=number, buyer=buyer) if buyer else rows.get(number=number)


def clean_title(text: str) -> str:
    """One line that says something. Raises Refused `ticket.title_missing`, `ticket.title_too_long`."""
    title = clean(text)
    if not title:
        raise Refused("ticket.title_missing", _("Give the ticket a title."), status=400, field="title")
    if len(title) > LONGEST_TITLE:
        raise Refused("ticket.title_too_long", _("The title is too long."), status=400, field="title")
    return title


def clean_body(text: str, *, field: str = "body", may_be_empty: bool = False) -> str:
    """The text as it is kept. Raises Refused `message.empty`, `message.too_long`, on the field."""
    body = clean_lines(text)
    if not body and not may_be_empty:
        raise Refused("message.empty", _("Please write something."), status=400, field=field)
    if len(body) > LONGEST_BODY:
        message = _("The text is too long; please send long lists as a file.")
        raise Refused("message.too_long", message, status=400, field=field)
    return body


# --- the clock -------------------------------------------------------------------------------------------------------


def clock_of(ticket: Ticket) -> sla.Clock:
    """The clock of a ticket as its fields tell it."""
    return sla.Clock(
        answer_due_at=ticket.answer_due_at,
        resolution_due_at=ticket.resolution_due_at,
        resolution_left_minutes=ticket.resolution_left_minutes,
    )


def set_clock(ticket: Ticket, clock: sla.Clock) -> None:
    """Writes the clock into the fields of the ticket; the caller saves `CLOCK_FIELDS`."""
    ticket.answer_due_at = clock.answer_due_at
    ticket.resolution_due_at = clock.resolution_due_at
    ticket.resolution_left_minutes = clock.resolution_left_minutes
    ticket.due_at = clock.due_at


def pause_clock(ticket: Ticket, *, now: datetime) -> None:
    """The buyer has the word: nothing is due."""
    ticket.waiting_since = None
    if ticket.answer_due_at is not None or ticket.resolution_due_at is not None:
        set_clock(ticket, sla.paused(promises().calendar, clock_of(ticket), now=now))


def resume_clock(ticket: Ticket, *, now: datetime) -> None:
    """The buyer waits again; a clock that runs already is left alone."""
    ticket.waiting_since = ticket.waiting_since or now
    if ticket.answer_due_at is None:
        known = promises()
        promise = known.of(ticket.importance, ticket.mode)
        set_clock(ticket, sla.resumed(known.calendar, clock_of(ticket), promise, now=now))
        ticket.answer_breached_at = None


def stop_clock(ticket: Ticket) -> None:
    """The ticket is closed: nobody waits and nothing is due."""
    ticket.waiting_since = None
    set_clock(ticket, sla.STOPPED)


# --- search ----------------------------------------------------------------------------------------------------------


def folded(parts: Iterable[str]) -> str:
    """Texts as search compares them, one after the other."""
    return " ".join(filter(None, (fold(part) for part in parts)))


def public_text(ticket: Ticket, device: Device) -> str:
    """What the buyer may find of a ticket, before anything has been said. The device comes with its names."""
    return folded([ticket.number, ticket.title, ticket.description, str(device)])


def staff_text(buyer: Buyer) -> str:
    """What only staff may find: whose it is, by name and phone in both spellings."""
    return folded([buyer.full_name, buyer.phone, local_mobile(buyer.phone)])


def add_to_search(ticket: Ticket, body: str, *, is_internal: bool) -> str:
    """Appends what was said; returns the name of the field to save."""
    name = "staff_text" if is_internal else "search_text"
    setattr(ticket, name, " ".join(filter(None, (getattr(ticket, name), fold(body)))))
    return name


def rebuild_search(ticket: Ticket) -> None:
    """Both texts from what is there: after something was taken out of a conversation or came into it. Saves them."""
    device = Device.objects.with_names().get(pk=ticket.device_id)
    buyer = Buyer.objects.get(pk=ticket.buyer_id)
    said = list(Message.objects.filter(ticket=ticket).values_list("is_internal", "body"))
    public = [body for is_internal, body in said if not is_internal]
    notes = [body for is_internal, body in said if is_internal]
    ticket.search_text = " ".join(filter(None, (public_text(ticket, device), folded(public))))
    ticket.staff_text = " ".join(filter(None, (staff_text(buyer), folded(notes))))
    ticket.save(update_fields=["search_text", "staff_text"])
