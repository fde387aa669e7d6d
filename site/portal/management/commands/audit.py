"""`manage.py audit`: re-proves the books; exit code 1 and the row's name on any breach."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from cms import audit as proofs
from commerce import audit as books
from customer import audit as papers
from kernel.freeze import missing_triggers


class Command(BaseCommand):
    help = (
        "Re-proves ledger, payments, orders, periods, receipt numbers, signed records and their chain, ownership, "
        "proofs of notices, and the locks on frozen rows."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        checks = [*books.CHECKS, *papers.CHECKS, *proofs.CHECKS]
        breaches = [breach for check in checks for breach in check()]
        breaches += [
            f"table {table}: its rows can be changed, a trigger is missing" for table in missing_triggers(connection)
        ]
        for breach in breaches:
            self.stdout.write(self.style.ERROR(f"BREACH  {breach}"))
        if breaches:
            self.stdout.write(f"{len(breaches)} breaches")
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS(f"{len(checks) + 1} checks, no breach"))
