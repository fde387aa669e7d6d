"""Celery tasks: they ring the bell; the outbox knows what is due."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations import credit, outbox, reports
from integrations.ports import DeliveryError

logger = logging.getLogger(__name__)

BELL_REST_SECONDS = 15.0
_bell_silent_until = 0.0


@shared_task
def deliver_outbox() -> int:
    """Delivers what is due."""
    return outbox.deliver_due()


@shared_task
def check_sms_credit() -> int:
    """Asks what credit is left; returns at how many providers it is low."""
    return credit.check_all(now=timezone.now())


@shared_task
def poll_delivery(provider: str, external_ids: list[str]) -> int:
    """Asks where these messages stand; returns how many reports are new. A provider that is down is asked next time."""
    try:
        return len(reports.poll(provider, external_ids))
    except DeliveryError as error:
        logger.warning("delivery.poll_failed provider=%s: %s", provider, error.reason)
        return 0


def ring() -> None:
    """Wakes a worker. A broker that is down or frozen costs a page at most a moment: the sweeper finds the message."""
    global _bell_silent_until  # noqa: PLW0603
    if time.monotonic() < _bell_silent_until:
        return
    try:
        deliver_outbox.apply_async(retry=False, expires=60)
    except (OperationalError, OSError) as error:
        _bell_silent_until = time.monotonic() + BELL_REST_SECONDS
        logger.warning("outbox.bell_failed: %s", type(error).__name__)
