"""Celery tasks of this app: housekeeping; running one twice at once is harmless."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from customer.services import idempotency, token


@shared_task
def purge_api() -> int:
    """Drops idempotency keys and tokens whose time is over."""
    now = timezone.now()
    return idempotency.purge_requests(now=now) + token.purge_tokens(now=now)
