"""Who is looking at a ticket just now, and who is writing: in the cache only, for as long as a page is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

GONE = timedelta(seconds=25)  # a page tells of itself every few seconds
WRITING = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody else with the same ticket before him."""

    name: str
    is_writing: bool


def look(ticket_id: int, user: Any, *, is_writing: bool, now: datetime) -> Sequence[Colleague]:
    """Notes that this person is at the ticket; returns the others. Two who come at once may miss each other once."""
    key = f"support.presence:{ticket_id}"
    seen: dict[int, dict[str, Any]] = cache.get(key) or {}
    here = {pk: one for pk, one in seen.items() if now - one["at"] < GONE}
    mine = here.get(user.pk, {})
    wrote = now if is_writing else mine.get("wrote")
    here[user.pk] = {"name": user.get_full_name() or user.get_username(), "at": now, "wrote": wrote}
    cache.set(key, here, int(GONE.total_seconds()) * 2)
    others = [one for pk, one in here.items() if pk != user.pk]
    return [
        Colleague(name=one["name"], is_writing=one["wrote"] is not None and now - one["wrote"] < WRITING)
        for one in others
    ]


def leave(ticket_id: int, user_id: int) -> None:
    """Notes that this person has gone: what he wrote was sent."""
    key = f"support.presence:{ticket_id}"
    seen: dict[int, dict[str, Any]] = cache.get(key) or {}
    if seen.pop(user_id, None) is not None:
        cache.set(key, seen, int(GONE.total_seconds()) * 2)
