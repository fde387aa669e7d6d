#!/usr/bin/env python3
"""The one command: `up`, `test`, and every Django command."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PYTHON = ROOT / ".venv" / "bin" / "python"
sys.path[:0] = [str(ROOT), str(ROOT / "site")]


def main() -> None:
    """Bootstraps `up` and `test` on a bare machine; hands everything else to Django."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the reader of this message has the older one
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed; this is {here}. E.g.: python3.12 manage.py up")
    if sys.argv[1:2] in (["up"], ["test"]):
        from portal.bootstrap import main as bootstrap

        sys.exit(bootstrap(sys.argv[1:]))
    if find_spec("django") is None:
        if not PYTHON.exists():
            sys.exit("Nothing is installed yet. First: python3 manage.py up")
        os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
