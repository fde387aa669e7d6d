"""`manage.py up` and `manage.py test` on a machine with nothing but Python: standard library only.

Every step is done once: a stamp beside its result holds a fingerprint of what it was made from.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from portal.processes import Together, answers

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = ROOT / "var"
DEMO_DATABASE = VAR / "demo.sqlite3"
SUPPORTED = ((3, 11), (3, 13))
START_SECONDS = 90
DEMO_SETTINGS = "portal.settings.demo"


class Trouble(Exception):
    """Something that the person at the keyboard can mend; the text says how."""


def main(arguments: Sequence[str]) -> int:
    """Runs `up` or `test` with what follows it; returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check_python()
        if arguments[0] == "test":
            test(arguments[1:])
        return up(arguments[1:])
    except Trouble as trouble:
        print(f"\n{trouble}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


def up(arguments: Sequence[str]) -> int:
    """Makes what is missing, then serves the demo until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Serve the portal on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="web port; the stand-in providers take the next one")
    parser.add_argument("--no-demo", action="store_true", help="leave the demo's people and devices out")
    options = parser.parse_args(arguments)
    for port in (options.port, options.port + 1):
        check_port(port, asked=options.port)
    install("requirements.txt")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": DEMO_SETTINGS, "PORT": str(options.port)}
    prepare(environment, demo=not options.no_demo)
    return serve(options.port, environment, people=not options.no_demo)


def test(arguments: Sequence[str]) -> NoReturn:
    """Installs the test tools too and becomes `tests/__main__.py`."""
    install("requirements-test.txt")
    build_fonts({**os.environ, "DJANGO_SETTINGS_MODULE": DEMO_SETTINGS})
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "tests", *arguments])


# --- what must be there --------------------------------------------------------------------------------------------
def check_python() -> None:
    """Raises Trouble on a Python or a system that the pinned packages were not tried on."""
    if os.name != "posix":
        raise Trouble("This runs on Linux and macOS. On Windows, use it inside WSL.")
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        raise Trouble(
            f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]} ({sys.executable}).\n"
            "Install one of them and start again, e.g.: python3.12 manage.py up"
        )


def check_port(port: int, *, asked: int) -> None:
    """Raises Trouble when another program listens on `port` of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError as error:
            raise Trouble(f"{port} is not a port; choose one between 1024 and 65534.") from error
        except OSError as error:
            raise Trouble(
                f"Port {port} cannot be used ({error.strerror}); perhaps the portal already runs.\n"
                f"Two ports in a row are needed, e.g.: python3 manage.py up --port {asked + 100}"
            ) from error


def install(requirements: str) -> None:
    """Makes `.venv` and installs the pinned, hashed packages unless its stamp says that they are there."""
    wanted = hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
    stamp = VENV / f"{requirements}.installed"
    if PYTHON.exists() and read(stamp) == wanted:
        return
    make_environment()
    print(f"Installing the packages of {requirements} (only this first time) …", flush=True)
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*pip, "-r", ROOT / requirements], check=False).returncode:
        raise Trouble("The packages could not be installed; pip says why above. Mend that and start again.")
    if requirements == "requirements-test.txt":  # it holds every pin of the other file
        production = (ROOT / "requirements.txt").read_bytes()
        (VENV / "requirements.txt.installed").write_text(hashlib.sha256(production).hexdigest())
    stamp.write_text(wanted)


