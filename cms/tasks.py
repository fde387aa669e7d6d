"""Celery tasks of this app."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cms.pictures import cut_ahead
from cms.services.delivery_report import ask_for_reports
from cms.services.work import work

SECONDS = 4.0


@shared_task
def send_notices() -> int:
    """Sends what is due of all notices. Short, and often: in the demo the same process does everything else too."""
    return work(seconds=SECONDS)


@shared_task
def ask_about_notices() -> int:
    """Asks providers where accepted messages stand."""
    return ask_for_reports(now=timezone.now())


@shared_task
def cut_pictures() -> int:
    """Cuts new pictures into the sizes that pages show."""
    return cut_ahead()
