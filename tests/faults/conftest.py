"""One set of stand-ins for all of these tests, empty at the beginning of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from integrations.sandbox.server import Sandbox, start
from tests.faults.house import PATIENCE, House


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start(port=0) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, settings) -> Sandbox:
    """The stand-ins as the house's providers."""
    url = running_sandbox.url
    running_sandbox.reset()
    settings.OUTBOUND_HOSTS = {url.removeprefix("http://")}
    settings.ZARINPAL_BASE_URL = f"{url}/zarinpal"
    settings.KAVENEGAR_BASE_URL = f"{url}/kavenegar"
    settings.DIDAR_BASE_URL = f"{url}/didar"
    settings.PROVIDER_TIMEOUT_SECONDS = PATIENCE
    return running_sandbox


@pytest.fixture
def house(sandbox: Sandbox, transactional_db) -> House:
    """A buyer, an expired device and two years' price of 97,900,000 rial."""
    cache.clear()  # throttles outlive a test
    return House(sandbox)
