"""`manage.py up` on a newcomer's machine: the renewal by script, a lost answer of the bank, and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernel.jalali import tehran_today
from tests.clone import clone_into, two_free_ports
from tests.faults.programs import Program, plain_environment, running, wait_until
from tests.faults.shows import (
    Buyer,
    Portal,
    Sandbox,
    assert_forged_callback_changes_nothing,
    assert_renewed,
    assert_ten_more_callbacks_change_nothing,
    assert_told,
    at_the_bank,
)

pytestmark = pytest.mark.slow

# A gateway has eight seconds to answer, and a page ten.
SLOWEST_SECONDS = 10.0


@dataclass
class Demo:
    portal: Portal
    sandbox: Sandbox
    up: Program
    folder: Path


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A fresh clone that says it is ready."""
    folder, logs = tmp_path / "clone", tmp_path / "logs"
    folder.mkdir()
    logs.mkdir()
    python, port = clone_into(folder), two_free_ports()
    with running(logs, plain_environment(), folder=folder, python=python) as programs:
        up = programs.start("up", "manage.py", "up", "--port", port)
        try:
            wait_until(lambda: "Ctrl-C ends everything" in up.said, seconds=180, why=lambda: up.said)
            yield Demo(Portal(f"http://127.0.0.1:{port}"), Sandbox(f"http://127.0.0.1:{port + 1}"), up, folder)
        finally:
            up.stop()  # its children are no members of its group


def test_renewal_whose_bank_falls_silent(demo: Demo):
    portal, sandbox, today = demo.portal, demo.sandbox, tehran_today()
    buyer = Buyer(portal)
    portal.sign_in("sara")
    device = buyer.expired_device()
    order = buyer.renew(device)
    payment = buyer.pay(order)
    address = at_the_bank(payment)

    sandbox.arm("zarinpal", "timeout_after_effect")
    sandbox.arm("zarinpal", "delay", match="verify.json", seconds=3)  # when the worker asks: time to look at the page
    answer = portal.follow(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/orders/{order['number']}/")
    assert portal.slowest < SLOWEST_SECONDS
    page = portal.page(f"/orders/{order['number']}/")
    assert "از بانک" in page
    assert f"/orders/{order['number']}/pay/" not in page
    assert buyer.payment(payment["id"])["status"] in {"unknown", "verifying"}
    refused = buyer.ask("POST", f"/orders/{order['number']}/payments/", json={}, status=409)
    assert refused["code"] == "payment.in_doubt"

    def is_paid() -> bool:
        return buyer.payment(payment["id"])["status"] == "paid"

    wait_until(is_paid, seconds=40, every=1, why=lambda: demo.up.said)
    assert_renewed(buyer, order, since=today)
    paid = buyer.order(order["number"])
    wait_until(lambda: sandbox.has_been_told(paid), seconds=20, why=lambda: demo.up.said)
    assert_told(sandbox, buyer, order)
    assert_ten_more_callbacks_change_nothing(sandbox, buyer, order, address)
    assert_forged_callback_changes_nothing(sandbox, buyer, address)

    assert len(family_of(demo)) >= 4
    assert demo.up.stop(signal.SIGINT) == 0, demo.up.said
    assert family_of(demo) == []


def family_of(demo: Demo) -> list[str]:
    """Ids of the processes that work in the clone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if place == demo.folder:
            found.append(process.name)
    return found
