"""The renewal on a real installation: PostgreSQL, Redis, gunicorn, Celery worker and beat, each a process of its own.

In the middle the broker stands still, as a machine out of memory or a paused virtual disk makes it: pages and the REST
face go on, what was to be told waits in the database, and the beat finds it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from tests import servers
from tests.faults.programs import Program, Programs, running, wait_until
from tests.faults.shows import (
    PASSWORD,
    Buyer,
    Portal,
    Sandbox,
    assert_forged_callback_changes_nothing,
    assert_renewed,
    assert_ten_more_callbacks_change_nothing,
    assert_told,
    at_the_bank,
)

pytestmark = [pytest.mark.redis, pytest.mark.slow]

SEED = """
import django; django.setup()
from django.utils import timezone
from portal.demo import load
assert load(timezone.now())
"""
HOST = "portal.example.ir"
PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
KEYS = {
    "ZARINPAL_MERCHANT_ID": "5e3bb1c0-9a51-4c1c-8f8b-b1a4ed000001",
    "KAVENEGAR_API_KEY": "planted-kavenegar-key-4b6f70656e",
    "DIDAR_API_KEY": "planted-didar-key-6d79206b6579",
    "METRICS_TOKEN": "planted-metrics-token",
}
SLOWEST_SECONDS = 2.0


@dataclass
class Installation:
    portal: Portal
    sandbox: Sandbox
    redis: servers.RunningRedis
    programs: Programs
    worker: Program

    def start_worker(self) -> None:
        self.worker = start_worker(self.programs)

    @contextmanager
    def frozen_broker(self) -> Iterator[None]:
        """Redis accepts connections and says nothing within the block."""
        self.redis.freeze()
        try:
            yield
        finally:
            self.redis.thaw()

    def forget_broker(self) -> None:
        """Everything in Redis is gone: bells, counters, what the worker had not confirmed."""
        with redis.from_url(self.redis.url) as client:
            client.flushall()

    def cut_connections(self) -> None:
        """The database ends every connection, as a restart does."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with psycopg.connect(self.programs.environment["DATABASE_URL"]) as connection:
            connection.execute(f"{others} AND pid <> pg_backend_pid()")


def start_worker(programs: Programs) -> Program:
    return programs.start("worker", "-m", "celery", "-A", "portal", "worker", "--concurrency=1")


@pytest.fixture(scope="module")
def running_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Everything that `site/deploy` starts, on free ports, with secrets of its own and the demo's people."""
    web, sandbox = servers.free_port(), servers.free_port()
    sandbox_url, folder = f"http://127.0.0.1:{sandbox}", tmp_path_factory.mktemp("installation")
    with (
        pytest.MonkeyPatch.context() as patch,
        servers.running_postgres() as server,
        servers.fresh_database(server, f"rehearsal_{os.getpid()}") as database_url,
    ):
        patch.delenv("TEST_REDIS_URL", raising=False)  # one of our own: it will be frozen
        with (
            servers.running_redis() as broker,
            running(folder, environment_of(database_url, broker.url, sandbox_url, folder, web)) as programs,
        ):
            programs.run("manage.py", "migrate", "--verbosity=0")
            programs.run("manage.py", "build_fonts")
            programs.run("manage.py", "collectstatic", "--noinput", DJANGO_SETTINGS_MODULE="tests.faults.collect")
            programs.run("-c", SEED)
            programs.start("sandbox", "-m", "integrations.sandbox", "--port", sandbox)
            programs.start("web", "-m", "gunicorn", "-c", "site/deploy/gunicorn.conf.py")
            programs.start("beat", "-m", "celery", "-A", "portal", "beat", "--schedule", folder / "schedule")
            worker = start_worker(programs)
            servers.wait_for_port(web, seconds=60)
            portal = Portal(f"http://127.0.0.1:{web}", PROXY)
            yield Installation(portal, Sandbox(sandbox_url), broker, programs, worker)


@pytest.fixture
def installation(running_installation: Installation) -> Installation:
    """All of it ready."""
    portal, said = running_installation.portal, running_installation.programs.tail
    wait_until(lambda: portal.ask("GET", "/readyz").status_code == 200, seconds=60, every=0.5, why=said)
    return running_installation


