"""Opening, closing, reopening and rating tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from commerce.services.number import take_number
from customer.models import Buyer, Device
from customer.rules import ServiceMode
from customer.services import trace
from integrations import outbox
from kernel import throttle
from kernel.actor import Actor
from kernel.jalali import tehran_today
from kernel.persian import clean_lines
from kernel.refused import Refused
from support import sla
from support.models import Ticket, TicketDraft
from support.rules import GateAnswer, GateQuestion, can_rate, price_band, require_gate, require_reopenable
from support.services import told
from support.services.attachment import bind_attachments
from support.services.promises import promises
from support.services.steps import (
    CLOCK_FIELDS,
    clean_body,
    clean_title,
    lock_ticket,
    public_text,
    resume_clock,
    set_clock,
    staff_text,
    stop_clock,
)

SERIES = "ticket"
CLOSING_FIELDS = ["closed_at", "closed_by", "closed_why", "merged_into", "waiting_since", *CLOCK_FIELDS]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What a buyer says when he opens a ticket. `attachment_ids`: his complete uploads, not taken by anything yet.

    `form_key`: of the form that said it (`kernel.once`), if one did.
    """

    device_id: int
    title: str
    description: str
    importance: str
    accept_tariff: bool = False
    attachment_ids: Sequence[str] = ()
    form_key: str = ""


def open_ticket(*, buyer: Buyer, wish: NewTicket, actor: Actor, now: datetime) -> Ticket:
    """Opens a ticket if the gate lets it through.

    Raises Refused with the gate's code, `ticket.tariff_not_accepted`, `ticket.…`, `message.…`, `attachment.…`;
    Throttled; Device.DoesNotExist for a foreign device.
    """
    title = clean_title(wish.title)
    description = clean_body(wish.description, field="description")
    limits = settings.TICKET_LIMITS
    throttle.pace("ticket.open", str(buyer.pk), limit=limits["buyer"], window=limits["window"])
    with transaction.atomic():
        rows = Device.objects.select_for_update(of=("self",)).with_names().with_standing(tehran_today(now))
        device = rows.get(pk=wish.device_id, owner=buyer)
        answer = require_gate(GateQuestion(buyer=buyer, device=device))
        ticket = Ticket(
            buyer=buyer,
            device=device,
            opened_by_id=actor.person_id,
            title=title,
            description=description,
            importance=wish.importance,
            rank=Ticket.RANKS[wish.importance],
            mode=device.standing.mode,
            created_at=now,
            last_message_at=now,
            buyer_wrote_at=now,
            buyer_read_at=now,
            waiting_since=now,
            form_key=wish.form_key,
        )
        _note_consent(ticket, answer, accepted=wish.accept_tariff, now=now)
        start_ticket(ticket, now=now)
        bind_attachments(wish.attachment_ids, owner_id=actor.person_id, ticket=ticket)
        TicketDraft.objects.filter(author_id=actor.person_id, ticket__isnull=True).delete()
        trace.record("ticket.opened", f"ticket:{ticket.number}", actor=actor, now=now, buyer_id=buyer.pk)
        outbox.emit(told.crm(ticket, "opened", ticket.pk), told.notice(ticket, "opened", ticket.pk))
    return ticket


def start_ticket(ticket: Ticket, *, now: datetime) -> None:
    """Step: gives a new ticket its number, its clock and its place in the search, and writes it."""
    known = promises()
    clock = sla.started(known.calendar, known.of(ticket.importance, ticket.mode), now=now)
    set_clock(ticket, clock)
    if clock.answer_due_at is not None:
        ticket.first_answer_due_at = clock.answer_due_at
    ticket.number = take_number(SERIES, now=now)
    ticket.search_text = public_text(ticket, ticket.device)
    ticket.staff_text = staff_text(ticket.buyer)
    ticket.save(force_insert=True)


def _note_consent(ticket: Ticket, answer: GateAnswer, *, accepted: bool, now: datetime) -> None:
    if not answer.needs_consent:
        return
    if not accepted:
        message = _("Support for this device is paid for case by case; please accept the prices shown.")
        raise Refused("ticket.tariff_not_accepted", message, field="accept_tariff")
    band = price_band(ticket.device)
    ticket.mode = ServiceMode.PAY_PER_CASE
    ticket.tariff_accepted_at = now
    ticket.tariff_low_rial = band.low_rial if band else None
    ticket.tariff_high_rial = band.high_rial if band else None


