#!/usr/bin/env python3
"""The one command: `up`, `test`, and every Django command."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT / "site")]


def main() -> None:
    """Bootstraps `up` and `test` on a bare machine; hands everything else to Django."""
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
