"""A migration operation for what only one database can do."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation


class VendorSQL(Operation):
    """Runs `forwards` (and `backwards`) on databases of one vendor ("postgresql", "sqlite"), nothing elsewhere."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, vendor: str, forwards: str, backwards: str) -> None:
        self.vendor, self.forwards, self.backwards = vendor, forwards, backwards

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models' state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == self.vendor:
            schema_editor.execute(self.forwards)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == self.vendor and self.backwards:
            schema_editor.execute(self.backwards)

    def describe(self) -> str:
        return f"SQL for {self.vendor}"
