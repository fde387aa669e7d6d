"""A sandbox of its own for every test, with a clock the test can turn."""

from collections.abc import Iterator

import pytest

from integrations.sandbox.server import Sandbox, start


class Clock:
    """Seconds since 1970 that move only when told to."""

    def __init__(self) -> None:
        self.moment = 1_795_000_000.0

    def __call__(self) -> float:
        return self.moment

    def pass_seconds(self, seconds: float) -> None:
        self.moment += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with start(now=clock) as running:
        yield running