# --- closing and after -----------------------------------------------------------------------------------------------


def close_ticket(
    *, number: str, why: Ticket.ClosedWhy, actor: Actor, now: datetime, buyer: Buyer | None = None
) -> Ticket:
    """Closes an open ticket; with `buyer`, his own. Raises Refused `ticket.closed`, Ticket.DoesNotExist."""
    with transaction.atomic():
        ticket = lock_ticket(number, buyer=buyer)
        close_locked(ticket, why=why, actor=actor, now=now)
    return ticket


def close_locked(ticket: Ticket, *, why: Ticket.ClosedWhy, actor: Actor, now: datetime) -> None:
    """Step: closes a locked ticket and tells of it."""
    ticket.require_open()
    ticket.closed_at, ticket.closed_by_id, ticket.closed_why = now, actor.user_id, why
    stop_clock(ticket)
    ticket.save(update_fields=CLOSING_FIELDS)
    made = trace.record(
        "ticket.closed", f"ticket:{ticket.number}", actor=actor, now=now, buyer_id=ticket.buyer_id, why=str(why)
    )
    messages = [told.crm(ticket, "closed", made.pk)]
    if why in {Ticket.ClosedWhy.SOLVED, Ticket.ClosedWhy.DECLINED, Ticket.ClosedWhy.SILENCE}:
        messages.append(told.notice(ticket, "closed", made.pk))
    outbox.emit(*messages)


def reopen_ticket(*, number: str, actor: Actor, now: datetime, buyer: Buyer | None = None) -> Ticket:
    """Opens a closed ticket again, within the window; with `buyer`, his own. Whatever the cover of the device is.

    Raises Refused `ticket.not_closed`, `ticket.merged`, `ticket.reopen_over`, `ticket.not_owner`.
    """
    with transaction.atomic():
        ticket = lock_ticket(number, buyer=buyer)
        require_reopenable(ticket, now=now)
        if not Device.objects.filter(pk=ticket.device_id, owner=ticket.buyer_id).exists():
            raise Refused("ticket.not_owner", _("This device belongs to somebody else now."))
        ticket.closed_at, ticket.closed_by, ticket.closed_why = None, None, ""
        if ticket.status == Ticket.Status.ANSWERED:
            ticket.move(Ticket.Status.OPEN)
        ticket.reopened_count += 1
        ticket.rating, ticket.rating_note, ticket.rated_at, ticket.warned_at = None, "", None, None
        resume_clock(ticket, now=now)
        ticket.save()
        made = trace.record(
            "ticket.reopened", f"ticket:{ticket.number}", actor=actor, now=now, buyer_id=ticket.buyer_id
        )
        outbox.emit(told.crm(ticket, "reopened", made.pk), told.notice(ticket, "replied", f"reopened-{made.pk}"))
    return ticket


def rate_ticket(*, buyer: Buyer, number: str, stars: int, note: str, actor: Actor, now: datetime) -> Ticket:
    """The buyer's verdict on a closed ticket, once. Raises Refused `ticket.stars_invalid`, `ticket.not_ratable`."""
    if not 1 <= stars <= 5:
        raise Refused("ticket.stars_invalid", _("Give one to five stars."), status=400, field="stars")
    with transaction.atomic():
        ticket = lock_ticket(number, buyer=buyer)
        if not can_rate(ticket):
            raise Refused("ticket.not_ratable", _("A ticket is rated once, after it has been closed."))
        ticket.rating, ticket.rating_note, ticket.rated_at = stars, clean_lines(note)[:1000], now
        ticket.save(update_fields=["rating", "rating_note", "rated_at"])
        made = trace.record(
            "ticket.rated", f"ticket:{ticket.number}", actor=actor, now=now, buyer_id=buyer.pk, stars=stars
        )
        outbox.emit(told.crm(ticket, "rated", made.pk))
    return ticket
