"""Real processes of the house, started for a test, frozen and killed at will, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT

STOP_SECONDS = 15


@dataclass
class Program:
    """One process at the head of a group of its own; what it says goes to `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL to the whole group: no last words."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks the process to end and waits; returns its exit code. Raises TimeoutExpired."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


class Programs:
    """Starts processes in one environment; `end` leaves none behind."""

    def __init__(self, folder: Path, environment: Mapping[str, str], logs: Path) -> None:
        self.folder, self.environment, self.logs = folder, dict(environment), logs
        self.started: list[Program] = []

    def start(self, name: str, *command: object, **more: str) -> Program:
        """`command` as words after the Python of this run; `more` adds to the environment."""
        log = self.logs / f"{len(self.started)}-{name}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=self.folder,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(name, process, log)
        self.started.append(program)
        return program

    def run(self, *command: object, **more: str) -> str:
        """Runs a command to its end; returns what it said. Fails where it does."""
        program = self.start("command", *command, **more)
        assert program.process.wait(120) == 0, program.said
        return program.said

    def end(self) -> None:
        """Kills what still runs; a test that cares how a process ends has stopped it before."""
        for program in reversed(self.started):
            program.kill()

    @property
    def said(self) -> str:
        """All that all of them have said."""
        return "".join(program.said for program in self.started)


@contextmanager
def running(logs: Path, environment: Mapping[str, str], *, folder: Path = ROOT) -> Iterator[Programs]:
    """Programs that live as long as the block."""
    programs = Programs(folder, environment, logs)
    try:
        yield programs
    finally:
        programs.end()


def plain_environment(**more: str) -> dict[str, str]:
    """What a process needs to find this tree, and nothing of the test run's own settings."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}", **more}


def wait_until(true: Callable[[], object], *, seconds: float = 10, why: Callable[[], str] = str) -> None:
    """Returns when `true` has come true; AssertionError with `why` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not come true in {seconds} s {why()}"
        time.sleep(0.05)
