"""What a proof of notice says of its recipients, read from the tables: when it is signed, and when it is audited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import F

from cms.models import Campaign, CampaignDelivery, DeliveryAttempt
from kernel.identity import mask_mobile


def recipients(campaign: Campaign, buyers: list[int]) -> Iterator[dict[str, Any]]:
    """Each buyer with what went to him by every channel, attempt by attempt; the phone is masked.

    Rows are read before their attempts: seen without the campaign's lock, a state is never ahead of its reasons.
    """
    rows = campaign.deliveries.filter(buyer_id__in=buyers).annotate(phone=F("buyer__phone"))
    deliveries: dict[int, list[Any]] = defaultdict(list)
    for row in rows.order_by("buyer_id", "pk"):
        deliveries[row.buyer_id].append(row)
    attempts: dict[int, list[DeliveryAttempt]] = defaultdict(list)
    tries = DeliveryAttempt.objects.filter(delivery__campaign=campaign, delivery__buyer_id__in=buyers)
    for attempt in tries.order_by("pk"):
        attempts[attempt.delivery_id].append(attempt)
    for buyer_id in buyers:
        own = deliveries[buyer_id]
        yield {
            "buyer": f"buyer:{buyer_id}",
            "phone": mask_mobile(own[0].phone) if own and own[0].phone else "",
            "channels": {row.channel: _delivery(row, attempts[row.pk]) for row in own},
        }


def _delivery(row: CampaignDelivery, attempts: list[DeliveryAttempt]) -> dict[str, Any]:
    """One channel; what is empty is left out."""
    told = {
        "state": row.status,
        "provider": row.provider,
        "external_id": row.external_id,
        "code": row.code,
        "accepted_at": moment(row.accepted_at),
        "delivered_at": moment(row.delivered_at),
        "seen_at": moment(row.seen_at),
        "acknowledged_at": moment(row.acknowledged_at),
        "attempts": [_attempt(attempt) for attempt in attempts],
    }
    return {name: value for name, value in told.items() if value}


def _attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    told = {
        "at": moment(attempt.at),
        "provider": attempt.provider,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "external_id": attempt.external_id,
        "local_id": str(attempt.local_id or ""),
        "text_sha256": attempt.text_sha256,
    }
    return {name: value for name, value in told.items() if value}


def moment(at: datetime | None) -> str:
    """A time as records hold it; empty for none."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
