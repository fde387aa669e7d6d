"""What is said in a ticket: by the buyer, by staff, and among staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from customer.models import Buyer
from customer.services import trace
from integrations import outbox
from kernel import throttle
from kernel.actor import Actor
from kernel.persian import clean
from kernel.refused import Refused
from support.models import Attachment, Message, Ticket, TicketDraft
from support.services import told
from support.services.attachment import bind_attachments
from support.services.steps import (
    CLOCK_FIELDS,
    LONGEST_BODY,
    add_to_search,
    clean_body,
    lock_ticket,
    pause_clock,
    rebuild_search,
    resume_clock,
)

# What an answer changes of the ticket, and what taking it back restores.
ANSWERING = [
    "status",
    "first_answered_at",
    "answered_at",
    "waiting_since",
    "last_message_at",
    "warned_at",
    *CLOCK_FIELDS,
]
MOMENTS = {name for name in ANSWERING if name.endswith(("_at", "_since"))}


def add_message(
    *,
    buyer: Buyer,
    number: str,
    body: str,
    actor: Actor,
    now: datetime,
    attachment_ids: Sequence[str] = (),
    form_key: str = "",
) -> Message:
    """The buyer writes in his open ticket, whatever the cover of the device is by now. `form_key`: see `kernel.once`.

    Raises Refused `ticket.closed`, `ticket.merged`, `message.…`, `attachment.…`; Throttled; Ticket.DoesNotExist.
    """
    body = clean_body(body, may_be_empty=bool(attachment_ids))
    limits = settings.MESSAGE_LIMITS
    throttle.pace("ticket.message", str(buyer.pk), limit=limits["buyer"], window=limits["window"])
    with transaction.atomic():
        ticket = lock_ticket(number, buyer=buyer)
        ticket.require_open()
        message = Message.objects.create(
            ticket=ticket,
            author_id=actor.person_id,
            from_staff=False,
            body=body,
            created_at=now,
            form_key=form_key,
        )
        bind_attachments(attachment_ids, owner_id=actor.person_id, ticket=ticket, message=message)
        if ticket.status == Ticket.Status.ANSWERED:
            ticket.move(Ticket.Status.OPEN)
        resume_clock(ticket, now=now)
        ticket.last_message_at = ticket.buyer_wrote_at = ticket.buyer_read_at = now
        ticket.warned_at = None
        changed = ["status", "waiting_since", *CLOCK_FIELDS, "answer_breached_at", "last_message_at", "buyer_wrote_at"]
        searched = add_to_search(ticket, body, is_internal=False)
        ticket.save(update_fields=[*changed, "buyer_read_at", "warned_at", searched])
        TicketDraft.objects.filter(author_id=actor.person_id, ticket=ticket).delete()
        trace.record("ticket.replied", f"ticket:{number}", actor=actor, now=now, buyer_id=buyer.pk, message=message.pk)
        outbox.emit(told.crm(ticket, "replied", message.pk), told.notice(ticket, "replied", message.pk))
    return message


def answer_ticket(
    *,
    number: str,
    body: str,
    actor: Actor,
    now: datetime,
    attachment_ids: Sequence[str] = (),
    last_seen_id: int | None = None,
    form_key: str = "",
) -> Message:
    """Staff answer: the buyer gets it when it can no longer be taken back, and the clock stands still.

    `last_seen_id` is the newest message that the agent saw (0 for none): a newer one of somebody else refuses, so
    that two agents do not answer past each other. Who answers an unassigned ticket takes it.
    Raises Refused `ticket.closed`, `ticket.merged`, `ticket.moved_on`, `message.…`, `attachment.…`.
    """
    body = clean_body(body, may_be_empty=bool(attachment_ids))
    with transaction.atomic():
        ticket = lock_ticket(number)
        ticket.require_open()
        _require_seen(ticket, last_seen_id, actor)
        delivered_at = now + settings.TICKET_UNDO
        message = Message.objects.create(
            ticket=ticket,
            author_id=actor.person_id,
            from_staff=True,
            body=body,
            created_at=now,
            deliver_after=delivered_at,
            before=_snapshot(ticket),
            form_key=form_key,
        )
        bind_attachments(attachment_ids, owner_id=actor.person_id, ticket=ticket, message=message)
        ticket.move(Ticket.Status.ANSWERED)
        pause_clock(ticket, now=now)
        ticket.first_answered_at = ticket.first_answered_at or now
        ticket.answered_at, ticket.last_message_at, ticket.staff_read_at = delivered_at, now, now
        ticket.warned_at = None
        ticket.assignee_id = ticket.assignee_id or actor.person_id
        searched = add_to_search(ticket, body, is_internal=False)
        ticket.save(update_fields=[*ANSWERING, "staff_read_at", "assignee", searched])
        TicketDraft.objects.filter(author_id=actor.person_id, ticket=ticket).delete()
        subject = f"ticket:{number}"
        trace.record("ticket.answered", subject, actor=actor, now=now, buyer_id=ticket.buyer_id, message=message.pk)
        outbox.emit(*told.of_answer(ticket, message))
    return message


def add_note(
    *,
    number: str,
    body: str,
    actor: Actor,
    now: datetime,
    attachment_ids: Sequence[str] = (),
    form_key: str = "",
) -> Message:
    """An internal note: for staff only, also on a closed ticket; nothing waits and nobody outside is told."""
    body = clean_body(body, may_be_empty=bool(attachment_ids))
    with transaction.atomic():
        ticket = lock_ticket(number)
        message = note_locked(ticket, body=body, actor=actor, now=now, form_key=form_key)
        bind_attachments(attachment_ids, owner_id=actor.person_id, ticket=ticket, message=message)
        # Of either kind: what was kept as an answer a moment ago must not stand in the box for answers again.
        TicketDraft.objects.filter(author_id=actor.person_id, ticket=ticket).delete()
    return message


def note_locked(ticket: Ticket, *, body: str, actor: Actor, now: datetime, form_key: str = "") -> Message:
    """Step: writes an internal note into a locked ticket."""
    message = Message.objects.create(
        ticket=ticket,
        author_id=actor.person_id,
        from_staff=True,
        is_internal=True,
        body=body,
        created_at=now,
        form_key=form_key,
    )
    ticket.save(update_fields=[add_to_search(ticket, body, is_internal=True)])
    trace.record(
        "ticket.noted",
        f"ticket:{ticket.number}",
        actor=actor,
        now=now,
        buyer_id=ticket.buyer_id,
        message=message.pk,
    )
    return message


def undo_message(*, message_id: int, actor: Actor, now: datetime) -> TicketDraft:
    """Takes an answer back before it reaches the buyer; its text becomes the author's draft, its files are free again.

    Raises Refused `message.too_late`, `message.not_yours`; Message.DoesNotExist.
    """
    number = Message.objects.values_list("ticket__number", flat=True).get(pk=message_id)
    with transaction.atomic():
        ticket = lock_ticket(number)
        message = Message.objects.select_for_update().get(pk=message_id)
        _require_undoable(ticket, message, actor, now)
        _restore(ticket, message.before or {})
        Attachment.objects.filter(message=message).update(message=None, ticket=None)
        draft = _keep_draft(actor.person_id, ticket, body=message.body, is_internal=False, now=now)
        message.delete()
        ticket.save(update_fields=ANSWERING)
        rebuild_search(ticket)
        trace.record(
            "ticket.answer_undone",
            f"ticket:{number}",
            actor=actor,
            now=now,
            buyer_id=ticket.buyer_id,
            message=message_id,
        )
    return draft


def _require_undoable(ticket: Ticket, message: Message, actor: Actor, now: datetime) -> None:
    if message.author_id != actor.person_id:
        raise Refused("message.not_yours", _("Only who wrote an answer can take it back."))
    newest = ticket.messages.order_by("-created_at", "-pk").values_list("pk", flat=True).first()
    if not message.can_be_undone(now) or message.before is None or newest != message.pk or ticket.is_closed:
        raise Refused("message.too_late", _("This answer can no longer be taken back."))


def _snapshot(ticket: Ticket) -> dict[str, Any]:
    values = {name: getattr(ticket, name) for name in ANSWERING}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _restore(ticket: Ticket, before: dict[str, Any]) -> None:
    """Puts the fields back as they were. The status too: this is no move, the answer has not happened."""
    for name, value in before.items():
        setattr(ticket, name, parse_datetime(value) if name in MOMENTS and value else value)


def _require_seen(ticket: Ticket, last_seen_id: int | None, actor: Actor) -> None:
    if last_seen_id is None:
        return
    newer = ticket.messages.filter(pk__gt=last_seen_id).exclude(author_id=actor.person_id)
    if newer.exists():
        message = _("Somebody has written in this ticket meanwhile. Your text is kept; please read before you send.")
        raise Refused("ticket.moved_on", message)


# --- reading and drafting --------------------------------------------------------------------------------------------


def mark_read(*, ticket: Ticket, by_staff: bool, now: datetime) -> None:
    """Notes how far a side has read; writes only when there is something new."""
    if by_staff:
        if ticket.staff_read_at is None or ticket.staff_read_at < ticket.buyer_wrote_at:
            Ticket.objects.filter(pk=ticket.pk).update(staff_read_at=now)
    elif ticket.is_unread(now):
        Ticket.objects.filter(pk=ticket.pk).update(buyer_read_at=now)


def save_draft(
    *,
    author_id: int,
    ticket: Ticket | None,
    body: str,
    now: datetime,
    title: str = "",
    is_internal: bool = False,
) -> TicketDraft | None:
    """Keeps what a person has begun to write; an empty text forgets it."""
    if not body.strip() and not title.strip():
        TicketDraft.objects.filter(author_id=author_id, ticket=ticket).delete()
        return None
    return _keep_draft(author_id, ticket, body=body, title=title, is_internal=is_internal, now=now)


def _keep_draft(
    author_id: int, ticket: Ticket | None, *, body: str, now: datetime, title: str = "", is_internal: bool = False
) -> TicketDraft:
    values = {
        "body": body[: LONGEST_BODY * 2],
        "title": clean(title)[:300],
        "is_internal": is_internal,
        "saved_at": now,
    }
    draft, _made = TicketDraft.objects.update_or_create(author_id=author_id, ticket=ticket, defaults=values)
    return draft
