"""Celery tasks of this app: each asks a journey to do what is due; running one twice at once is harmless."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from commerce.services import order, payment


@shared_task
def sweep_payments() -> int:
    """Asks the gateways about payments whose question is due."""
    return payment.sweep_payments(now=timezone.now())


@shared_task
def recover_unverified() -> int:
    """Finds payments that were made although the browser never came back."""
    return payment.recover_unverified(now=timezone.now())


@shared_task
def expire_orders() -> int:
    """Closes orders whose price has lapsed."""
    return order.expire_orders(now=timezone.now())
