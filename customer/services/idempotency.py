"""Remembering the first answer of an `Idempotency-Key`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customer.models import IdempotentRequest
from kernel.refused import Refused

LEASE = timedelta(seconds=60)  # longer than any request may take
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to give the first answer, until `lease_until`."""

    request_id: int
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was given before; `body` is JSON text."""

    status_code: int
    body: str


def begin_request(*, user_id: int, key: str, request_hash: str, now: datetime) -> Claim | Answer:
    """Claims the key, or finds the answer that it already has.

    Raises Refused `idempotency.mismatch` (422) for a key that was sent with another request, and
    `idempotency.in_progress` (409) while the first one is under way. An attempt that died is taken over.
    """
    lease_until = now + LEASE
    try:
        with transaction.atomic():
            row = IdempotentRequest.objects.create(
                user_id=user_id, key=key, request_hash=request_hash, created_at=now, lease_until=lease_until
            )
    except IntegrityError:
        return _again(user_id=user_id, key=key, request_hash=request_hash, now=now)
    return Claim(request_id=row.pk, lease_until=lease_until)


def _again(*, user_id: int, key: str, request_hash: str, now: datetime) -> Claim | Answer:
    with transaction.atomic():
        row = IdempotentRequest.objects.select_for_update().filter(user_id=user_id, key=key).first()
        if row is None or (row.status_code is None and row.lease_until > now):
            # No row: the first attempt ended this moment without an answer worth keeping.
            message = _("The first request with this key is still under way; please ask again in a moment.")
            raise Refused("idempotency.in_progress", message)
        if row.request_hash != request_hash:
            message = _("This key was sent with another request before; a new request needs a new key.")
            raise Refused("idempotency.mismatch", message, status=422)
        if row.status_code is not None:
            return Answer(status_code=row.status_code, body=row.body)
        row.lease_until = now + LEASE
        row.save(update_fields=["lease_until"])
        return Claim(request_id=row.pk, lease_until=row.lease_until)


def keep_answer(claim: Claim, *, status_code: int, body: str) -> None:
    """Stores the answer, unless the claim has lapsed and somebody else holds it now."""
    mine = IdempotentRequest.objects.filter(pk=claim.request_id, lease_until=claim.lease_until)
    mine.update(status_code=status_code, body=body)


def release_claim(claim: Claim) -> None:
    """Forgets the attempt: it left nothing behind, and the key may be tried again at once."""
    IdempotentRequest.objects.filter(
        pk=claim.request_id, lease_until=claim.lease_until, status_code__isnull=True
    ).delete()


def purge_requests(*, now: datetime) -> int:
    """Drops keys older than seven days; returns how many."""
    return IdempotentRequest.objects.filter(created_at__lte=now - KEPT).delete()[0]
