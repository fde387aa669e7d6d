"""The outbox: `emit` inside a transaction, then claim → call → settle outside of it.

At least once: a handler gets the message's key and, after an uncertain attempt, `recover=True`, and must not repeat an
effect. The database is the queue of record; Celery is only the door-bell.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from integrations.models import OutboxMessage
from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, Unknown
from kernel.refused import Refused

logger = logging.getLogger(__name__)

BACKOFF_SECONDS = [5, 15, 60, 300, 900, 3600]
UNKNOWN_SECONDS = [30, 120, 600, 1800, 3600]
MOST_ATTEMPTS = 40
Status = OutboxMessage.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a handler is given. `recover`: an earlier attempt may have had its effect; look before doing it again."""

    message_id: int
    dedupe_key: str
    payload: dict[str, Any]
    attempt: int
    recover: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is to be told. A repeated `dedupe_key` is harmless; messages of one `stream` never run side by side.

    `not_before` holds a message back for a while; without it, it goes out at once.
    """

    topic: str
    dedupe_key: str
    payload: dict[str, Any]
    stream: str = ""
    not_before: datetime | None = None


Handler = Callable[[Delivery], str]


def emit(*messages: Outgoing) -> None:
    """Step: queues messages in the caller's transaction, with one statement. KeyError for an unknown topic."""
    now = timezone.now()
    rows = [
        OutboxMessage(
            topic=message.topic,
            dedupe_key=message.dedupe_key,
            stream=message.stream,
            payload=message.payload,
            next_attempt_at=message.not_before or now,
            created_at=now,
        )
        for message in messages
        if settings.OUTBOX_HANDLERS[message.topic]
    ]
    OutboxMessage.objects.bulk_create(rows, ignore_conflicts=True)
    if settings.OUTBOX_BELL:
        from integrations.tasks import ring

        transaction.on_commit(ring, robust=True)


def deliver_due(*, now: Callable[[], datetime] = timezone.now, limit: int = 100) -> int:
    """Delivers what is due, one message after the other; returns how many were tried."""
    tried = 0
    while tried < limit:
        message = claim(now=now())
        if message is None:
            return tried
        deliver(message, now=now)
        tried += 1
    return tried


def claim(*, now: datetime) -> OutboxMessage | None:
    """Takes the oldest due message under a lease, in a short transaction of its own; None when nothing is due."""
    for pk in _due(now).values_list("pk", flat=True)[:20]:
        try:
            with transaction.atomic():
                message = _lock(_due(now)).filter(pk=pk).first()
                if message is None:
                    continue
                # An expired lease means that a worker died between claim and settle: the effect is uncertain.
                message.uncertain = message.uncertain or message.status == Status.SENDING
                message.move(Status.SENDING)
                message.attempts += 1
                message.lease_until = now + settings.OUTBOX_LEASE
                message.save(update_fields=["status", "attempts", "lease_until", "uncertain"])
                return message
        except IntegrityError:
            continue  # another worker has just begun a message of the same stream
    return None


def deliver(message: OutboxMessage, *, now: Callable[[], datetime] = timezone.now) -> None:
    """Calls the handler of a claimed message, outside any transaction, and settles the outcome."""
    delivery = Delivery(
        message_id=message.pk,
        dedupe_key=message.dedupe_key,
        payload=message.payload,
        attempt=message.attempts,
        recover=message.uncertain,
    )
    handler: Handler = import_string(settings.OUTBOX_HANDLERS[message.topic])
    external_id, failure = _call(handler, delivery, message)
    if not connection.in_atomic_block:  # inside one (a test's), Django would take the open transaction for a leak
        connection.close_if_unusable_or_obsolete()  # the database may have hung up during the call
    if failure:
        settle_failure(message, failure, now=now())
    else:
        settle_delivered(message, external_id, now=now())


