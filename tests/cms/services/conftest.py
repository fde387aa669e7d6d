"""Stand-ins as providers, emptied for each test; and a worker whose clock can be turned on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from cms.services.delivery_report import ask_for_reports
from cms.services.work import work
from integrations.sandbox.server import Sandbox, start
from tests.faults.house import use


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start(port=0) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings) -> Sandbox:
    use(running_sandbox, settings)
    settings.SMS_PROVIDERS = ["kavenegar", "smsir"]
    settings.SMSIR_BASE_URL = f"{running_sandbox.url}/smsir"
    settings.WHATSAPP_BASE_URL = f"{running_sandbox.url}/whatsapp"
    settings.NOTICE_QUIET_HOURS = {"default": ("00:00", "00:00")}
    return running_sandbox


class Worker:
    """One worker; `ahead` of the real clock by what has been waited."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self):
        return timezone.now() + self.ahead

    def wait(self, **length: float) -> None:
        self.ahead += timedelta(**length)

    def work(self) -> int:
        """One round; returns how many messages were tried."""
        return work(now=self.now, seconds=30)

    def ask(self) -> int:
        return ask_for_reports(now=self.now())


@pytest.fixture
def worker(sandbox: Sandbox) -> Worker:
    return Worker()
