"""Many rows by one statement: the database itself selects what it inserts, and a repetition adds nothing."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet


def insert_select(model: type[Model], rows: QuerySet[Any], **columns: Any) -> int:
    """`INSERT … SELECT … ON CONFLICT DO NOTHING`; `columns` are expressions over `rows`, by field.

    Columns that are left out stay NULL: fields with a default of Python's must be named. Returns how many were added.
    """
    names = {name: f"new_{name}" for name in columns}
    select = rows.order_by().annotate(**{names[name]: value for name, value in columns.items()})
    sql, params = select.values_list(*names.values()).query.sql_with_params()
    quote = connection.ops.quote_name
    fields = ", ".join(quoted_column(model, name) for name in names)
    if connection.vendor == "sqlite":  # its parser takes ON CONFLICT for the ON of a join unless a WHERE stands before
        sql = f"SELECT * FROM ({sql}) AS selected WHERE 1 = 1"  # noqa: S608 - compiled by Django
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({fields}) {sql} ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def quoted_column(model: type[Model], name: str) -> str:
    """The column of a field, ready for SQL."""
    field: Any = model._meta.get_field(name)
    return str(connection.ops.quote_name(field.column))
