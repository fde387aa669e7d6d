"""Rows that nobody can change: database triggers refuse UPDATE and DELETE, and on PostgreSQL TRUNCATE.

`settings.FROZEN_TABLES` maps each table to an SQL condition on OLD; "" freezes every row. Two exceptions can be named:

- `FIXED_COLUMNS`: what stays from the beginning even in a row that is not frozen yet; such a row is never deleted.
- `FREE_COLUMNS`: what may be written alone in a frozen row (a sealed text, when the field keys are rotated).

SQLite drops triggers silently when a migration rebuilds a table, so they are laid anew after every `migrate`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are frozen', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def frozen_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables of `settings.FROZEN_TABLES` that exist already."""
    existing = set(connection.introspection.table_names())
    return [table for table in settings.FROZEN_TABLES if table in existing]


def freeze(connection: BaseDatabaseWrapper) -> None:
    """Lays the triggers, all at once; repeating is harmless."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        melt(connection)
        if connection.vendor == "postgresql":
            cursor.execute(REFUSE_FUNCTION)
        for table in frozen_tables(connection):
            for act in _acts(connection):
                cursor.execute(_trigger(connection.vendor, table, act, _condition(connection, table, act)))


def melt(connection: BaseDatabaseWrapper) -> None:
    """Takes the triggers away: for tests that empty tables, and for a migration that must rewrite rows."""
    with connection.cursor() as cursor:
        for table in frozen_tables(connection):
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for act in _acts(connection):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")


def _acts(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    return ("update", "delete", "truncate") if connection.vendor == "postgresql" else ("update", "delete")


def _condition(connection: BaseDatabaseWrapper, table: str, act: str) -> str:
    """When the act is refused on a row of the table; "" means always."""
    frozen, fixed = settings.FROZEN_TABLES[table], settings.FIXED_COLUMNS.get(table, ())
    free = settings.FREE_COLUMNS.get(table, ())
    if act == "delete":
        return "" if fixed else frozen
    if free:
        columns = [column.name for column in _columns(connection, table)]
        others = _differ(connection, [name for name in columns if name not in free])
        frozen = f"({frozen or 'TRUE'}) AND (({others}) OR NOT ({_differ(connection, free)}))"
    return " OR ".join(part for part in (frozen, _differ(connection, fixed)) if part)


def _columns(connection: BaseDatabaseWrapper, table: str) -> list[Any]:
    with connection.cursor() as cursor:
        return list(connection.introspection.get_table_description(cursor, table))


def _differ(connection: BaseDatabaseWrapper, columns: Iterable[str]) -> str:
    unlike = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    names = [connection.ops.quote_name(column) for column in columns]
    return " OR ".join(f"NEW.{name} {unlike} OLD.{name}" for name in names)


def _trigger(vendor: str, table: str, act: str, condition: str) -> str:
    if act == "truncate":  # empties the whole table, whatever its rows are
        refuse = "EXECUTE FUNCTION portal_refuse_change()"
        return f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
    head = f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} FOR EACH ROW"
    when = f" WHEN ({condition})" if condition else ""
    if vendor == "postgresql":
        return f"{head}{when} EXECUTE FUNCTION portal_refuse_change()"
    return f"{head}{when} BEGIN SELECT RAISE(ABORT, 'rows of {table} are frozen'); END"


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """The frozen tables of which a trigger is missing: their rows could be changed."""
    catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        catalogue = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        found = {name for (name,) in cursor.fetchall()}
    acts = _acts(connection)
    return [table for table in frozen_tables(connection) if not {f"{table}_no_{act}" for act in acts} <= found]
