"""Spans of time and promises, as agents read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kernel.persian import persian_digits

SOON = timedelta(hours=2)


def due_kind(due_at: datetime | None, *, now: datetime) -> str:
    """How urgent a promise is, as a colour: `late`, `warn`, `ok`, or nothing while nothing is due."""
    if due_at is None:
        return ""
    if due_at < now:
        return "late"
    return "warn" if due_at - now <= SOON else "ok"


def due_words(due_at: datetime | None, *, now: datetime) -> str:
    """How much time is left for what was promised, or how long it is overdue."""
    if due_at is None:
        return ""
    if due_at < now:
        return _("%(span)s late") % {"span": span(now - due_at)}
    return _("%(span)s left") % {"span": span(due_at - now)}


def ago(at: datetime, *, now: datetime) -> str:
    """`۲ ساعت پیش`."""
    return _("%(span)s ago") % {"span": span(now - at)}


def span(length: timedelta) -> str:
    """The length of time in its largest unit."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        text, number = ngettext("%(number)s minute", "%(number)s minutes", minutes), minutes
    elif minutes < 48 * 60:
        number = minutes // 60
        text = ngettext("%(number)s hour", "%(number)s hours", number)
    else:
        number = minutes // (24 * 60)
        text = ngettext("%(number)s day", "%(number)s days", number)
    return text % {"number": persian_digits(str(number))}
