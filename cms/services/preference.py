"""What a buyer wants to be told, and how."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cms.models import Campaign, Channel, MutedNotice, NoticePage
from customer.models import Buyer
from customer.services import trace
from kernel.actor import Actor
from kernel.refused import Refused

CHANNELS = (Channel.SMS, Channel.WHATSAPP)
KINDS = tuple(kind for kind in NoticePage.Kind if kind not in Campaign.LEGAL_KINDS)
Pair = tuple[str, str]


def muted_by(buyer: Buyer) -> set[Pair]:
    """(kind, channel) of what the buyer has switched off."""
    return set(buyer.muted_notices.values_list("kind", "channel"))


def mute_only(*, buyer: Buyer, pairs: Collection[Pair], actor: Actor, now: datetime) -> set[Pair]:
    """Switches off exactly these. Raises Refused `preference.legal`, `preference.unknown`."""
    for kind, channel in pairs:
        if kind in Campaign.LEGAL_KINDS:
            message = _("Legal notices and changes of the terms cannot be switched off: they concern your rights.")
            raise Refused("preference.legal", message, status=400, field="kind")
        if kind not in KINDS or channel not in CHANNELS:
            raise Refused("preference.unknown", _("There is no such kind of notice or channel."), status=400)
    with transaction.atomic():
        Buyer.objects.select_for_update().get(pk=buyer.pk)
        before, wanted = muted_by(buyer), set(pairs)
        if wanted == before:
            return wanted
        for kind, channel in before - wanted:
            MutedNotice.objects.filter(buyer=buyer, kind=kind, channel=channel).delete()
        MutedNotice.objects.bulk_create(
            MutedNotice(buyer=buyer, kind=kind, channel=channel) for kind, channel in sorted(wanted - before)
        )
        trace.record(
            "notices.preferences_changed",
            f"buyer:{buyer.pk}",
            actor=actor,
            now=now,
            buyer_id=buyer.pk,
            **{"from": sorted(map(":".join, before)), "to": sorted(map(":".join, wanted))},
        )
    return wanted
