"""What was said, without whose it was: for turning a conversation into an article."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from kernel.persian import ascii_digits
from support.models import Message, Ticket

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Phones, national codes, cards, ids of remote sessions: seven digits or more, whatever stands between them.
LONG_NUMBER = re.compile(r"\+?\d(?:[\s\-–/._()]{0,2}\d){6,}")
SHORTEST_NAME = 3


def without_personal_data(text: str, names: Iterable[str]) -> str:
    """The text with names, addresses and long numbers replaced by words that say what stood there."""
    text = EMAIL.sub(_("[e-mail]"), text)
    text = _without_numbers(text)
    for name in sorted({name for name in names if len(name) >= SHORTEST_NAME}, key=len, reverse=True):
        # A Persian name may be followed by a half-space and an ending; not by another letter.
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _("[name]"), text, flags=re.IGNORECASE)
    return text


def _without_numbers(text: str) -> str:
    """Numbers are found in whatever digits they are written; `ascii_digits` keeps every place as it is."""
    plain = ascii_digits(text)
    pieces, last = [], 0
    for match in LONG_NUMBER.finditer(plain):
        pieces += [text[last : match.start()], _("[number]")]
        last = match.end()
    return "".join([*pieces, text[last:]])


def what_was_said(ticket: Ticket) -> list[tuple[bool, str]]:
    """(by staff?, text) for all that buyer and staff have said to each other, anonymous; never an internal note.

    The ticket comes with its buyer and device.
    """
    messages = list(Message.objects.filter(ticket=ticket, is_internal=False).select_related("author"))
    names = names_in(ticket, messages)
    said = [(False, ticket.description), *((message.from_staff, message.body) for message in messages)]
    return [(by_staff, without_personal_data(text, names)) for by_staff, text in said if text.strip()]


def names_in(ticket: Ticket, messages: Iterable[Message]) -> list[str]:
    """All that names a person or his device in this ticket."""
    buyer = ticket.buyer
    names = [buyer.full_name, buyer.first_name, buyer.last_name, ticket.device.identifier]
    for message in messages:
        if message.author is not None:
            names += [message.author.get_full_name(), message.author.first_name, message.author.last_name]
    return [name for name in names if name]
