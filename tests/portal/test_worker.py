"""`manage.py worker`: the schedule in one process, without a broker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone

from integrations.management.commands import worker
from integrations.models import OutboxMessage
from integrations.tasks import deliver_outbox
from tests.servers import address_of

ROOT = Path(__file__).resolve().parents[2]


@shared_task
def stumble():
    raise RuntimeError("on purpose")


def test_every_entry_of_the_schedule_is_a_duty():
    names = {duty.task.name for duty in worker.duties()}

    assert names == {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_outbox_is_looked_at_every_second():
    [duty] = [duty for duty in worker.duties() if duty.task.name == deliver_outbox.name]

    assert duty.schedule.run_every.total_seconds() == 1


@pytest.mark.django_db
def test_duty_is_due_at_once_and_then_after_its_time():
    [duty] = [duty for duty in worker.duties() if duty.task.name == "commerce.tasks.expire_orders"]

    assert duty.is_due()
    duty.run()
    assert not duty.is_due()


@pytest.mark.django_db
def test_task_that_raises_is_logged_and_harms_nothing(caplog):
    duty = worker.Duty(task=stumble, schedule=worker.as_schedule(1.0))
    duty.run()

    assert "on purpose" in caplog.text
    assert not duty.is_due()


@pytest.mark.django_db(transaction=True)
def test_worker_delivers_and_ends_on_sigterm():
    now = timezone.now()
    message = OutboxMessage.objects.create(topic="crm.buyer", dedupe_key="k", created_at=now, next_attempt_at=now)
    settings_of_demo = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
        "DATABASE_URL": address_of(connection.settings_dict),
    }
    command = [sys.executable, "manage.py", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings_of_demo}, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 30
        while message.attempts == 0 and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
            message.refresh_from_db()
        running.send_signal(signal.SIGTERM)
        complaints = running.stderr.read().decode()

    assert running.returncode == 0, complaints
    assert message.attempts == 1, complaints
