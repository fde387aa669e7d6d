"""The test bench: real servers on demand, and what happens when one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase

from cms.page_cache import GENERATION
from kernel.freeze import freeze, melt
from support.services import promises
from tests import servers


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what needs a part that is not there; with REQUIRE_ALL=1 that is a failure instead."""
    for mark, part in (("redis", servers.redis_part()), ("browser", servers.chromium_part())):
        if item.get_closest_marker(mark) and not part.found:
            if servers.REQUIRE_ALL:
                pytest.fail(f"{part.name} is missing: {part.remedy}", pytrace=False)
            pytest.skip(f"{part.name} is missing: {part.remedy}")
    if item.get_closest_marker("postgres") and connections["default"].vendor != "postgresql":
        pytest.skip("runs on PostgreSQL only: manage.py test --postgres")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that commit empty the tables, also of what migrations wrote and the other tests rely on: they come last.

    pytest-django sees to that, but pytest then gathers all tests of one browser where the first of them stands.
    """
    last = max((place for place, item in enumerate(items) if is_rolled_back(item)), default=0)
    early = next((item for item in items[:last] if commits(item)), None)
    if early:
        raise pytest.UsageError(f"{early.nodeid} commits, and would run before {items[last].nodeid}")


def commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", ())
    return bool(mark and mark.kwargs.get("transaction")) or "transactional_db" in fixtures or "live_server" in fixtures


def is_rolled_back(item: pytest.Item) -> bool:
    uses = item.get_closest_marker("django_db") is not None or "db" in getattr(item, "fixturenames", ())
    return uses and not commits(item)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A SQLite database of this run's own, so that two runs do not meet; `--reuse-db` keeps the shared one."""
    default = connections.databases["default"]
    if default["ENGINE"].endswith("sqlite3") and not request.config.getvalue("reuse_db"):
        default["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of the PostgreSQL server of this run; make a database of your own there with `fresh_database`."""
    with servers.running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.RunningRedis]:
    """A Redis of this run's own, which a test may freeze and thaw."""
    with servers.running_redis() as running:
        yield running


@pytest.fixture(scope="session")
def redis_url(redis_server: servers.RunningRedis) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of a downloaded one."""
    return {**browser_type_launch_args, "executable_path": servers.chromium_path(), "args": servers.CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A visitor from Tehran."""
    return {**browser_context_args, "locale": "fa-IR", "timezone_id": "Asia/Tehran"}


@pytest.fixture(autouse=True, scope="session")
def _melt_frozen_rows_before_a_flush() -> Iterator[None]:
    """Tests that commit empty every table afterwards; on SQLite that is a DELETE, which frozen rows refuse."""
    flush = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        melt(connections["default"])
        flush(self)
        freeze(connections["default"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(autouse=True)
def _pages_of_this_test() -> None:
    """The cache outlives a test; the pages in it do not, nor what the desk promises."""
    cache.delete_many([GENERATION, promises.KEY])
