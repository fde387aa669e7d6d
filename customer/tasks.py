"""Celery tasks of this app: housekeeping; running one twice at once is harmless."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from customer.services import chain, idempotency, token
from customer.services.sign_off import remind_sign_offs
from customer.services.transfer import remind_transfers

CHAIN_SECONDS = 3600


@shared_task
def purge_api() -> int:
    """Drops idempotency keys and tokens whose time is over."""
    now = timezone.now()
    return idempotency.purge_requests(now=now) + token.purge_tokens(now=now)


@shared_task
def remind_of_papers() -> int:
    """Reminds of forms and of requests for transfer that wait, each step once. Returns how many were due."""
    now = timezone.now()
    return remind_sign_offs(now=now) + remind_transfers(now=now)


@shared_task(time_limit=CHAIN_SECONDS)
def publish_chain_head() -> int:
    """Once a day: proves the chain of signed records and hands out its head. Returns how many breaches were found."""
    return len(chain.publish_head(now=timezone.now()) or [])
