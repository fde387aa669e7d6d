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

    def __init__(self, environment: Mapping[str, str], logs: Path, *, folder: Path, python: str | Path) -> None:
        self.environment, self.logs = dict(environment), logs
        self.folder, self.python = folder, python
        self.started: list[Program] = []

    def start(self, name: str, *command: object, **more: str) -> Program:
        """`command` as words after the Python; `more` adds to the environment."""
        log = self.logs / f"{len(self.started)}-{name}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [self.python, *map(str, command)],
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

    def tail(self) -> str:
        """The last words of each."""
        return "\n".join(f"--- {program.name}\n{program.said[-1500:]}" for program in self.started)


@contextmanager
def running(
    logs: Path, environment: Mapping[str, str], *, folder: Path = ROOT, python: str | Path = sys.executable
) -> Iterator[Programs]:
    """Programs that live as long as the block."""
    programs = Programs(environment, logs, folder=folder, python=python)
    try:
        yield programs
    finally:
        programs.end()


def plain_environment(**more: str) -> dict[str, str]:
    """Nothing of the test run's own settings."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, **more}


def wait_until(
    true: Callable[[], object], *, seconds: float = 10, every: float = 0.05, why: Callable[[], str] = str
) -> None:
    """Returns when `true` has come true; AssertionError with `why` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not come true in {seconds} s {why()}"
        time.sleep(every)
