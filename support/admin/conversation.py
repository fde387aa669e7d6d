"""A conversation as the agents see it: with internal notes, and with what has not reached the buyer yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from support.models import Attachment, Message, Ticket

BUYER, STAFF, NOTE = "buyer", "staff", "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing said. `key` names it in addresses; `0` is the description. `undo_until`: while it can be taken back."""

    key: int
    kind: str
    author: str
    body: str
    at: datetime
    is_read: bool = False
    undo_until: datetime | None = None
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def can_be_split(self) -> bool:
        return self.kind == BUYER and self.key > 0


def conversation(ticket: Ticket, user: Any, *, now: datetime) -> Sequence[Said]:
    """All of it, in order. Two queries. The ticket comes `for_desk`."""
    files: dict[int | None, list[Attachment]] = {}
    for attachment in Attachment.objects.filter(ticket=ticket, state=Attachment.State.READY):
        files.setdefault(attachment.message_id, []).append(attachment)
    messages = list(Message.objects.filter(ticket=ticket).select_related("author"))
    newest = messages[-1].pk if messages else 0
    first = Said(
        key=0,
        kind=BUYER,
        author=ticket.buyer.full_name,
        body=ticket.description,
        at=ticket.created_at,
        attachments=files.get(None, []),
    )
    return [
        first,
        *(
            Said(
                key=message.pk,
                kind=_kind(message),
                author=_author(message, ticket),
                body=message.body,
                at=message.created_at,
                is_read=_is_read(message, ticket),
                undo_until=_undo_until(message, ticket, user, newest, now),
                attachments=files.get(message.pk, []),
            )
            for message in messages
        ),
    ]


def _kind(message: Message) -> str:
    if message.is_internal:
        return NOTE
    return STAFF if message.from_staff else BUYER


def _author(message: Message, ticket: Ticket) -> str:
    if not message.from_staff:
        return ticket.buyer.full_name
    if message.author is None:
        return _("Support")
    return message.author.get_full_name() or message.author.get_username()


def _is_read(message: Message, ticket: Ticket) -> bool:
    """Whether the buyer has seen an answer of staff."""
    if not message.from_staff or message.is_internal or ticket.buyer_read_at is None:
        return False
    return ticket.buyer_read_at >= (message.deliver_after or message.created_at)


def _undo_until(message: Message, ticket: Ticket, user: Any, newest: int, now: datetime) -> datetime | None:
    """As the verb decides it: one's own, the newest, before it reaches the buyer."""
    mine = message.author_id == user.pk and message.pk == newest
    if not mine or ticket.is_closed or message.before is None or not message.can_be_undone(now):
        return None
    return message.deliver_after
