"""What a benchmark runs on: servers of our own, started, filled and ended by one `with`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests import servers
from tests.benchmarks.load import HOST, Request, UnexpectedAnswer, ask
from tests.benchmarks.meters import Books, settle
from tests.benchmarks.visitors import Visitors

# Everything else as PostgreSQL comes: what is committed is on the disk.
POSTGRES_SETTINGS = ["shared_preload_libraries = 'pg_stat_statements'", "max_connections = 60"]
WORKERS = 2
BUYERS_PER_DEVICE = 0.3
FLOOR = "floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A gunicorn that serves; `roots` are the first processes of all that works for it."""

    port: int
    pid: int
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """The portal on one database."""

    web: Web
    visitors: Visitors
    devices: int
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that runs: the floor with its visitor's session, the portal by number of devices (ascending), the bank."""

    server_url: str
    floor: Web
    floor_session: str
    portals: list[Portal]
    bank_port: int

    @property
    def full(self) -> Portal:
        """The portal with the most devices."""
        return self.portals[-1]

    def books(self, database: str) -> Books:
        return Books(self.server_url, database)


@contextmanager
def running_stage(sizes: list[int], *, fleet: int, tickets_each: int = 0) -> Iterator[Stage]:
    """Starts and fills everything; `sizes` are numbers of devices, each a database and a portal of its own.

    `tickets_each` says how many tickets there are to a device.
    """
    with ExitStack() as stack:
        postgres = stack.enter_context(servers.own_postgres(POSTGRES_SETTINGS))
        redis = stack.enter_context(servers.running_redis())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-benchmarks-"))
        bank_port = stack.enter_context(_bank())
        shared = (postgres.pid, redis.process.pid) if redis.process else (postgres.pid,)

        floor_env = _environment(database_url=database(postgres.url, FLOOR), redis_url=redis.url)
        floor_env["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.floor.settings"
        floor_session = _answer_of(["-m", "tests.benchmarks.floor.seed"], floor_env)
        floor = stack.enter_context(_web("tests.benchmarks.floor.wsgi", floor_env, shared, probe="/one"))

        environment = _environment(
            database_url=database(postgres.url, "portal_bare"),
            redis_url=redis.url,
            STATIC_ROOT=folder,
            MEDIA_ROOT=f"{folder}/media",
            REHEARSAL="1",
            **_providers(bank_port),
        )
        _prepare(environment)
        portals = []
        for number, devices in enumerate(sorted(sizes)):
            name = f"portal_{devices}"
            own = {
                "DATABASE_URL": database(postgres.url, name, template="portal_bare"),
                "REDIS_URL": f"{redis.url.rpartition('/')[0]}/{number}",
            }
            visitors = _seed({**environment, **own}, devices=devices, fleet=fleet, tickets=devices * tickets_each)
            settle(own["DATABASE_URL"])
            web = stack.enter_context(_web("portal.wsgi", {**environment, **own}, shared, probe="/healthz"))
            portals.append(Portal(web=web, visitors=visitors, devices=devices, database=name))
        yield Stage(
            server_url=postgres.url,
            floor=floor,
            floor_session=floor_session,
            portals=portals,
            bank_port=bank_port,
        )


def _environment(*, database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    environment = servers.production_environment(database_url=database_url, redis_url=redis_url, **more)
    return {
        **environment,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "PUBLIC_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
        "DB_STATEMENT_TIMEOUT": "0",
        "DB_CONN_MAX_AGE": "3600",  # no new connection while statements are counted
    }


def _providers(port: int) -> dict[str, str]:
    base = f"http://127.0.0.1:{port}"
    return {
        "ZARINPAL_BASE_URL": f"{base}/zarinpal",
        "ZARINPAL_MERCHANT_ID": "00000000-0000-4000-8000-000000000000",
        "KAVENEGAR_BASE_URL": f"{base}/kavenegar",
        "KAVENEGAR_API_KEY": "sandbox-kavenegar-key",
        "DIDAR_BASE_URL": f"{base}/didar",
        "DIDAR_API_KEY": "sandbox-didar-key",
    }


def database(server_url: str, name: str, *, template: str = "template1") -> str:
    """Makes a database; its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def _prepare(environment: Mapping[str, str]) -> None:
    """Tables, fonts and static files."""
    for command in (["migrate"], ["build_fonts"], ["collectstatic", "--noinput"]):
        _answer_of(["manage.py", *command, "--verbosity=0"], environment)


def _seed(environment: Mapping[str, str], *, devices: int, fleet: int, tickets: int) -> Visitors:
    buyers = max(1, round(devices * BUYERS_PER_DEVICE))
    numbers = [f"--buyers={buyers}", f"--devices={devices}", f"--fleet={fleet}", f"--tickets={tickets}"]
    return Visitors.from_json(_answer_of(["-m", "tests.benchmarks.seed", *numbers], environment))


def _answer_of(arguments: list[str], environment: Mapping[str, str]) -> str:
    """The last line that a program of ours prints. Raises RuntimeError with its complaints."""
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {ran.returncode}:\n{ran.stderr[-3000:]}")
    return ran.stdout.strip().rpartition("\n")[2]


@contextmanager
def _bank() -> Iterator[int]:
    """The stand-ins of the providers."""
    port = servers.free_port()
    with process(["-m", "integrations.sandbox", f"--port={port}"], {**os.environ, "PYTHONPATH": str(servers.ROOT)}):
        servers.wait_for_port(port)
        yield port


@contextmanager
def _web(application: str, environment: dict[str, str], shared: tuple[int, ...], *, probe: str) -> Iterator[Web]:
    """gunicorn as it is deployed, but with two workers that do one thing at a time."""
    port = servers.free_port()
    bound = {"WEB_BIND": f"127.0.0.1:{port}", "WEB_WORKERS": str(WORKERS), "WEB_THREADS": "1"}
    options = [
        "--worker-class=sync",
        "--max-requests=0",
        "--config=site/deploy/gunicorn.conf.py",
        "--log-level=warning",
    ]
    with process(["-m", "gunicorn", *options, application], {**environment, **bound}) as started:
        wait_until_served(port, probe)
        yield Web(port=port, pid=started.pid, roots=(started.pid, *shared))


@contextmanager
def process(
    arguments: list[str], environment: Mapping[str, str], *, python: str = sys.executable, folder: Path = servers.ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Python's that runs while the block lasts."""
    # What it logs costs it as much as in an installation, but is not kept.
    started = subprocess.Popen(
        [python, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_until_served(port: int, path: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            ask(port, Request(path=path))
        except (OSError, UnexpectedAnswer):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
