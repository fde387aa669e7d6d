"""The proof of a notice: signed records of the text, every recipient and attempt, and of what was read and confirmed.

A dossier has a face (part 0), which holds the text, the figures and the first recipients, and names the further parts.
Parts are signed before it, one transaction each, so that memory and the lock on the chain stay small; a crash between
them is taken up where it stood. A later version supersedes the earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cms.audience import Audience
from cms.models import Campaign, Channel, Dossier
from cms.proof import moment, recipients
from customer.models import SignedRecord
from customer.services import trace
from customer.services.record import append_record
from kernel.actor import Actor
from kernel.refused import Refused

KIND = SignedRecord.Kind.NOTICE


class Place(NamedTuple):
    """Where one record stands in a dossier, and the last recipient in it."""

    campaign: Campaign
    version: int
    part: int
    last_buyer_id: int


def wanting() -> QuerySet[Campaign]:
    """Sendings that are over and of which there is no dossier since."""
    made = Dossier.objects.filter(campaign=OuterRef("pk"), part=0, made_at__gte=OuterRef("finished_at"))
    done = Campaign.objects.filter(status=Campaign.Status.DONE, started_at__isnull=False)
    return done.filter(~Exists(made)).order_by("pk")


def make(*, campaign_id: int, actor: Actor, now: datetime) -> Dossier:
    """Makes the next version; returns its face. Raises Refused `dossier.too_early`."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.fanned_out_at is None:
        raise Refused("dossier.too_early", _("Nothing has been sent yet: there is nothing to prove."))
    while True:
        face = _next_part(campaign_id, actor, now)
        if face is not None:
            return face


def newest(campaign: Campaign) -> Dossier | None:
    """The face of the version that counts."""
    faces = campaign.dossiers.filter(part=0).select_related("record__key", "record__content_key")
    return faces.order_by("-version").first()


def successor_of(record: SignedRecord) -> str:
    """The code of the newest face, if that is a later version than this record's (`settings.RECORD_SUCCESSORS`)."""
    own = Dossier.objects.filter(record=record).first()
    last = newest(own.campaign) if own else None
    return last.record.code if own and last and last.version > own.version else ""


def _next_part(campaign_id: int, actor: Actor, now: datetime) -> Dossier | None:
    """One more record: a part as long as there are recipients for one, then the face, which is returned."""
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(of=("self",))
            .select_related("written_by", "approved_by")
            .get(pk=campaign_id)
        )
        version, parts = _begun(campaign)
        size = settings.NOTICE_DOSSIER_PART
        first = _buyers(campaign, 0)[:size]
        after = parts[-1].last_buyer_id if parts else (first[len(first) - 1] if len(first) == size else None)
        further = list(_buyers(campaign, after)[:size]) if after is not None else []
        if further:
            part = len(parts) + 1
            content = {
                "campaign": {"id": campaign.pk, "text_sha256": campaign.text_sha256},
                "version": version,
                "part": part,
                "recipients": list(recipients(campaign, further)),
            }
            _sign(Place(campaign, version, part, further[-1]), content, actor, now)
            return None
        content = _face(campaign, version, parts, list(first), now)
        face = _sign(Place(campaign, version, 0, first[len(first) - 1] if first else 0), content, actor, now)
        trace.record(
            "campaign.dossier_made",
            f"campaign:{campaign.pk}",
            actor=actor,
            now=now,
            record=face.record.code,
            sha256=face.record.sha256,
        )
    return face


def _begun(campaign: Campaign) -> tuple[int, list[Dossier]]:
    """The version under way and its parts so far."""
    last = campaign.dossiers.order_by("-version").first()
    if last is None:
        return 1, []
    rows = list(campaign.dossiers.filter(version=last.version).select_related("record").order_by("part"))
    return (last.version + 1, []) if rows[0].part == 0 else (last.version, rows)


def _buyers(campaign: Campaign, after: int | None) -> QuerySet[Any]:
    """The recipients' keys beyond one, in order."""
    rows = campaign.deliveries.filter(buyer_id__gt=after or 0).order_by("buyer_id")
    return rows.values_list("buyer_id", flat=True).distinct()


def _sign(place: Place, content: dict[str, Any], actor: Actor, now: datetime) -> Dossier:
    record = append_record(kind=KIND, buyer_id=None, content=content, now=now)
    return Dossier.objects.create(
        campaign=place.campaign,
        version=place.version,
        part=place.part,
        record=record,
        last_buyer_id=place.last_buyer_id,
        made_at=now,
        made_by_id=actor.user_id,
    )


def _face(campaign: Campaign, version: int, parts: list[Dossier], first: list[int], now: datetime) -> dict[str, Any]:
    """What was sent, by whom it was released, to whom it went and what came of it, in figures and one by one."""
    earlier = newest(campaign)
    return {
        "campaign": {
            "id": campaign.pk,
            "page_id": campaign.page_id,
            "revision": campaign.revision_number,
            "status": campaign.status,
            "channels": list(campaign.channels),
            "fallback": list(campaign.fallback),
            "written_by": campaign.written_by.get_full_name() or campaign.written_by.get_username(),
            "approved_by": _name(campaign.approved_by),
            "submitted_at": moment(campaign.submitted_at),
            "approved_at": moment(campaign.approved_at),
            "started_at": moment(campaign.started_at),
            "recipients_fixed_at": moment(campaign.fanned_out_at),
            "finished_at": moment(campaign.finished_at),
        },
        "text": campaign.wording(),
        "text_sha256": campaign.text_sha256,
        "audience": campaign.audience,
        "audience_in_words": [f"{name}: {words}" for name, words in Audience.of(campaign.audience).in_words()],
        "version": version,
        "part": 0,
        "as_of": moment(now),
        "figures": _figures(campaign),
        "recipients": list(recipients(campaign, first)),
        "further_parts": [
            {"part": part.part, "code": part.record.code, "sha256": part.record.sha256} for part in parts
        ],
        "supersedes": {"code": earlier.record.code, "sha256": earlier.record.sha256} if earlier else None,
    }


def _figures(campaign: Campaign) -> dict[str, Any]:
    rows = campaign.deliveries.order_by()
    by_channel: dict[str, dict[str, int]] = defaultdict(dict)
    for channel, status, count in rows.values_list("channel", "status").annotate(count=Count("pk")):
        by_channel[channel][status] = count
    read = rows.filter(channel=Channel.INBOX).aggregate(
        seen=Count("pk", filter=Q(seen_at__isnull=False)), acknowledged=Count("pk", filter=~Q(acknowledged_at=None))
    )
    buyers = rows.aggregate(buyers=Count("buyer_id", distinct=True))["buyers"]
    return {"buyers": buyers, "by_channel": dict(by_channel), **read}


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""
