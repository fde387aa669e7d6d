"""A column that differs from row to row, written by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from kernel.insert_select import quoted_column


def update_values(model: type[Model], names: Sequence[str], rows: Sequence[tuple[Any, ...]], **same: Any) -> int:
    """`UPDATE … FROM (VALUES …)`: each row is the key and a text for each name; `same` fields get one value in all.

    Returns how many rows were found.

    `bulk_update` says the same with a CASE of as many branches as rows, built anew in Python: ten times the CPU.
    """
    if not rows:
        return 0
    quote = connection.ops.quote_name
    columns = [quoted_column(model, name) for name in names]
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    line = f"({', '.join(['%s'] * (len(names) + 1))})"
    values = ", ".join([line] * len(rows))
    changes = [f"{column} = v.column{number}" for number, column in enumerate(columns, start=2)]
    changes += [f"{quoted_column(model, name)} = %s" for name in same]
    fields: Any = model._meta
    params = [fields.get_field(name).get_db_prep_save(value, connection) for name, value in same.items()]
    params += [value for row in rows for value in row]
    sql = f"UPDATE {table} SET {', '.join(changes)} FROM (VALUES {values}) AS v WHERE {table}.{key} = v.column1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
