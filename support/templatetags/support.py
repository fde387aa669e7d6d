"""Template tags of the support desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import template

from support.models import Ticket

register = template.Library()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a ticket stands for its buyer at a moment."""

    status: str
    unread: bool


@register.simple_tag
def ticket_state(ticket: Ticket, now: datetime) -> State:
    """`{% ticket_state ticket now as state %}`: the status shown, and whether an answer waits to be read."""
    return State(status=ticket.shown_status(now), unread=ticket.is_unread(now))
