"""Re-proving the chain of signed records: every record, its place, and that the tables still say what was signed.

Proving one record takes half a millisecond of arithmetic, so batches of them can be handed to other processes; these
touch no database. However many records there are, only a few batches of them are in memory.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, NamedTuple

from django.db.models import Max, TextField
from django.db.models.functions import Cast

from customer.models import ChainHead, RecordKey, SignedRecord, SigningKey
from customer.services.record import breaches_of, breaches_of_exported, exported
from kernel import vault

BATCH = 500
NOTHING = "0" * 64


class Row(NamedTuple):
    """A record, and beside it what the tables say of its form or transfer; light enough to be sent to a process."""

    sequence: int
    code: str
    kind: str
    manifest: str
    content_sealed: str
    sha256: str
    previous_sha256: str
    signature: str
    signed_at: datetime
    key__key_id: str
    key__public_key: str
    content_key__sealed_key: str | None
    sign_off__pk: int | None
    sign_off__status: str | None
    sign_off__installed_on: date | None
    sign_off__period__starts_on: date | None
    sign_off__period__ends_on: date | None
    transfer__pk: int | None
    transfer__status: str | None
    transfer__statement: str | None
    transfer__sealed_code: str | None

    @property
    def name(self) -> str:
        return f"signed record {self.sequence} ({self.code})"

    def record(self) -> SignedRecord:
        """The record as a model, with its keys, without a query."""
        values = {name: getattr(self, name) for name in Row._fields[: Row._fields.index("key__key_id")]}
        record = SignedRecord(**values, key=SigningKey(key_id=self.key__key_id, public_key=self.key__public_key))
        record.content_key = RecordKey(sealed_key=self.content_key__sealed_key or "")
        return record


def chain_breaches(*, processes: int = 1) -> Iterator[str]:
    """A sentence for everything about the chain that is not as it was signed; nothing when all is well.

    Records may be appended meanwhile: what came after the head of the first moment is left for the next time.
    """
    head = ChainHead.objects.get_or_create(pk=1)[0]
    sequence, sha256 = 0, NOTHING
    for batch, wrong in _proved(_batches(head.sequence), processes=processes):
        for row in batch:
            yield from _misplaced(row, sequence, sha256)
            yield from (f"{row.name}: {what}" for what in wrong.get(row.sequence, []))
            sequence, sha256 = row.sequence, row.sha256
    if (head.sequence, head.sha256) != (sequence, sha256):
        yield f"signed records: the last is {sequence}, the chain's head says {head.sequence}"
    last = SignedRecord.objects.aggregate(last=Max("sequence"))["last"] or 0
    if last > ChainHead.objects.get(pk=1).sequence:
        yield f"signed records: the last is {last}, beyond the chain's head"


def _batches(last: int) -> Iterator[list[Row]]:
    # As it is stored: a code that does not open is a breach to be named, not an error.
    sealed = Cast("transfer__new_national_code", TextField())
    found = SignedRecord.objects.filter(sequence__lte=last).annotate(transfer__sealed_code=sealed)
    rows = found.order_by("sequence").values_list(*Row._fields)
    stream = map(Row._make, rows.iterator(chunk_size=BATCH))
    while batch := list(islice(stream, BATCH)):
        yield batch


Wrong = dict[int, list[str]]


def _proved(batches: Iterator[list[Row]], *, processes: int) -> Iterator[tuple[list[Row], Wrong]]:
    """Each batch, in order, with what is wrong in it. One batch is not worth a process."""
    first = list(islice(batches, 2))
    if processes == 1 or len(first) < 2:
        yield from ((batch, prove(batch)) for batch in chain(first, batches))
        return
    waiting: deque[tuple[list[Row], Future[Wrong]]] = deque()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        for batch in chain(first, batches):
            waiting.append((batch, pool.submit(prove, batch)))
            if len(waiting) > 2 * processes:
                done, answer = waiting.popleft()
                yield done, answer.result()
        yield from ((done, answer.result()) for done, answer in waiting)


def prove(batch: list[Row]) -> Wrong:
    """What is wrong with each record of a batch, by its sequence; without a query."""
    found = {}
    for row in batch:
        if wrong := list(_wrong_with(row)):
            found[row.sequence] = wrong
    return found


def _wrong_with(row: Row) -> Iterator[str]:
    """Opens the record once, for both questions: is it genuine, and do the tables say the same?"""
    record = row.record()
    try:
        stored = exported(record)
    except (vault.VaultError, ValueError):
        yield from breaches_of(record)
        stored = {"content": None}
    else:
        yield from breaches_of_exported(record, stored)
    if row.kind == SignedRecord.Kind.NOTICE:
        return  # the app above, whose notices these are, compares them (`cms.audit`)
    is_deed = row.kind == SignedRecord.Kind.TRANSFER
    yield from (_deed_at_odds if is_deed else _form_at_odds)(row, stored["content"])


def _deed_at_odds(row: Row, content: dict[str, Any] | None) -> Iterator[str]:
    """Where the transfer says something else than its deed."""
    if row.transfer__status != "approved":
        yield "belongs to no transfer that was carried out"
        return
    if not isinstance(content, dict):
        return  # said already
    transfer = f"transfer {row.transfer__pk}"
    if content.get("statement") != row.transfer__statement:
        yield f"the statement of {transfer} is not what was signed"
    to = content.get("to")
    if isinstance(to, dict) and to.get("national_code") != _opened(row.transfer__sealed_code):
        yield f"the national code in {transfer} is not what was signed"


def _opened(sealed: str | None) -> str | None:
    try:
        return vault.decrypt(sealed or "")
    except vault.VaultError:
        return None


def _form_at_odds(row: Row, content: dict[str, Any] | None) -> Iterator[str]:
    """Where the form and its period say something else than the record."""
    if row.sign_off__status != "confirmed":
        yield "belongs to no confirmed form"
        return
    if not isinstance(content, dict):
        return  # said already
    form = f"sign-off {row.sign_off__pk}"
    if content.get("installed_on") != str(row.sign_off__installed_on):
        yield f"the installation date of {form} is not what was signed"
    period = None
    if row.sign_off__period__starts_on:
        period = {"starts_on": str(row.sign_off__period__starts_on), "ends_on": str(row.sign_off__period__ends_on)}
    if content.get("service") != period:
        yield f"the service period of {form} is not what was signed"


def _misplaced(row: Row, sequence: int, sha256: str) -> Iterator[str]:
    if row.sequence != sequence + 1:
        yield f"signed records: {sequence + 1} to {row.sequence - 1} are missing"
    if row.previous_sha256 != sha256:
        yield f"{row.name}: does not follow the record before it"
