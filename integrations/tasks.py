"""Celery tasks: they ring the bell; the outbox knows what is due."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from kombu.exceptions import OperationalError

from integrations import outbox

logger = logging.getLogger(__name__)

BELL_REST_SECONDS = 15.0
_bell_silent_until = 0.0


@shared_task
def deliver_outbox() -> int:
    """Delivers what is due."""
    return outbox.deliver_due()


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
