"""Step: what is told of a ticket, to the CRM, to the buyer and to staff, through the outbox."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from integrations import outbox
from kernel.identity import clean_mobile
from support.models import Message, Ticket


def crm(ticket: Ticket, event: str, key: object, *, not_before: datetime | None = None) -> outbox.Outgoing:
    """One note of what happened; `key` tells this event of the ticket from every other of the same name."""
    return outbox.Outgoing(
        topic="crm.ticket",
        dedupe_key=f"crm.ticket:{ticket.pk}:{event}:{key}",
        payload={"ticket_id": ticket.pk, "event": event, "key": str(key)},
        stream=f"crm:{ticket.buyer_id}",
        not_before=not_before,
    )


def notice(ticket: Ticket, event: str, key: object, *, not_before: datetime | None = None) -> outbox.Outgoing:
    """What people are told: topic `notify.ticket_<event>`."""
    return outbox.Outgoing(
        topic=f"notify.ticket_{event}",
        dedupe_key=f"notify.ticket_{event}:{ticket.pk}:{key}",
        payload={"ticket_id": ticket.pk, "key": str(key)},
        not_before=not_before,
    )


def managers(ticket: Ticket, key: str) -> list[outbox.Outgoing]:
    """A promise that was not kept, to the phone of every manager."""
    phones = [clean_mobile(phone) for phone in settings.MANAGER_PHONES]
    return [
        outbox.Outgoing(
            topic="sms.ticket_overdue",
            dedupe_key=f"sms.ticket_overdue:{ticket.pk}:{key}:{phone}",
            payload={"ticket_id": ticket.pk, "phone": phone},
        )
        for phone in phones
    ]


def of_answer(ticket: Ticket, message: Message) -> list[outbox.Outgoing]:
    """An answer, told when it can no longer be taken back."""
    outgoing = [
        crm(ticket, "answered", message.pk, not_before=message.deliver_after),
        notice(ticket, "answered", message.pk, not_before=message.deliver_after),
    ]
    if settings.WHATSAPP_PROVIDER:
        outgoing.append(
            outbox.Outgoing(
                topic="whatsapp.ticket_answered",
                dedupe_key=f"whatsapp.ticket_answered:{ticket.pk}:{message.pk}",
                payload={"ticket_id": ticket.pk, "key": str(message.pk)},
                not_before=message.deliver_after,
            )
        )
    return outgoing
