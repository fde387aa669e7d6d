"""`python -m tests.benchmarks.floor.seed`: tables, rows, and one person whose session's key it prints."""

from __future__ import annotations

from datetime import timedelta

import django

ROWS = 10_000
OWNED = 40


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone

    from tests.benchmarks.floor.models import Row
    from tests.benchmarks.sessions import session_of

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # the floor's own table, which has no migration
    person = User.objects.create(username="person")
    now = timezone.now()
    Row.objects.bulk_create(
        Row(
            owner=person if number < OWNED else None,
            number=number,
            title=f"دستگاه شمارهٔ {number}",
            amount_rial=number * 1_000,
            starts_on=now.date() - timedelta(days=number % 400),
            ends_on=now.date() + timedelta(days=number % 400),
            created_at=now,
        )
        for number in range(ROWS)
    )
    print(session_of(person))


if __name__ == "__main__":
    main()
