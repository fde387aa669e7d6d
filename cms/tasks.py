"""Celery tasks of this app."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cms.pictures import cut_ahead
from cms.services.delivery_report import ask_for_reports
from cms.services.links import find_broken_links
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
def keep_schedule() -> None:
    """Takes back pages whose time is over, and publishes those whose time has come."""
    call_command("publish_scheduled")


@shared_task
def check_links() -> int:
    """Looks through all published texts for links that lead nowhere."""
    return find_broken_links(now=timezone.now())


@shared_task
def cut_pictures() -> int:
    """Cuts new pictures into the sizes that pages show."""
    return cut_ahead()
