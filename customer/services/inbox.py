"""Telling a buyer, and noting that it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, F, QuerySet, Value
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customer.models import Buyer, InboxItem
from customer.services import trace
from kernel.actor import Actor
from kernel.insert_select import insert_select
from kernel.refused import Refused
from kernel.verify_record import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be told. `dedupe_key` names the event: the same event is told once."""

    kind: InboxItem.Kind
    title: str
    body: str
    dedupe_key: str
    url: str = ""
    must_acknowledge: bool = False


def tell(buyer_id: int, message: Message, *, now: datetime) -> None:
    """Step: puts a message into a buyer's inbox, inside the caller's transaction."""
    item = InboxItem(
        buyer_id=buyer_id,
        dedupe_key=message.dedupe_key,
        kind=message.kind,
        title=message.title,
        body=message.body,
        url=message.url,
        must_acknowledge=message.must_acknowledge,
        created_at=now,
    )
    InboxItem.objects.bulk_create([item], ignore_conflicts=True)


def tell_all(buyers: QuerySet[Buyer], message: Message, *, now: datetime) -> int:
    """Step: puts a message into the inbox of each of these buyers, by one statement; returns how many had it not."""
    return insert_select(
        InboxItem,
        buyers,
        buyer=F("pk"),
        dedupe_key=Value(message.dedupe_key),
        kind=Value(message.kind),
        title=Value(message.title),
        body=Value(message.body),
        url=Value(message.url),
        must_acknowledge=Value(message.must_acknowledge),
        created_at=Value(now, output_field=DateTimeField()),
    )


def text_sha256(item: InboxItem) -> str:
    """The fingerprint of exactly what the buyer reads."""
    return sha256(canonical({"title": item.title, "body": item.body})).hexdigest()


def mark_read(*, user: Any, item_id: int, now: datetime) -> InboxItem:
    """Notes the first reading. Raises InboxItem.DoesNotExist for a foreign item."""
    with transaction.atomic():
        item = InboxItem.objects.visible_to(user).select_for_update().get(pk=item_id)
        if item.read_at is None:
            item.read_at = now
            item.save(update_fields=["read_at"])
        _tell_others(item, now)
    return item


def mark_all_read(*, user: Any, now: datetime) -> int:
    """Notes the reading of everything that needs no acknowledgement; returns how many."""
    return InboxItem.objects.visible_to(user).unread().filter(must_acknowledge=False).update(read_at=now)


def acknowledge(*, user: Any, item_id: int, actor: Actor, now: datetime) -> InboxItem:
    """Notes that the buyer has read and accepts having been told. Raises Refused `inbox.nothing_to_acknowledge`."""
    with transaction.atomic():
        item = InboxItem.objects.visible_to(user).select_for_update().get(pk=item_id)
        if not item.must_acknowledge:
            raise Refused("inbox.nothing_to_acknowledge", _("This message needs no acknowledgement."))
        if item.acknowledged_at is None:
            item.acknowledged_at = now
            item.read_at = item.read_at or now
            item.save(update_fields=["acknowledged_at", "read_at"])
            trace.record(
                "inbox.acknowledged",
                f"inbox:{item.pk}",
                actor=actor,
                now=now,
                buyer_id=item.buyer_id,
                event=item.dedupe_key,
                text_sha256=text_sha256(item),
            )
            _tell_others(item, now)
    return item


def _tell_others(item: InboxItem, now: datetime) -> None:
    """Those who keep a record of their own of what was seen and acknowledged (`settings.INBOX_EFFECTS`)."""
    for effect in settings.INBOX_EFFECTS:
        import_string(effect)(item, now=now)
