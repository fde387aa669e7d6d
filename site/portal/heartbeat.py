"""When each background task last ended well. The cache remembers it: web and worker must share one to see it."""

from __future__ import annotations

import time
from typing import Any

from celery import Task
from celery.signals import task_success
from django.conf import settings
from django.core.cache import cache


@task_success.connect
def note(sender: Task, **_facts: Any) -> None:
    """Remembers the end of a scheduled task. What goes wrong here is logged by Celery and harms no task."""
    if sender.name in scheduled():
        cache.set(_key(sender.name), time.time(), timeout=None)


def scheduled() -> dict[str, float]:
    """Task → seconds between its runs; without those that a calendar rings."""
    entries = ((entry["task"], entry["schedule"]) for entry in settings.CELERY_BEAT_SCHEDULE.values())
    return {task: every for task, every in entries if isinstance(every, float)}


def last_ends() -> dict[str, float]:
    """Task → the second (Unix time) at which it last ended well; without those that never did."""
    found = cache.get_many([_key(task) for task in scheduled()])
    return {key.removeprefix(_key("")): moment for key, moment in found.items()}


def _key(task: str) -> str:
    return f"heartbeat:{task}"
