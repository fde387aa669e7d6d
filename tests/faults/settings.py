"""The demo's profile in a hurry, for worker processes that a test starts and kills."""

from __future__ import annotations

from datetime import timedelta

from portal.settings.demo import *  # noqa: F403
from portal.settings.demo import CELERY_BEAT_SCHEDULE, LOGGING, env

OUTBOX_LEASE = NOTICE_LEASE = timedelta(seconds=3)
NOTICE_BATCH = env.int("NOTICE_BATCH", default=200)
CELERY_BEAT_SCHEDULE["send-notices"]["schedule"] = 1.0
CELERY_BEAT_SCHEDULE["deliver-outbox"]["schedule"] = 1.0
LOGGING["root"]["level"] = "INFO"
