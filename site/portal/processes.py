"""Programs that are started, live and end together: standard library only, as `bootstrap` runs before any install."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

STOP_SECONDS = 10


class Together:
    """Child processes, each the head of its own process group; no child outlives the others."""

    def __init__(self, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_to_stop = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def start(self, name: str, command: Sequence[str | Path], *, quiet: bool = False) -> None:
        """Starts a child; of a `quiet` one only the complaints (standard error) are shown."""
        self.children[name] = subprocess.Popen(  # noqa: S603 - the caller's own words
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            start_new_session=True,
        )

    def all_alive(self) -> bool:
        """Whether every child runs and nobody asked to stop."""
        return not self.asked_to_stop and all(child.poll() is None for child in self.children.values())

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Whether `ready` came true in time, before anybody stopped or died."""
        deadline = time.monotonic() + seconds
        while self.all_alive() and time.monotonic() < deadline:
            if ready():
                return True
            time.sleep(0.1)
        return False

    def watch(self) -> list[str]:
        """Waits for the request to stop (→ nothing) or for the end of a child (→ who ended, with its exit code)."""
        while self.all_alive():
            time.sleep(0.2)
        if self.asked_to_stop:
            return []
        codes = {name: child.poll() for name, child in self.children.items()}
        return [f"{name} (exit code {code})" for name, code in codes.items() if code is not None]

    def end_all(self) -> None:
        """Ends every process group: politely, then by force."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            signal_group(child.pid, signal.SIGTERM)
        for child in self.children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, deadline - time.monotonic()))
        for child in self.children.values():
            signal_group(child.pid, signal.SIGKILL)
            child.wait()


def signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def answers(port: int, path: str) -> bool:
    """Whether a server on this machine answers this path without an error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
