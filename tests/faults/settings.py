"""The demo's profile in a hurry, for worker processes that a test starts and kills."""

from __future__ import annotations

from datetime import timedelta

from portal.settings.demo import *  # noqa: F403
from portal.settings.demo import CELERY_BEAT_SCHEDULE, LOGGING

OUTBOX_LEASE = timedelta(seconds=3)
CELERY_BEAT_SCHEDULE["deliver-outbox"]["schedule"] = 1.0
LOGGING["root"]["level"] = "INFO"
