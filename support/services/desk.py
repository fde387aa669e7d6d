"""What staff do with a ticket besides talking: assigning, handing over, logging work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import User
from customer.services import trace
from integrations import outbox
from kernel.actor import Actor
from kernel.jalali import tehran_today
from kernel.persian import clean, clean_lines
from kernel.refused import Refused
from support import sla
from support.models import Message, Ticket, WorkLog
from support.services import told
from support.services.conversation import note_locked
from support.services.promises import promises
from support.services.steps import (
    CLOCK_FIELDS,
    clean_body,
    clock_of,
    lock_ticket,
    set_clock,
)
from support.services.ticket import close_ticket


def start_review(*, number: str, actor: Actor, now: datetime) -> Ticket:
    """Somebody looks into an open ticket: the buyer sees "in review". Repeating changes nothing."""
    with transaction.atomic():
        ticket = lock_ticket(number)
        ticket.require_open()
        if ticket.status == Ticket.Status.OPEN:
            _begin_review(ticket, actor=actor, now=now)
            ticket.save(update_fields=["status"])
    return ticket


def end_review(*, number: str, actor: Actor, now: datetime) -> Ticket:
    """Nobody looks into the ticket any more: the buyer sees "open" again. Whose it is and what is due stay as they are.

    Repeating changes nothing, and neither does it to a ticket that has been answered.
    """
    with transaction.atomic():
        ticket = lock_ticket(number)
        ticket.require_open()
        if ticket.status == Ticket.Status.IN_REVIEW:
            ticket.move(Ticket.Status.OPEN)
            ticket.save(update_fields=["status"])
            subject = f"ticket:{number}"
            made = trace.record("ticket.review_ended", subject, actor=actor, now=now, buyer_id=ticket.buyer_id)
            outbox.emit(told.crm(ticket, "review_ended", made.pk))
    return ticket


def assign_ticket(*, number: str, assignee_id: int | None, actor: Actor, now: datetime) -> Ticket:
    """Gives an open ticket to an agent (or to nobody). Raises Refused `ticket.closed`, `ticket.not_an_agent`."""
    with transaction.atomic():
        ticket = lock_ticket(number)
        _assign_locked(ticket, assignee_id, actor=actor, now=now)
    return ticket


def hand_over(*, number: str, assignee_id: int, note: str, actor: Actor, now: datetime, form_key: str = "") -> Message:
    """Gives an open ticket to another agent, and tells him why in an internal note, which it returns."""
    note = clean_body(note, field="note")
    with transaction.atomic():
        ticket = lock_ticket(number)
        _assign_locked(ticket, assignee_id, actor=actor, now=now)
        return note_locked(ticket, body=note, actor=actor, now=now, form_key=form_key)


def _assign_locked(ticket: Ticket, assignee_id: int | None, *, actor: Actor, now: datetime) -> None:
    ticket.require_open()
    if assignee_id is not None:
        require_agent(assignee_id)
    before, ticket.assignee_id = ticket.assignee_id, assignee_id
    if before == assignee_id:
        return
    if assignee_id is not None and ticket.status == Ticket.Status.OPEN:
        _begin_review(ticket, actor=actor, now=now)
    ticket.save(update_fields=["assignee", "status"])
    made = trace.record(
        "ticket.assigned",
        f"ticket:{ticket.number}",
        actor=actor,
        now=now,
        buyer_id=ticket.buyer_id,
        before=before,
        after=assignee_id,
    )
    if assignee_id is not None and assignee_id != actor.user_id:
        outbox.emit(told.notice(ticket, "assigned", made.pk))


def _begin_review(ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    ticket.move(Ticket.Status.IN_REVIEW)
    made = trace.record("ticket.in_review", f"ticket:{ticket.number}", actor=actor, now=now, buyer_id=ticket.buyer_id)
    outbox.emit(told.crm(ticket, "in_review", made.pk))


def require_agent(user_id: int) -> User:
    """The person, if he may answer tickets. Raises Refused `ticket.not_an_agent`."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or user.as_buyer is not None or not user.has_perm("support.answer_ticket"):
        raise Refused("ticket.not_an_agent", _("This person does not answer tickets."), field="assignee")
    return user


