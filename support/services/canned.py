"""Replies written once: filled in for a ticket and counted."""

from __future__ import annotations

import re

from django.db.models import F

from customer.models import User
from support.models import CannedReply, Ticket

PLACEHOLDER = re.compile(r"\{([^{}\s]+)\}")


def use_canned(*, canned_id: int, ticket: Ticket, agent: User) -> str:
    """The text for this ticket (read `for_desk`), counted as used. CannedReply.DoesNotExist for what is not his."""
    usable = CannedReply.objects.usable_by(agent, device_type_id=ticket.device.model.device_type_id)
    canned = usable.get(pk=canned_id)
    CannedReply.objects.filter(pk=canned.pk).update(used_count=F("used_count") + 1)
    return filled(canned.body, ticket=ticket, agent=agent)


def filled(text: str, *, ticket: Ticket, agent: User) -> str:
    """The text with what its placeholders stand for; braces around anything else stay as they are."""
    values = {
        "buyer": ticket.buyer.full_name,
        "device": str(ticket.device.model),
        "serial": ticket.device.identifier,
        "number": ticket.number,
        "title": ticket.title,
        "agent": agent.get_full_name() or agent.get_username(),
    }
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is not filled in."""
    return [name for name in PLACEHOLDER.findall(text) if name not in CannedReply.PLACEHOLDERS]
