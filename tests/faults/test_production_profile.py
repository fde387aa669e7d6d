"""The renewal on a real installation: PostgreSQL, Redis, gunicorn, Celery worker and beat, each a process of its own.

In the middle the broker stands still, as a machine out of memory or a paused virtual disk makes it: pages and the REST
face go on, what was to be told waits in the database, and the beat finds it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from tests import servers
from tests.faults.programs import Programs, running, wait_until
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
    "ZARINPAL_MERCHANT_ID": "5e3bb1c0-9a51-4c1c-8f8b-planted00001".replace("planted", "b1a4ed0"),
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


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Everything that `site/deploy` starts, on free ports, with secrets of its own and the demo's people."""
    web, sandbox = servers.free_port(), servers.free_port()
    sandbox_url = f"http://127.0.0.1:{sandbox}"
    with (
        servers.running_postgres() as server,
        servers.running_redis() as redis,
        servers.fresh_database(server, "rehearsal") as database_url,
        running(tmp_path, environment_of(database_url, redis.url, sandbox_url, tmp_path, web)) as programs,
    ):
        programs.run("manage.py", "migrate", "--verbosity=0")
        programs.run("manage.py", "build_fonts")
        programs.run("manage.py", "collectstatic", "--noinput", DJANGO_SETTINGS_MODULE="tests.faults.collect")
        programs.run("-c", SEED)
        programs.start("sandbox", "-m", "integrations.sandbox", "--port", sandbox)
        programs.start("web", "-m", "gunicorn", "-c", "site/deploy/gunicorn.conf.py")
        programs.start("worker", "-m", "celery", "-A", "portal", "worker", "--concurrency=1")
        programs.start("beat", "-m", "celery", "-A", "portal", "beat", "--schedule", tmp_path / "schedule")
        portal = Portal(f"http://127.0.0.1:{web}", PROXY)
        servers.wait_for_port(web, seconds=60)
        wait_until(
            lambda: portal.ask("GET", "/readyz").status_code == 200, seconds=60, why=lambda: programs.said[-3000:]
        )
        yield Installation(portal, Sandbox(sandbox_url), redis, programs)


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

    installation.redis.freeze()
    # The worker's task ends and cannot even tell the broker so.
    wait_until(lambda: installation.sandbox.deals() == ["Pending"])
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
    assert installation.sandbox.state()["sms"] == []
    installation.redis.thaw()

    wait_until(installation.sandbox.has_been_told, seconds=75, why=lambda: installation.programs.said[-3000:])
    assert_told(installation.sandbox, buyer, order)
    assert_ten_more_callbacks_change_nothing(installation.sandbox, buyer, order, address)
    assert_forged_callback_changes_nothing(installation.sandbox, buyer, address)
    assert_logs_keep_secrets(installation, buyer)


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
