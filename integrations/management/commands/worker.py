"""`manage.py worker`: all background work in one process without a broker, for the demo and small trials."""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any, cast

from celery import Task
from celery.schedules import BaseSchedule, maybe_schedule
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

OUTBOX = "integrations.tasks.deliver_outbox"
LOOK_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Duty:
    """One entry of the schedule and when it ran last. What has never run is due at once."""

    task: Task
    schedule: BaseSchedule
    ran_at: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def is_due(self) -> bool:
        due, _seconds = self.schedule.is_due(self.ran_at)
        return bool(due)

    def run(self) -> None:
        """Runs the task here and now. What it raises is logged by Celery and ends this run only."""
        self.ran_at = datetime.now(UTC)
        close_old_connections()
        try:
            self.task.apply(throw=False)
        except Exception:
            logger.exception("worker.crashed task=%s", self.task.name)
        finally:
            close_old_connections()


def duties() -> list[Duty]:
    """The schedule of Celery's beat; the outbox is looked at every second, as nobody rings its bell here."""
    entries = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    entries[OUTBOX] = LOOK_SECONDS
    return [Duty(task=import_string(path), schedule=as_schedule(every)) for path, every in entries.items()]


def as_schedule(every: Any) -> BaseSchedule:
    """Celery's schedule for an entry of its settings: a time between runs, or a schedule already (a crontab)."""
    return cast(BaseSchedule, maybe_schedule(every))


class Command(BaseCommand):
    help = "Deliver messages and sweep payments in this one process, without a broker, until SIGTERM or Ctrl-C."
    asked_to_stop = False

    def ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, self.ask_to_stop)
        signal.signal(signal.SIGINT, self.ask_to_stop)
        plan = duties()
        while not self.asked_to_stop:
            for duty in plan:
                if not self.asked_to_stop and duty.is_due():
                    duty.run()
            time.sleep(LOOK_SECONDS / 4)