def environment_of(database_url: str, redis_url: str, sandbox_url: str, folder: Path, port: int) -> dict[str, str]:
    return servers.production_environment(
        database_url=database_url,
        redis_url=redis_url,
        **KEYS,
        PUBLIC_URL=f"https://{HOST}",
        REHEARSAL="1",
        ZARINPAL_BASE_URL=f"{sandbox_url}/zarinpal",
        KAVENEGAR_BASE_URL=f"{sandbox_url}/kavenegar",
        DIDAR_BASE_URL=f"{sandbox_url}/didar/api",
        STATIC_ROOT=str(folder / "static"),
        MEDIA_ROOT=str(folder / "media"),
        WEB_BIND=f"127.0.0.1:{port}",
    )


def test_renewal_with_the_broker_frozen_in_the_middle(installation: Installation):
    portal, today = installation.portal, tehran_today()
    buyer = Buyer(portal)
    portal.sign_in("sara")
    device = buyer.expired_device()
    installation.sandbox.arm("didar", "delay", seconds=1)
    order = buyer.renew(device)
    wait_until(installation.sandbox.is_struck, seconds=40)

    with installation.frozen_broker():
        # The worker's task ends and cannot even tell the broker so.
        wait_until(lambda: installation.sandbox.deals(order) == ["Pending"])
        time.sleep(2)
        portal.slowest = 0.0
        payment = buyer.pay(order)
        address = at_the_bank(payment)
        assert portal.follow(address).status_code == 303
        assert_renewed(buyer, order, since=today)
        for path in ("/dashboard/", f"/devices/{device['id']}/", f"/orders/{order['number']}/", "/inbox/"):
            assert 'lang="fa"' in portal.page(path)
        assert portal.ask("GET", "/healthz").status_code == 200
        assert portal.ask("GET", "/readyz").status_code == 503
        assert portal.slowest < SLOWEST_SECONDS
        assert installation.sandbox.deals(order) == ["Pending"]

    assert_comes_to_be_told(installation, buyer, order)
    assert_told(installation.sandbox, buyer, order)
    assert_ten_more_callbacks_change_nothing(installation.sandbox, buyer, order, address)
    assert_forged_callback_changes_nothing(installation.sandbox, buyer, address)
    assert_logs_keep_secrets(installation, buyer)


def test_broker_that_forgets_everything_loses_nothing(installation: Installation):
    """The bell rang while the worker was away, and then the broker lost its memory: the beat finds the messages."""
    buyer = Buyer(installation.portal, "omid")
    assert installation.worker.stop() == 0
    order = buyer.renew(buyer.devices("expired")[0])
    assert installation.portal.follow(at_the_bank(buyer.pay(order))).status_code == 303
    installation.forget_broker()
    installation.start_worker()

    assert_comes_to_be_told(installation, buyer, order)


def test_pages_and_worker_survive_a_database_that_hangs_up(installation: Installation):
    buyer = Buyer(installation.portal, "omid")
    device = buyer.devices("expired")[-1]
    installation.cut_connections()
    order = buyer.renew(device)
    installation.cut_connections()
    payment = buyer.pay(order)
    installation.cut_connections()
    assert installation.portal.follow(at_the_bank(payment)).status_code == 303
    installation.cut_connections()

    assert_comes_to_be_told(installation, buyer, order)


def assert_comes_to_be_told(installation: Installation, buyer: Buyer, order: dict[str, Any]) -> None:
    """The order is paid, and the CRM and the buyer's phone come to know it: a lease and a beat later at the latest."""
    paid = buyer.order(order["number"])
    assert paid["status"] == "paid"
    wait_until(lambda: installation.sandbox.has_been_told(paid), seconds=125, why=installation.programs.tail)


def assert_logs_keep_secrets(installation: Installation, buyer: Buyer) -> None:
    environment = installation.programs.environment
    secrets = [environment[name] for name in ("SECRET_KEY", "BLIND_INDEX_KEY", *KEYS)]
    secrets += [environment["FIELD_KEYS"].partition("=")[2], buyer.token, PASSWORD]
    secrets += [make_national_code(101), "9121110001", "502229******5995"]
    for program in installation.programs.started:
        assert [secret for secret in secrets if secret in program.said] == [], program.name
    lines = web_lines(installation)
    # Django says once more what structlog has said, after the request is over.
    ours = [line for line in lines if line["logger"] not in {"gunicorn.error", "django.request"}]
    assert {"integrations.http", "integrations.tasks", "portal.caches"} <= {line["logger"] for line in ours}
    assert [line for line in ours if not line.get("request_id")] == []


def web_lines(installation: Installation) -> list[dict[str, Any]]:
    """What the web said, line by line: all of it JSON, but for the warning before logging begins."""
    web = next(program for program in installation.programs.started if program.name == "web")
    return [json.loads(line) for line in web.said.splitlines() if not line.startswith("REHEARSAL=1: ")]
