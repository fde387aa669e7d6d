"""Many counts in one query, whose SQL is put together once: that takes Django longer than the database to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Statement = tuple[str, tuple[Any, ...]]  # with its parameters
Asked = Mapping[str, tuple[QuerySet[Any], int]]

# They stand for the person and the moment in a statement that is kept.
ANYBODY, SOMETIME = -1, datetime(1, 1, 2, tzinfo=UTC)


def counted(rows: QuerySet[Any], most: int | None = None) -> Statement:
    """Counts rows; with `most` up to one more than that."""
    few = rows.order_by().values("pk")[: None if most is None else most + 1]
    sql, params = few.query.sql_with_params()
    return f"(SELECT COUNT(*) FROM ({sql}) counted)", tuple(params)  # noqa: S608 - as the ORM wrote it


def count_all(asked: Mapping[str, Statement]) -> dict[str, int]:
    """All of them in one query."""
    with connection.cursor() as cursor:
        columns = ", ".join(sql for sql, _params in asked.values())
        cursor.execute(f"SELECT {columns}", [value for _sql, params in asked.values() for value in params])
        counted = cursor.fetchone()
    return dict(zip(asked, counted, strict=True))


class KeptCounts:
    """What `build(person_id, now)` asks for: names, each with rows and how many of them are counted at most."""

    def __init__(self, build: Callable[[int, datetime], Asked]) -> None:
        self.build = build

    def of(self, person_id: int, now: datetime) -> dict[str, int]:
        """The counts of this person at this moment; one more than its limit where there are more. One query."""
        return count_all(self.statements(person_id, now))

    def statements(self, person_id: int, now: datetime) -> dict[str, Statement]:
        """To be counted with others."""
        known = {ANYBODY: person_id, _adapted(SOMETIME): _adapted(now)}
        return {
            name: (sql, tuple(known.get(value, value) for value in params))
            for name, (sql, params) in self._statements.items()
        }

    @cached_property
    def _statements(self) -> dict[str, Statement]:
        return {name: counted(rows, most) for name, (rows, most) in self.build(ANYBODY, SOMETIME).items()}


def _adapted(moment: datetime) -> Any:
    """A moment as the database takes it."""
    return connection.ops.adapt_datetimefield_value(moment)
