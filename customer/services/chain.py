"""Handing out the head of the chain of signed records, day by day: who holds it can prove that nothing was cut."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import transaction

from customer.chain import NOTHING, chain_breaches
from customer.models import ChainHead
from customer.storage import private_storage
from integrations import outbox
from kernel import signing
from kernel.identity import clean_mobile
from kernel.jalali import jalali_iso, tehran_today

logger = logging.getLogger(__name__)

FOLDER = "chain"
BREACHES_KEY = "chain.breaches"
MOST_NAMED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedHead:
    """What was handed out on a day: `1405-09-01`, how many records there were, and the fingerprint of the last."""

    day: str
    sequence: int
    sha256: str


def publish_head(*, now: datetime) -> list[str] | None:
    """Once a day: proves the chain, writes the day's file and tells the managers. None when today is done already.

    Returns what is wrong; each breach is logged as an error, and the managers are told of it instead of the head.
    """
    day = jalali_iso(tehran_today(now)).replace("/", "-")
    path = f"{FOLDER}/{day}.txt"
    storage = private_storage()
    if storage.exists(path):
        return None
    head = ChainHead.objects.get_or_create(pk=1)[0]
    breaches = list(chain_breaches())
    cache.set(BREACHES_KEY, len(breaches), timeout=None)
    for breach in breaches[:MOST_NAMED]:
        logger.error("chain.broken %s", breach)
    storage.save(path, ContentFile(_told(day, head, breaches).encode()))
    with transaction.atomic():
        outbox.emit(*_messages(day, head, breaches))
    return breaches


def published_heads() -> Iterator[PublishedHead]:
    """What was handed out so far, day by day; a file that says no such thing is left out."""
    storage = private_storage()
    if not storage.exists(FOLDER):
        return
    for name in sorted(storage.listdir(FOLDER)[1]):
        with storage.open(f"{FOLDER}/{name}") as file:
            lines = dict(line.split(": ", 1) for line in file.read().decode().splitlines() if ": " in line)
        if lines.get("records", "").isdecimal() and "sha256" in lines:
            yield PublishedHead(day=name.removesuffix(".txt"), sequence=int(lines["records"]), sha256=lines["sha256"])


def _told(day: str, head: ChainHead, breaches: list[str]) -> str:
    """The day's file, signed: with the public key and any Ed25519 tool, its last line can be checked."""
    lines = [f"day: {day}", f"records: {head.sequence}", f"sha256: {head.sha256 or NOTHING}"]
    lines += [f"breaches: {len(breaches)}", *(f"breach: {breach}" for breach in breaches[:MOST_NAMED])]
    text = "\n".join([*lines, f"public_key: {signing.public_key()}", ""])
    return f"{text}signature: {signing.sign(text.encode())}\n"


def _messages(day: str, head: ChainHead, breaches: list[str]) -> list[outbox.Outgoing]:
    phones = [clean_mobile(phone) for phone in settings.MANAGER_PHONES]
    payload = {"day": day, "records": head.sequence, "sha256": head.sha256, "breaches": len(breaches)}
    return [
        outbox.Outgoing(
            topic="sms.chain_head", dedupe_key=f"sms.chain_head:{day}:{number}", payload={**payload, "phone": phone}
        )
        for number, phone in enumerate(phones)
    ]
