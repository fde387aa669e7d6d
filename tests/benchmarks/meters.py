"""What servers spend: CPU and memory from /proc, statements from PostgreSQL's own books."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
TRANSACTION_CONTROL = ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
READS = ("SELECT", "SHOW", "SET", "VALUES")
HEALTH_CHECK = "SELECT $1"
FOREIGN_KEY_CHECK = " FOR KEY SHARE OF x"  # the server's own, at the end of a transaction


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(below for child in _children(pid) for below in tree(child))]


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time of these processes and all below them, those that ended meanwhile included."""
    return sum(_ticks(pid) for root in roots for pid in tree(root)) / TICKS


def _ticks(pid: int) -> int:
    with suppress(OSError):
        # Behind the name (which may hold blanks): utime, stime and, of children that ended, cutime and cstime.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15])
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of a web server, in MB: the largest worker (at its peak, now); all processes, what they share counted once."""

    worker_peak: float
    worker: float
    all: float


def memory(root: int) -> Memory:
    processes = tree(root)
    return Memory(
        worker_peak=max(_megabytes(pid, "status", "VmHWM") for pid in processes[1:]),
        worker=max(_megabytes(pid, "status", "VmRSS") for pid in processes[1:]),
        all=sum(_megabytes(pid, "smaps_rollup", "Pss") for pid in processes),
    )


def _megabytes(pid: int, file: str, name: str) -> float:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Of one request: `sql` are reads and writes; `trips` count BEGIN, COMMIT and health checks as well."""

    sql: float
    writes: float
    commits: float
    trips: float
    database_ms: float


class Books:
    """PostgreSQL's statistics of one database while the block lasts, read over a connection to another database."""

    def __init__(self, server_url: str, database: str) -> None:
        self.server_url, self.database = server_url, database

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self.server_url, autocommit=True)
        self._connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self._connection.execute("SELECT pg_stat_statements_reset()")
        self._first = self._next_transaction()
        return self

    def __exit__(self, *_error: object) -> None:
        self._written = self._next_transaction() - self._first - 1
        found = self._connection.execute(
            "SELECT query, calls, total_exec_time FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
            "WHERE datname = %s",
            [self.database],
        )
        self._rows = found.fetchall()
        self._connection.close()

    def per_request(self, requests: int) -> Statements:
        """After the block, in which so many requests were made."""
        return tally(self._rows, written=self._written, requests=requests)

    def _next_transaction(self) -> int:
        row = self._connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        return int(row[0])


def settle(database_url: str) -> None:
    """Leaves the database nothing to tidy up that would show in the next rounds."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def tally(rows: Iterable[tuple[str, int, float]], *, written: int, requests: int) -> Statements:
    """Sums up (statement, calls, ms) over so many requests; `written` transactions changed or locked something."""
    sql = writes = trips = 0
    spent = 0.0
    for statement, calls, milliseconds in rows:
        spent += milliseconds
        if statement.endswith(FOREIGN_KEY_CHECK):
            continue
        trips += calls
        word = statement.lstrip("(").split(None, 1)[0].rstrip(";").upper()
        if word in TRANSACTION_CONTROL or statement == HEALTH_CHECK:
            continue
        sql += calls
        writes += 0 if word in READS else calls
    return Statements(
        sql=sql / requests,
        writes=writes / requests,
        commits=written / requests,
        trips=trips / requests,
        database_ms=spent / requests,
    )
