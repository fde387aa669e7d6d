"""Workers that are killed while a notice goes out: every buyer is told exactly once, and the proof says the same."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from cms.models import Campaign, CampaignDelivery, Dossier
from customer.services.record import exported
from tests.factories.cms import make_running
from tests.factories.customer import make_buyer
from tests.faults.house import House
from tests.faults.programs import Programs, plain_environment, running, wait_until
from tests.servers import ROOT, address_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BUYERS, KILLS = 60, 4
START_SECONDS = 40


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


def received(house: House) -> Counter:
    return Counter(sms["receptor"] for sms in house.sandbox.snapshot()["sms"])


def states() -> set[str]:
    return set(CampaignDelivery.objects.filter(channel="sms").values_list("status", flat=True))


def make_crowd() -> list:
    return [make_buyer() for _ in range(BUYERS)]


def assert_told_once(house: House, buyers: list) -> None:
    """As many messages as buyers, one each, and the dossier names the same ones."""
    campaign = Campaign.objects.get()
    named = {buyer.phone for buyer in buyers} | {house.device.owner.phone}
    assert received(house) == Counter({f"0{phone[3:]}": 1 for phone in named})
    assert campaign.deliveries.filter(channel="inbox", status="delivered").count() == len(named)
    told = exported(Dossier.objects.filter(part=0).latest("version").record)["content"]["recipients"]
    proved = {recipient["channels"]["sms"]["external_id"] for recipient in told}
    assert proved == {str(sms["messageid"]) for sms in house.sandbox.snapshot()["sms"]}


def test_killed_with_the_answer_on_its_way(house: House, programs: Programs):
    """The provider has taken the batch, and the worker dies before it hears so; then again while it looks it up."""
    buyers = make_crowd()
    make_running()
    for call in ("sms/sendarray", "sms/statuslocal"):
        house.sandbox.arm("kavenegar", "delay", match=call, seconds=60)
    for left in (1, 0):
        worker = programs.start("worker", "manage.py", "worker")
        wait_until(
            lambda left=left: len(house.sandbox.dial.armed()) == left,
            seconds=START_SECONDS,
            why=lambda worker=worker: worker.said,
        )
        assert "sending" in states()
        worker.kill()
    last = programs.start("worker", "manage.py", "worker")
    wait_until(lambda: Dossier.objects.filter(part=0).exists(), seconds=START_SECONDS, why=lambda: last.said)
    assert last.stop() == 0
    assert_told_once(house, buyers)


def test_killed_at_random(house: House, programs: Programs):
    """Small batches, and a worker that dies somewhere in each of its lives."""
    buyers = make_crowd()
    make_running(throttle_per_minute=100_000)
    chance = random.Random(4)
    for _ in range(KILLS):
        house.sandbox.arm("kavenegar", "delay", match="sms/sendarray", seconds=0.2, times=1)
        worker = programs.start("worker", "manage.py", "worker", NOTICE_BATCH="5")
        before = len(house.sandbox.snapshot()["sms"])
        wait_until(
            lambda before=before: len(house.sandbox.snapshot()["sms"]) > before or not states() & {"queued", "sending"},
            seconds=START_SECONDS,
            why=lambda worker=worker: worker.said,
        )
        time.sleep(chance.uniform(0, 0.25))
        worker.kill()
    last = programs.start("worker", "manage.py", "worker")
    wait_until(lambda: Dossier.objects.filter(part=0).exists(), seconds=START_SECONDS, why=lambda: last.said)
    assert last.stop() == 0
    assert_told_once(house, buyers)
