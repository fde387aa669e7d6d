"""Celery tasks of this app: each does what is due; running one twice at once is harmless."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from support.services import attachment, upkeep


@shared_task
def warn_and_autoclose() -> int:
    """Reminds silent buyers, and closes what stayed silent."""
    return sum(upkeep.warn_and_autoclose(now=timezone.now()))


@shared_task
def escalate_breaches() -> int:
    """Tells the manager of promises that were not kept."""
    return upkeep.escalate_breaches(now=timezone.now())


@shared_task
def drop_orphans() -> int:
    """Removes uploads that nobody sent."""
    return attachment.drop_orphans(now=timezone.now())
