"""A copy of this tree in which `manage.py up` can be tried, with the packages that are already here."""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
from pathlib import Path

from portal import bootstrap
from portal.bootstrap import Trouble
from tests.servers import ROOT

FILES = ["manage.py", "pyproject.toml", "requirements.txt"]
FOLDERS = ["site", "integrations", "customer", "commerce", "support", "cms", "templates"]


def clone_into(folder: Path) -> Path:
    """Copies the tree without its database; returns the Python of the copy, which has this run's packages."""
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = folder / ".venv"
    (venv / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", venv)
    (venv / "lib").symlink_to(Path(sys.prefix) / "lib")
    python = venv / "bin" / "python"
    python.symlink_to(Path(sys.prefix, "bin", "python").resolve())
    stamp = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()
    (venv / "requirements.txt.installed").write_text(stamp)
    return python


def two_free_ports() -> int:
    """The first of two ports in a row that nobody listens on.

    Below those that the kernel hands out by itself: a minute passes until `up` opens them, and other tests run beside.
    """
    while True:
        port = random.randrange(20_000, 32_000, 2)
        try:
            bootstrap.check_port(port, asked=port)
            bootstrap.check_port(port + 1, asked=port)
        except Trouble:
            continue
        return port