def change_importance(*, number: str, importance: str, actor: Actor, now: datetime) -> Ticket:
    """Another importance, and what that promises, as if it had held since the buyer waits."""
    with transaction.atomic():
        ticket = lock_ticket(number)
        ticket.require_open()
        before = ticket.importance
        if before == importance:
            return ticket
        known = promises()
        clock = sla.repromised(
            known.calendar,
            clock_of(ticket),
            before=known.of(before, ticket.mode),
            after=known.of(importance, ticket.mode),
            waiting_since=ticket.waiting_since,
        )
        ticket.importance, ticket.rank = importance, Ticket.RANKS[importance]
        set_clock(ticket, clock)
        if ticket.first_answered_at is None and clock.answer_due_at is not None:
            ticket.first_answer_due_at = clock.answer_due_at
        ticket.answer_breached_at = ticket.resolution_breached_at = None
        breaches = ["answer_breached_at", "resolution_breached_at"]
        ticket.save(update_fields=["importance", "rank", "first_answer_due_at", *CLOCK_FIELDS, *breaches])
        # An answer taken back now would bring the old promise back with it.
        Message.objects.filter(ticket=ticket, deliver_after__gt=now).update(before=None)
        trace.record(
            "ticket.importance",
            f"ticket:{number}",
            actor=actor,
            now=now,
            buyer_id=ticket.buyer_id,
            before=before,
            after=importance,
        )
    return ticket


def note_remote_session(*, number: str, session_id: str, actor: Actor, now: datetime) -> Ticket:
    """Keeps the id under which the buyer's machine is reached (AnyDesk or the like)."""
    with transaction.atomic():
        ticket = lock_ticket(number)
        ticket.remote_session_id = clean(session_id)[:40]
        ticket.save(update_fields=["remote_session_id"])
        trace.record("ticket.remote_session", f"ticket:{number}", actor=actor, now=now, buyer_id=ticket.buyer_id)
    return ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Time that was spent, as an agent enters it. `form_key`: see `kernel.once`."""

    activity: str
    minutes: int
    worked_on: date
    note: str = ""
    form_key: str = ""


def log_work(*, number: str, work: Work, actor: Actor, now: datetime) -> WorkLog:
    """Records time spent, on an open or closed ticket. Raises Refused `work.minutes_invalid`, `work.in_future`."""
    if not 1 <= work.minutes <= 1440:
        raise Refused("work.minutes_invalid", _("Enter 1 to 1440 minutes."), status=400, field="minutes")
    if work.worked_on > tehran_today(now):
        raise Refused("work.in_future", _("This day has not come yet."), status=400, field="worked_on")
    with transaction.atomic():
        ticket = lock_ticket(number)
        logged = WorkLog.objects.create(
            ticket=ticket,
            author_id=actor.person_id,
            activity=work.activity,
            minutes=work.minutes,
            note=clean_lines(work.note)[:2000],
            worked_on=work.worked_on,
            created_at=now,
            form_key=work.form_key,
        )
        trace.record(
            "ticket.work_logged",
            f"ticket:{number}",
            actor=actor,
            now=now,
            buyer_id=ticket.buyer_id,
            minutes=work.minutes,
            activity=work.activity,
        )
    return logged


# --- many at once ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What came of an act on many tickets: each stands or falls by itself."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def bulk_assign(*, numbers: Iterable[str], assignee_id: int | None, actor: Actor, now: datetime) -> BulkResult:
    """Assigns each ticket, as `assign_ticket` does."""
    return _each(numbers, lambda number: assign_ticket(number=number, assignee_id=assignee_id, actor=actor, now=now))


def bulk_close(*, numbers: Iterable[str], why: Ticket.ClosedWhy, actor: Actor, now: datetime) -> BulkResult:
    """Closes each ticket, as `close_ticket` does."""
    return _each(numbers, lambda number: close_ticket(number=number, why=why, actor=actor, now=now))


def _each(numbers: Iterable[str], act: Callable[[str], Ticket]) -> BulkResult:
    result = BulkResult()
    for number in numbers:
        try:
            act(number)
        except Refused as refused:
            result.refused[number] = refused.message
        else:
            result.done.append(number)
    return result
