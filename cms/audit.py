"""Re-proving the proofs of notices: their parts are all there, and the tables still say what was signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from cms.models import Campaign, CampaignDelivery, Dossier
from cms.proof import moment, recipients
from customer.models import SignedRecord
from customer.services.record import breaches_of_exported, exported
from kernel import vault

Breaches = Iterator[str]
Told = dict[str, Any]
State = CampaignDelivery.Status

# A buyer's click is timed when it arrives and stands in the table a moment later; the proof may be signed in between.
LATE = timedelta(minutes=5)
OWN_ACTS = ("seen_at", "acknowledged_at")
OUTCOME = ("state", "provider", "external_id", "code", "accepted_at", "delivered_at")
# Where a row may go without a call, a report or a person's note.
QUIET_MOVES = {
    State.QUEUED: {State.QUEUED, State.SENDING, State.SKIPPED},
    State.SENDING: {State.SENDING},
    State.TASK: {State.TASK, State.SKIPPED},
}


def proofs_hold() -> Breaches:
    """Every version of every proof: no part is missing, extra or foreign, and what it says is what the tables say."""
    stray = SignedRecord.objects.filter(kind=SignedRecord.Kind.NOTICE, dossier=None)
    for record in stray.order_by("sequence").iterator():
        yield f"signed record {record.sequence} ({record.code}): belongs to no proof of a notice"
    versions = Dossier.objects.order_by("campaign_id", "version").values_list("campaign_id", "version").distinct()
    for campaign_id, version in versions:
        campaign = Campaign.objects.get(pk=campaign_id)
        yield from (f"proof {version} of notice {campaign_id}: {breach}" for breach in _version(campaign, version))


def _version(campaign: Campaign, version: int) -> Breaches:
    """One part after the other; only the buyers' numbers are kept."""
    face: Told = {}
    parts: dict[int, Dossier] = {}
    named: set[str] = set()
    is_readable = True
    rows = campaign.dossiers.filter(version=version).select_related("record__key", "record__content_key")
    for row in rows.order_by("part").iterator(chunk_size=5):
        parts[row.part] = row
        content = _genuine(row.record)
        if content is None:
            is_readable = False  # the chain says what is wrong with it
            continue
        if (content["campaign"]["id"], content["version"], content["part"]) != (campaign.pk, version, row.part):
            yield f"part {row.part} ({row.record.code}) is foreign: it was signed for another place"
            continue
        if row.part == 0:
            face = content
            yield from _face_at_odds(campaign, content)
        told = {recipient["buyer"] for recipient in content["recipients"]}
        yield from (f"{buyer} is in part {row.part} and in an earlier one" for buyer in sorted(told & named))
        named |= told
        yield from _recipients_at_odds(campaign, content["recipients"], row.record.signed_at)
    if face:
        yield from _parts_at_odds(face, parts)
    if face and is_readable:
        kept = campaign.deliveries.order_by().values_list("buyer_id", flat=True).distinct()
        strange = {f"buyer:{pk}" for pk in kept.iterator()} - named
        yield from (f"{buyer} is a recipient in the tables, not in the proof" for buyer in sorted(strange))


def _genuine(record: SignedRecord) -> Told | None:
    try:
        stored = exported(record)
    except (vault.VaultError, ValueError):
        return None
    return None if any(breaches_of_exported(record, stored)) else stored["content"]


def _parts_at_odds(face: Told, parts: dict[int, Dossier]) -> Breaches:
    """Whether the parts are those that the face names."""
    stated = {part["part"]: part for part in face["further_parts"]}
    for number, part in stated.items():
        if number not in parts:
            yield f"part {number} ({part['code']}) is missing"
        elif (parts[number].record.code, parts[number].record.sha256) != (part["code"], part["sha256"]):
            yield f"part {number} ({part['code']}) is foreign: the face names another record"
    for number in sorted(set(parts) - set(stated) - {0}):
        yield f"part {number} ({parts[number].record.code}) is extra: the face does not name it"


def _face_at_odds(campaign: Campaign, face: Told) -> Breaches:
    """What was fixed before anything was sent."""
    told = face["campaign"]
    fixed = {
        "text": (face["text"], campaign.wording()),
        "text_sha256": (face["text_sha256"], campaign.text_sha256),
        "audience": (face["audience"], campaign.audience),
        "page": (told["page_id"], campaign.page_id),
        "revision": (told["revision"], campaign.revision_number),
        "channels": (told["channels"], list(campaign.channels)),
        "approved_at": (told["approved_at"], moment(campaign.approved_at)),
        "recipients_fixed_at": (told["recipients_fixed_at"], moment(campaign.fanned_out_at)),
    }
    for name, (signed, now) in fixed.items():
        if signed != now:
            yield f"{name} is not what was signed"


def _recipients_at_odds(campaign: Campaign, signed: list[Told], signed_at: datetime) -> Breaches:
    buyers = [int(recipient["buyer"].removeprefix("buyer:")) for recipient in signed]
    for then, now in zip(signed, recipients(campaign, buyers), strict=True):
        for channel, told in then["channels"].items():
            row = now["channels"].get(channel)
            if row is None:
                yield f"{then['buyer']} by {channel} is missing in the tables"
            else:
                yield from (f"{then['buyer']} by {channel}: {what}" for what in _at_odds(told, row, signed_at))


def _at_odds(then: Told, now: Told, signed_at: datetime) -> Breaches:
    """One buyer and channel: what was signed may have gone on since, it cannot have been otherwise."""
    tried, since = then.get("attempts", []), now.get("attempts", [])
    for number, attempt in enumerate(tried, 1):
        if number > len(since):
            yield f"attempt {number} ({attempt['outcome']}) is missing in the tables"
        elif since[number - 1] != attempt:
            yield f"attempt {number} is not what was signed"
    for name in OWN_ACTS:
        signed, kept = then.get(name, ""), now.get(name, "")
        if signed and kept != signed:
            yield f"{name} is {kept or 'empty'}, signed was {signed}"
        elif kept and not signed and datetime.fromisoformat(kept) < signed_at - LATE:
            yield f"{name} is {kept}, before the proof was signed, which knows of none"
    if then["state"] == State.DELIVERED or len(since) <= len(tried):
        yield from _outcome_at_odds(then, now)


def _outcome_at_odds(then: Told, now: Told) -> Breaches:
    """Nothing has happened since that could explain another outcome."""
    if now["state"] in QUIET_MOVES.get(then["state"], set()):
        return
    for name in OUTCOME:
        if then.get(name, "") != now.get(name, ""):
            yield f"{name} is {now.get(name) or 'empty'}, signed was {then.get(name) or 'empty'}"


CHECKS: list[Callable[[], Breaches]] = [proofs_hold]
