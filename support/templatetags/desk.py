"""Template tags of the agents' screens."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from kernel.money import THOUSANDS
from kernel.persian import persian_digits
from support.admin import reads, words
from support.models import Ticket

register = template.Library()


@register.filter
def capped(number: int, most: int = reads.MOST_COUNTED) -> str:
    """`۱٬۰۰۰+` for more than was counted."""
    shown = persian_digits(f"{min(number, most):,}".replace(",", THOUSANDS))
    return f"{shown}+" if number > most else shown


@register.simple_tag
def due_kind(ticket: Ticket, now: datetime) -> str:
    """`{% due_kind ticket now as kind %}`: `ok`, `warn`, `late` or nothing."""
    return words.due_kind(ticket.due_at, now=now)


@register.simple_tag
def due_words(ticket: Ticket, now: datetime) -> str:
    """How much time is left for what was promised, or how long it is overdue."""
    return words.due_words(ticket.due_at, now=now)


@register.filter
def person(user: object) -> str:
    """A member of staff by name, else by the account's name."""
    name: str = user.get_full_name() or user.get_username()  # type: ignore[attr-defined]
    return name


# --- figures of the reports ------------------------------------------------------------------------------------------

NOTHING = "—"


@register.filter
def duration(length: timedelta | None) -> str:
    """`۳ ساعت`, or a dash."""
    return NOTHING if length is None else words.span(length)


@register.filter
def percent(value: int | None) -> str:
    """`۸۵٪`, or a dash."""
    return NOTHING if value is None else f"{persian_digits(str(value))}٪"


@register.filter
def stars(value: float | None) -> str:
    """`۴٫۵`, or a dash."""
    return NOTHING if value is None else persian_digits(f"{value:.1f}").replace(".", "٫")
