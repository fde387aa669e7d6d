"""Runs one sandbox in the foreground."""

import signal
import threading
from collections.abc import Callable

from .callbacks import portal_addresses
from .server import start

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8001


def serve(port: int, host: str, *, say: Callable[[str], object], portal: str = "") -> None:
    """Serves until SIGINT or SIGTERM, then ends quietly. Raises OSError where the port is taken.

    `portal`: the address of a portal on this machine which is told how messages fare.
    """
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    with start(port, host) as sandbox:
        if portal:
            sandbox.tell(portal_addresses(portal.rstrip("/")))
        say(f"Sandbox: {sandbox.url}/")
        ending.wait()
