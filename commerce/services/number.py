"""Numbers of documents."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from commerce.models import NumberSeries
from kernel.jalali import jalali_year, tehran_today


def take_number(series: str, *, now: datetime, prefix: str = "") -> str:
    """Step: the next number of a series, e.g. `1405-000123`.

    One statement; the row stays locked until the caller's transaction ends, so that no number is lost or given twice.
    """
    year = jalali_year(tehran_today(now))
    table = connection.ops.quote_name(NumberSeries._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, jalali_year, last) VALUES (%s, %s, 1) "  # noqa: S608 - the table's own name
            f"ON CONFLICT (name, jalali_year) DO UPDATE SET last = {table}.last + 1 RETURNING last",
            [series, year],
        )
        last: int = cursor.fetchone()[0]
    return f"{prefix}{year}-{last:06d}"
