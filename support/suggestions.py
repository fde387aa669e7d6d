"""What a buyer may read before he asks: gathered from the functions named in `TICKET_SUGGESTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from customer.models import Buyer, Device
from customer.services import trace
from kernel.actor import Actor
from kernel.persian import clean

SHORTEST_TEXT = 3
MOST = 3  # more of them push the text that is being written off a phone's screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An article that may hold the answer. `key` names it for counting."""

    key: str
    title: str
    url: str
    summary: str = ""


Source = Callable[[str, Device | None, Buyer], list[Suggestion]]


def suggestions(text: str, *, device: Device | None, buyer: Buyer) -> list[Suggestion]:
    """What fits the text and the device, best first; nothing for a text that is too short."""
    text = clean(text)[:300]
    if len(text) < SHORTEST_TEXT:
        return []
    found: list[Suggestion] = []
    for path in settings.TICKET_SUGGESTIONS:
        source: Source = import_string(path)
        found += source(text, device, buyer)
    return found[:MOST]


def note_solved(*, key: str, buyer: Buyer, actor: Actor, now: datetime) -> None:
    """The buyer says that an article answered his question: counted, for the report on the knowledge base."""
    trace.record("ticket.solved_by_article", f"article:{clean(key)[:80]}", actor=actor, now=now, buyer_id=buyer.pk)
