"""Stand-ins as providers, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.sandbox.server import Sandbox, start
from tests.faults.house import use


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start(port=0) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings) -> Sandbox:
    use(running_sandbox, settings)
    settings.NOTICE_QUIET_HOURS = {"default": ("00:00", "00:00")}
    return running_sandbox
