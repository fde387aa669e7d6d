"""Tickets that belong together: merging, splitting, linking."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import Device
from customer.services import trace
from integrations import outbox
from kernel.actor import Actor
from kernel.refused import Refused
from support.models import Attachment, Message, Ticket, TicketLink, WorkLog
from support.services import told
from support.services.conversation import note_locked
from support.services.steps import CLOCK_FIELDS, clean_title, lock_ticket, rebuild_search, resume_clock
from support.services.ticket import close_locked, start_ticket


def merge_tickets(*, number: str, into: str, actor: Actor, now: datetime) -> Ticket:
    """Moves all that was said in `number` into another open ticket of the same buyer, and closes it. Returns that one.

    Raises Refused `ticket.same`, `ticket.other_buyer`, `ticket.closed`, `ticket.merged`; Ticket.DoesNotExist.
    """
    with transaction.atomic():
        source, target = _lock_two(number, into)
        if source.buyer_id != target.buyer_id:
            raise Refused("ticket.other_buyer", _("Only tickets of one buyer can be merged."))
        source.require_open()
        target.require_open()
        waited = source.waiting_since
        _move_conversation(source, target)
        source.merged_into = target
        close_locked(source, why=Ticket.ClosedWhy.MERGED, actor=actor, now=now)
        _take_over_waiting(target, source, waited, now=now)
        rebuild_search(target)
        subject = f"ticket:{target.number}"
        trace.record("ticket.took_in", subject, actor=actor, now=now, buyer_id=target.buyer_id, merged=source.number)
    return target


def _lock_two(number: str, other: str) -> tuple[Ticket, Ticket]:
    """Both tickets, locked in one order for all callers. Raises Refused `ticket.same`, Ticket.DoesNotExist."""
    if number == other:
        raise Refused("ticket.same", _("This is the same ticket."), field="into")
    locked = {name: lock_ticket(name) for name in sorted({number, other})}
    return locked[number], locked[other]


def _move_conversation(source: Ticket, target: Ticket) -> None:
    """The description becomes a message of the buyer; what is being sent can no longer be taken back."""
    first = Message.objects.create(
        ticket=target,
        author_id=source.opened_by_id,
        from_staff=False,
        body=f"{source.title}\n\n{source.description}",
        created_at=source.created_at,
    )
    Attachment.objects.filter(ticket=source, message__isnull=True).update(ticket=target, message=first)
    Attachment.objects.filter(ticket=source).update(ticket=target)
    Message.objects.filter(ticket__in=[source, target]).update(ticket=target, before=None)
    WorkLog.objects.filter(ticket=source).update(ticket=target)


def _take_over_waiting(target: Ticket, source: Ticket, waited: datetime | None, *, now: datetime) -> None:
    if waited is not None:
        target.waiting_since = min(filter(None, (target.waiting_since, waited)))
        if target.status == Ticket.Status.ANSWERED:
            target.move(Ticket.Status.OPEN)
        resume_clock(target, now=now)
    target.last_message_at = max(target.last_message_at, source.last_message_at)
    target.buyer_wrote_at = max(target.buyer_wrote_at, source.buyer_wrote_at)
    target.answered_at = max(filter(None, (target.answered_at, source.answered_at)), default=None)
    fields = ["status", "waiting_since", "answer_breached_at", "last_message_at", "buyer_wrote_at", "answered_at"]
    target.save(update_fields=[*fields, *CLOCK_FIELDS])


def split_ticket(*, message_id: int, title: str, actor: Actor, now: datetime) -> Ticket:
    """Makes one message of the buyer a ticket of its own, linked with the first; a note says so there.

    The gate is not asked: the buyer was let in with this matter already. Raises Refused `ticket.title_…`,
    `ticket.not_splittable` for what the buyer has not said; Message.DoesNotExist.
    """
    title = clean_title(title)
    number = Message.objects.values_list("ticket__number", flat=True).get(pk=message_id)
    with transaction.atomic():
        ticket = lock_ticket(number)
        message = Message.objects.select_for_update().get(pk=message_id, ticket=ticket)
        if message.from_staff:
            raise Refused("ticket.not_splittable", _("Only what the buyer has written can become a ticket."))
        made = _split_off(ticket, message, title, now=now)
        TicketLink.objects.create(
            ticket=ticket, other=made, kind=TicketLink.Kind.SPLIT, made_by_id=actor.person_id, made_at=now
        )
        note = _("Split off as ticket %(number)s.") % {"number": made.number}
        note_locked(ticket, body=note, actor=actor, now=now)
        rebuild_search(ticket)
        subject = f"ticket:{made.number}"
        trace.record("ticket.split_off", subject, actor=actor, now=now, buyer_id=made.buyer_id, out_of=number)
        outbox.emit(told.crm(made, "opened", made.pk))
    return made


def _split_off(ticket: Ticket, message: Message, title: str, *, now: datetime) -> Ticket:
    made = Ticket(
        buyer=ticket.buyer,
        device=Device.objects.with_names().get(pk=ticket.device_id),
        opened_by_id=ticket.opened_by_id,
        title=title,
        description=message.body or title,
        importance=ticket.importance,
        rank=ticket.rank,
        mode=ticket.mode,
        tariff_low_rial=ticket.tariff_low_rial,
        tariff_high_rial=ticket.tariff_high_rial,
        tariff_accepted_at=ticket.tariff_accepted_at,
        assignee_id=ticket.assignee_id,
        created_at=now,
        last_message_at=message.created_at,
        buyer_wrote_at=message.created_at,
        buyer_read_at=now,
        waiting_since=now,
    )
    start_ticket(made, now=now)
    Attachment.objects.filter(message=message).update(ticket=made, message=None)
    message.delete()
    return made


def link_tickets(*, number: str, other: str, kind: TicketLink.Kind, actor: Actor, now: datetime) -> TicketLink:
    """Notes that two tickets have to do with each other; once, whichever side it is said from.

    Raises Refused `ticket.same`, `ticket.already_linked`; Ticket.DoesNotExist.
    """
    with transaction.atomic():
        ticket, linked = _lock_two(number, other)
        pair = [ticket.pk, linked.pk]
        if TicketLink.objects.filter(ticket__in=pair, other__in=pair).exists():
            raise Refused("ticket.already_linked", _("These tickets are linked already."), field="into")
        link = TicketLink.objects.create(
            ticket=ticket, other=linked, kind=kind, made_by_id=actor.person_id, made_at=now
        )
        subject = f"ticket:{number}"
        trace.record("ticket.linked", subject, actor=actor, now=now, buyer_id=ticket.buyer_id, other=other)
    return link
