"""Page-shaped reads of notices. They never write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q

from cms import message_text
from cms.audience import Audience
from cms.message_text import Reader
from cms.models import Campaign, CampaignDelivery, Channel, MutedNotice
from cms.services.fan_out import IRANIAN_MOBILE
from cms.services.sending import readers
from customer.models import Buyer
from kernel.jalali import tehran_today
from kernel.sms_parts import count_parts

SAMPLE = 10
State = CampaignDelivery.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReader:
    """One of those who would be told, and how the SMS would read."""

    buyer: Buyer
    text: str
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What sending would mean, counted now. Costs are an estimate by the longest text of the sample."""

    count: int
    without_phone: int
    muted: int
    sample: list[SampleReader]
    parts_each: int
    messages: int
    part_rial: int

    @property
    def parts(self) -> int:
        return self.parts_each * self.messages

    @property
    def cost_rial(self) -> int:
        return self.parts * self.part_rial


def preview(campaign: Campaign, *, now: datetime) -> Preview:
    """The exact number of buyers, ten of them, and what the text messages would cost."""
    members = Audience.of(campaign.audience).members(tehran_today(now))
    counted = members.aggregate(
        count=Count("pk"), without_phone=Count("pk", filter=~Q(phone__startswith=IRANIAN_MOBILE))
    )
    by_sms = Channel.SMS in campaign.channels
    muted = 0
    if by_sms and not campaign.is_legal:
        switched_off = MutedNotice.objects.filter(kind=campaign.kind, channel=Channel.SMS).values("buyer")
        muted = members.filter(pk__in=switched_off, phone__startswith=IRANIAN_MOBILE).count()
    sample = _sample(campaign, list(members.order_by("pk")[:SAMPLE]), now)
    return Preview(
        count=counted["count"],
        without_phone=counted["without_phone"],
        muted=muted,
        sample=sample,
        parts_each=max((reader.parts for reader in sample), default=0) if by_sms else 0,
        messages=counted["count"] - counted["without_phone"] - muted if by_sms else 0,
        part_rial=settings.NOTICE_SMS_PART_RIAL,
    )


def _sample(campaign: Campaign, buyers: list[Buyer], now: datetime) -> list[SampleReader]:
    rows = [CampaignDelivery(campaign=campaign, buyer_id=buyer.pk) for buyer in buyers]
    people, address = readers(rows, campaign, now), message_text.link(campaign.pk)
    found = []
    for buyer in buyers:
        text = message_text.render(campaign.sms_text, people[buyer.pk][1], address=address)
        found.append(SampleReader(buyer=buyer, text=text, parts=count_parts(text).parts))
    return found


def example(campaign: Campaign, *, first_name: str, last_name: str) -> str:
    """The SMS as somebody of this name would get it."""
    reader = Reader(first_name=first_name, last_name=last_name, device="")
    return message_text.render(campaign.sms_text, reader, address=message_text.link(campaign.pk))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelProgress:
    """One channel in figures, by state."""

    channel: Channel
    by_status: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def settled(self) -> int:
        return self.total - sum(self.by_status.get(status, 0) for status in CampaignDelivery.OPEN)

    @property
    def percent(self) -> int:
        return 100 * self.settled // self.total if self.total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sending is."""

    channels: list[ChannelProgress]
    seen: int
    acknowledged: int

    @property
    def failed(self) -> int:
        """Messages that a person may have sent again."""
        outgoing = [row for row in self.channels if row.channel in {Channel.SMS, Channel.WHATSAPP}]
        return sum(row.by_status.get(State.FAILED, 0) for row in outgoing)


def progress(campaign: Campaign) -> Progress:
    """Two queries, however many recipients there are."""
    rows = campaign.deliveries.order_by()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for channel, status, count in rows.values_list("channel", "status").annotate(count=Count("pk")):
        found[channel][status] = count
    read: dict[str, Any] = rows.filter(channel=Channel.INBOX).aggregate(
        seen=Count("pk", filter=Q(seen_at__isnull=False)), acknowledged=Count("pk", filter=~Q(acknowledged_at=None))
    )
    channels = [ChannelProgress(channel=c, by_status=found[c]) for c in Channel if c in found]
    return Progress(channels=channels, **read)