def _call(handler: Handler, delivery: Delivery, message: OutboxMessage) -> tuple[str, DeliveryError | None]:
    """The provider's id, or why there is none."""
    try:
        return handler(delivery), None
    except DeliveryError as error:
        logger.warning("outbox.%s topic=%s id=%s: %s", type(error).__name__.lower(), message.topic, message.pk, error)
        return "", error
    except Exception:  # a bug in a handler must not stop the queue; it waits, visible, and is tried again
        logger.exception("outbox.crashed topic=%s id=%s", message.topic, message.pk)
        return "", Unknown("internal error, see the log")


def settle_delivered(message: OutboxMessage, external_id: str, *, now: datetime) -> None:
    """Notes the delivery, unless the lease ran out and somebody else took the message over."""
    _settle(message, to=Status.DELIVERED, external_id=external_id[:120], delivered_at=now, last_error="")


def settle_failure(message: OutboxMessage, error: DeliveryError, *, now: datetime) -> None:
    """Puts the message back with a growing wait, or aside for a person."""
    reason = str(error)[:500]
    spent = message.attempts >= MOST_ATTEMPTS
    if isinstance(error, Reject) or spent:
        _settle(message, to=Status.PARKED, last_error=reason)
    elif isinstance(error, Unknown):
        pause = UNKNOWN_SECONDS[min(message.attempts, len(UNKNOWN_SECONDS)) - 1]
        _settle(message, to=Status.UNKNOWN, last_error=reason, uncertain=True, next_attempt_at=_later(now, pause))
    else:
        after = error.after if isinstance(error, Retry) else None
        wait: float = after or BACKOFF_SECONDS[min(message.attempts, len(BACKOFF_SECONDS)) - 1]
        if isinstance(error, Misconfigured):
            logger.error("outbox.misconfigured topic=%s id=%s: %s", message.topic, message.pk, reason)
            wait = max(wait, 300)
        _settle(message, to=Status.QUEUED, last_error=reason, next_attempt_at=_later(now, wait))


def send_again(*, message_id: int, by_id: int | None, now: datetime) -> OutboxMessage:
    """A person asks for another try at once. Raises Refused `outbox.not_waiting` for one delivered or under way."""
    with transaction.atomic():
        message = OutboxMessage.objects.select_for_update().get(pk=message_id)
        if message.status not in {Status.PARKED, Status.QUEUED, Status.UNKNOWN}:
            raise Refused("outbox.not_waiting", _("This message has been delivered or is being sent right now."))
        if message.status == Status.PARKED:
            message.move(Status.UNKNOWN if message.uncertain else Status.QUEUED)
        message.attempts, message.next_attempt_at = 0, now
        message.requeued_by_id, message.requeued_at = by_id, now
        message.save(update_fields=["status", "attempts", "next_attempt_at", "requeued_by", "requeued_at"])
    return message


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    waiting = Q(status__in=[Status.QUEUED, Status.UNKNOWN], next_attempt_at__lte=now)
    abandoned = Q(status=Status.SENDING, lease_until__lte=now)
    sending = Q(status=Status.SENDING, lease_until__gt=now)
    # An earlier message of the stream may have had its effect: what follows waits until that is known.
    in_doubt = Q(status__in=[Status.QUEUED, Status.UNKNOWN], uncertain=True, pk__lt=OuterRef("pk"))
    busy = OutboxMessage.objects.filter(sending | in_doubt, stream=OuterRef("stream"))
    free = Q(stream="") | ~Exists(busy)
    return OutboxMessage.objects.filter(waiting | abandoned).filter(free).order_by("next_attempt_at", "pk")


def _lock(rows: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, of=("self",))
    return rows.select_for_update()


def _later(now: datetime, seconds: float) -> datetime:
    """Jitter of a tenth keeps a crowd of messages from knocking at once."""
    return now + timedelta(seconds=seconds * random.uniform(1, 1.1))  # noqa: S311


def _settle(message: OutboxMessage, *, to: str, **values: Any) -> None:
    before = message.lease_until
    message.move(to)
    rows = OutboxMessage.objects.filter(pk=message.pk, status=Status.SENDING, lease_until=before)
    if not rows.update(status=to, lease_until=None, **values):
        logger.warning("outbox.lease_lost id=%s: another worker has taken the message over", message.pk)
