"""What servers spend: CPU and memory from /proc, statements from PostgreSQL's own books."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
TRANSACTION_CONTROL = ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
READS = ("SELECT", "SHOW", "SET", "VALUES")
HEALTH_CHECK = "SELECT $1"


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
    """Of a web server, in MB: the largest worker at its peak, and now; all its processes together now."""

    worker_peak: float
    worker: float
    all: float


def memory(root: int) -> Memory:
    workers = tree(root)[1:]
    return Memory(
        worker_peak=max(_status_mb(pid, "VmHWM") for pid in workers),
        worker=max(_status_mb(pid, "VmRSS") for pid in workers),
        all=sum(_status_mb(pid, "VmRSS") for pid in tree(root)),
    )


def _status_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
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
    """PostgreSQL's statistics of one database, read over a connection to another."""

    def __init__(self, server_url: str, database: str) -> None:
        import psycopg

        self.connection = psycopg.connect(server_url, autocommit=True)
        self.connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.database = database

    def open(self) -> None:
        """Begins to count."""
        self.connection.execute("SELECT pg_stat_statements_reset()")
        self.first_transaction = self._next_transaction()

    def close(self, *, requests: int) -> Statements:
        """What was counted since `open`, per request."""
        written = self._next_transaction() - self.first_transaction - 1
        found = self.connection.execute(
            "SELECT query, calls, total_exec_time FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
            "WHERE datname = %s",
            [self.database],
        )
        return tally(found.fetchall(), written=written, requests=requests)

    def _next_transaction(self) -> int:
        row = self.connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        return int(row[0])

    def settle(self) -> None:
        """Leaves the server nothing to tidy up that would show in the next rounds."""
        import psycopg

        with psycopg.connect(self.connection.info.dsn, dbname=self.database, autocommit=True) as own:
            own.execute("VACUUM (ANALYZE)")
            own.execute("CHECKPOINT")


def tally(rows: Iterable[tuple[str, int, float]], *, written: int, requests: int) -> Statements:
    """Sums up (statement, calls, ms) over so many requests; `written` transactions changed or locked something."""
    sql = writes = trips = 0
    spent = 0.0
    for statement, calls, milliseconds in rows:
        trips += calls
        spent += milliseconds
        word = statement.split(None, 1)[0].rstrip(";").upper()
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