def make_environment() -> None:
    """Makes `.venv`, anew where the one that is there has no pip or another Python."""
    question = f"import sys, pip; sys.exit(not {SUPPORTED[0]} <= sys.version_info[:2] <= {SUPPORTED[1]})"
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", question], check=False, capture_output=True).returncode == 0:
        return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Trouble(
            "This Python cannot make virtual environments: its 'ensurepip' is missing.\n"
            f"On Debian or Ubuntu: sudo apt install python{version}-venv"
        )
    print(f"Making {VENV.name} …", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Trouble(f"The virtual environment {VENV} could not be made: {error}") from error


def prepare(environment: dict[str, str], *, demo: bool) -> None:
    """Static files, database and demo data, each only when its sources changed."""
    packages = read(VENV / "requirements.txt.installed")
    build_fonts(environment)
    static = files("site/static/**/*") + read(stamp_of("fonts")) + packages
    once("static", static, environment, ["collectstatic", "--noinput", "--verbosity=0"])
    if "DATABASE_URL" not in environment and not DEMO_DATABASE.exists():
        for name in ("database", "demo"):
            stamp_of(name).unlink(missing_ok=True)
    database = files("*/migrations/*.py", "site/*/migrations/*.py") + packages + environment.get("DATABASE_URL", "")
    once("database", database, environment, ["migrate", "--verbosity=0"])
    if demo:
        content = files("site/portal/**/*demo*.py", "site/portal/demo_content/**/*")
        once("demo", database + content, environment, ["load_demo"])


def build_fonts(environment: dict[str, str]) -> None:
    """Cuts the typeface out of its package, once per set of packages."""
    packages = read(VENV / "requirements.txt.installed")
    once("fonts", packages + files("site/portal/**/*font*.py"), environment, ["build_fonts"])


# --- once only -----------------------------------------------------------------------------------------------------
def once(name: str, made_from: str, environment: dict[str, str], command: list[str]) -> None:
    """Runs a Django command unless the stamp `name` holds the same fingerprint; raises Trouble when it fails."""
    fingerprint = hashlib.sha256(made_from.encode()).hexdigest()
    if read(stamp_of(name)) == fingerprint:
        return
    print(f"Preparing: {name} …", flush=True)
    if subprocess.run([PYTHON, "manage.py", *command], cwd=ROOT, env=environment, check=False).returncode:
        raise Trouble(f"`manage.py {' '.join(command)}` failed; its own words stand above.")
    stamp_of(name).parent.mkdir(parents=True, exist_ok=True)
    stamp_of(name).write_text(fingerprint)


def stamp_of(name: str) -> Path:
    return VAR / "made" / name


def read(path: Path) -> str:
    """The text of a file, empty when there is none."""
    return path.read_text() if path.exists() else ""


def files(*patterns: str) -> str:
    """What stands for the files that match: their names, sizes and times of change."""
    facts = ((file, file.stat()) for pattern in patterns for file in ROOT.glob(pattern) if file.is_file())
    return "\n".join(sorted(f"{file} {fact.st_size} {fact.st_mtime_ns}" for file, fact in facts))


# --- the running demo ----------------------------------------------------------------------------------------------
def serve(port: int, environment: dict[str, str], *, people: bool) -> int:
    """Runs web, worker and the stand-in providers until Ctrl-C, SIGTERM or the end of any of them."""
    together = Together(folder=ROOT, environment=environment)
    config = ROOT / "site" / "deploy" / "gunicorn.conf.py"
    web = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8", "--log-level", "warning"]
    try:
        together.start("web", [PYTHON, "-m", "gunicorn", "-c", config, *web, "--access-logfile", os.devnull])
        portal = ["--portal", f"http://127.0.0.1:{port}"]
        together.start("sandbox", [PYTHON, "-m", "integrations.sandbox", "--port", str(port + 1), *portal], quiet=True)
        if together.wait_until(lambda: answers(port, "/healthz") and answers(port + 1, "/"), seconds=START_SECONDS):
            together.start("worker", [PYTHON, "manage.py", "worker"])  # last: pages come sooner
            greet(port, people=people)
        elif together.all_alive():
            raise Trouble(f"The portal did not answer within {START_SECONDS} seconds.")
        if ended := together.watch():
            raise Trouble(f"Ended by itself: {', '.join(ended)}. The others were stopped too.")
        print("\nStopping …", flush=True)
        return 0
    finally:
        together.end_all()


def greet(port: int, *, people: bool) -> None:
    sign_ins = """
      Sign in with the password   portal-demo
        buyers                    sara  reza  mina  omid
        staff                     admin  editor  support  finance  auditor
    """
    account = """
      Without demo data. An account for you: .venv/bin/python manage.py createsuperuser
    """
    text = f"""
    The portal is ready.

      For buyers                  http://127.0.0.1:{port}/
      For staff                   http://127.0.0.1:{port}/admin/
      API documentation           http://127.0.0.1:{port}/api/v1/docs/
      Stand-in bank, SMS, CRM     http://127.0.0.1:{port + 1}/
    {sign_ins if people else account}
    For trying out, not for production. Ctrl-C ends everything.
    """
    print(textwrap.dedent(text), flush=True)
