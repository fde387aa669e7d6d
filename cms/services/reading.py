"""What a buyer has seen and acknowledged of a notice: noted where its deliveries stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cms.models import CampaignDelivery, Channel, NoticePage
from customer.models import InboxItem
from customer.services.inbox import mark_read

PREFIX = "campaign:"


def note_inbox(item: InboxItem, *, now: datetime) -> None:
    """Step (`settings.INBOX_EFFECTS`): an item was opened or acknowledged; the first time counts."""
    campaign_id = campaign_of(item)
    if campaign_id is None:
        return
    row = CampaignDelivery.objects.filter(campaign_id=campaign_id, buyer_id=item.buyer_id, channel=Channel.INBOX)
    row.filter(seen_at__isnull=True).update(seen_at=now)
    if item.acknowledged_at:
        row.filter(acknowledged_at__isnull=True).update(acknowledged_at=item.acknowledged_at)


def campaign_of(item: InboxItem) -> int | None:
    """The sending that brought this item, None for one of another kind."""
    number = item.dedupe_key.removeprefix(PREFIX)
    return int(number) if item.dedupe_key.startswith(PREFIX) and number.isdecimal() else None


def item_of(page: NoticePage, user: Any) -> InboxItem | None:
    """The newest inbox item by which this buyer was told of the page."""
    keys = [f"{PREFIX}{pk}" for pk in page.campaigns.values_list("pk", flat=True)]
    return InboxItem.objects.visible_to(user).filter(dedupe_key__in=keys).first() if keys else None


def open_page(page: NoticePage, *, user: Any, now: datetime) -> InboxItem | None:
    """Opening the page of a notice counts as reading its message; returns that."""
    item = item_of(page, user)
    return mark_read(user=user, item_id=item.pk, now=now) if item is not None else None
