"""`manage.py rotate_field_keys`: seals every encrypted value anew with the current key."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, models, transaction

from kernel import vault
from kernel.fields import SealedTextField

BATCH = 500


class Command(BaseCommand):
    help = "After FIELD_KEY_CURRENT names a new key: re-encrypts what older keys sealed. Safe under load, repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, SealedTextField):
                    self.stdout.write(f"{model._meta.label}.{field.name}: {rotate(model, field)} sealed anew")


def rotate(model: type[models.Model], field: models.Field[Any, Any]) -> int:
    """Re-seals the values of one column row by row; a row that changed meanwhile is left for the next run."""
    table = connection.ops.quote_name(model._meta.db_table)
    column = connection.ops.quote_name(str(field.column))
    key = connection.ops.quote_name(str(model._meta.pk.column)) if model._meta.pk else "id"
    rotated, last = 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT {BATCH}",  # noqa: S608
                [last],
            )
            rows = cursor.fetchall()
        if not rows:
            return rotated
        last = rows[-1][0]
        stale = [(pk, sealed) for pk, sealed in rows if sealed is not None and not vault.is_current(sealed)]
        with transaction.atomic(), connection.cursor() as cursor:
            for pk, sealed in stale:
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608
                    [vault.rotate(sealed), pk, sealed],
                )
                rotated += cursor.rowcount
