"""Workers that are killed between claim and settle: the next one finds the message, and nobody is told twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from integrations.models import OutboxMessage
from tests.faults.house import House
from tests.faults.programs import Program, Programs, plain_environment, running, wait_until
from tests.servers import ROOT, address_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HELD = {"seconds": 60}  # longer than any of these workers lives
START_SECONDS = 30


@pytest.fixture
def programs(house: House, tmp_path: Path) -> Iterator[Programs]:
    """Processes beside this one, on the same database and the same stand-ins."""
    environment = plain_environment(
        PYTHONPATH=f"{ROOT}:{ROOT / 'site'}",
        DJANGO_SETTINGS_MODULE="tests.faults.settings",
        DATABASE_URL=address_of(connection.settings_dict),
        SANDBOX_URL=house.sandbox.url,
    )
    with running(tmp_path, environment) as started:
        yield started


def wait_until_struck(house: House, left: int, worker: Program) -> None:
    """The worker has claimed, the provider has acted, and the answer is on its way for a minute."""
    wait_until(lambda: len(house.sandbox.dial.armed()) == left, seconds=START_SECONDS, why=lambda: worker.said)


def statuses() -> set[str]:
    return set(OutboxMessage.objects.values_list("status", flat=True))


def test_worker_killed_at_every_call_tells_everybody_once(house: House, programs: Programs):
    order = house.order()
    assert house.pay(order).status == "paid"
    calls = ["contact/save", "sms/send", "deal/save_v2"]
    for call in calls:
        house.sandbox.arm("kavenegar" if "sms" in call else "didar", "delay", match=call, **HELD)
    for left in (2, 1, 0):
        worker = programs.start("worker", "manage.py", "worker")
        wait_until_struck(house, left, worker)
        assert "sending" in statuses()
        worker.kill()

    last = programs.start("worker", "manage.py", "worker")
    wait_until(lambda: statuses() == {"delivered"}, seconds=START_SECONDS, why=lambda: last.said)
    assert last.stop() == 0
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def test_worker_killed_while_it_asks_the_bank_loses_no_payment(house: House, programs: Programs):
    order = house.order()
    payment = house.start(order)
    house.at_the_bank(payment)
    payment.next_check_at = payment.redirected_at
    payment.save()
    house.sandbox.arm("zarinpal", "delay", match="verify.json", **HELD)
    worker = programs.start("worker", "manage.py", "worker")
    wait_until_struck(house, 0, worker)
    worker.kill()

    payment.refresh_from_db()
    assert (payment.status, house.standing()[0]) == ("verifying", "expired")
    assert house.sweep() == 0  # the dead worker's lease
    house.wait_for(payment.lease_until)
    assert house.sweep() == 1
    house.wait_for_messages()
    house.assert_renewed_once(order)
    house.assert_told_once(order)


@pytest.mark.redis
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
def test_celery_child_and_then_the_whole_worker_killed(house: House, programs: Programs, redis_url: str):
    order = house.order()
    assert house.pay(order).status == "paid"
    for call in ("sms/send", "deal/save_v2"):
        house.sandbox.arm("kavenegar" if "sms" in call else "didar", "delay", match=call, **HELD)

    celery = ["-m", "celery", "-A", "portal"]
    programs.environment["CELERY_BROKER_URL"] = redis_url
    programs.start("beat", *celery, "beat", "--schedule", programs.logs / "schedule")
    worker = programs.start("worker", *celery, "worker", "--concurrency=1")
    wait_until_struck(house, 1, worker)
    os.kill(only_child(worker), signal.SIGKILL)
    wait_until_struck(house, 0, worker)
    worker.kill()
    assert "sending" in statuses()

    last = programs.start("worker", *celery, "worker", "--concurrency=1")
    wait_until(lambda: statuses() == {"delivered"}, seconds=START_SECONDS, why=lambda: last.said)
    house.assert_renewed_once(order)
    house.assert_told_once(order)


def only_child(worker: Program) -> int:
    """The process of the pool in which the task runs."""
    [child] = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()
    return int(child)
