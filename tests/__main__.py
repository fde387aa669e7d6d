"""What `manage.py test` runs: says which optional parts are there, brings the servers, calls pytest.

manage.py test [pytest's arguments]             what needs PostgreSQL on PostgreSQL, then the rest on SQLite
manage.py test --sqlite | --postgres [...]      everything on one of them
DATABASE_URL=postgres://… manage.py test [...]  everything on a server of yours
REQUIRE_ALL=1 manage.py test [...]              a missing part is a failure

Without pytest's arguments all cores are used.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parents[1]
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    chosen = [name for name in ("--sqlite", "--postgres") if name in arguments]
    rest = [argument for argument in arguments if argument not in chosen] or ["-n", "auto"]
    missing = report_parts()
    if missing and servers.REQUIRE_ALL:
        print(f"REQUIRE_ALL=1, and missing: {', '.join(missing)}.")
        return 1
    if chosen == ["--sqlite"]:
        return run(rest, database="")
    if chosen == ["--postgres"] or servers.given_postgres():
        return run_on_postgres(rest)
    on_postgres = 0
    if "PostgreSQL" not in missing and "-m" not in rest:
        print("\nFirst, on PostgreSQL: the tests that need it.", flush=True)
        on_postgres = run_on_postgres([*rest, "-m", "postgres"])
        print("\nThen, on SQLite: everything else.", flush=True)
    on_sqlite = run(rest, database="")
    return on_sqlite if on_postgres in {0, NOTHING_COLLECTED} else on_postgres


def report_parts() -> list[str]:
    """Prints what was found; returns the names of what was not."""
    parts = [servers.postgres_part(), servers.redis_part(), servers.chromium_part()]
    for part in parts:
        said = part.source if part.found else f"not found: its tests are skipped ({part.remedy})"
        print(f"  {part.name:<11} {said}")
    sys.stdout.flush()
    return [part.name for part in parts if not part.found]


def run_on_postgres(arguments: list[str]) -> int:
    with servers.running_postgres() as url:
        return run(arguments, database=url)


def run(arguments: list[str], *, database: str) -> int:
    """pytest in a process of its own, on SQLite when `database` is empty; returns its exit code.

    Ctrl-C and SIGTERM let it tidy up first, and us our server after it.
    """
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment.pop("DATABASE_URL", None)
    if database:
        environment["DATABASE_URL"] = database
    pytest = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: pytest.send_signal(signal.SIGINT))
    while True:
        try:
            return pytest.wait()
        except KeyboardInterrupt:
            continue  # pytest got it as well and is tidying up


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
