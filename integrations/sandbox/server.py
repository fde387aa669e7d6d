"""The sandbox itself: one HTTP server, its providers, its state and its dial.

    sandbox = start(port=0)
    requests.post(f"{sandbox.url}/zarinpal/pg/v4/payment/request.json", json={...})
    sandbox.stop()

Control: `GET /__state`, `GET|POST /__faults`, `GET|POST /__switches`, `GET|POST /__callbacks`, `POST /__inbound`,
`POST /__reset`; `/` tells a person what was received.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import control
from .callbacks import Callbacks, post
from .didar import Didar
from .faults import Delivery, Dial, deliver
from .kavenegar import Kavenegar
from .listener import Listener
from .provider import Provider
from .smsir import SmsIr
from .state import Record, State
from .whatsapp import WhatsAppCloud
from .wire import Reply, Request, json_reply
from .zarinpal import ZarinPal

PROVIDERS: tuple[type[Provider], ...] = (ZarinPal, Kavenegar, SmsIr, WhatsAppCloud, Didar)
CALLBACK_SECONDS = 0.25  # how often is looked whether a callback is due

logger = logging.getLogger(__name__)


class Sandbox:
    """A running sandbox. `url` has no slash at its end."""

    def __init__(self, host: str, port: int, *, now: Callable[[], float], switches: Mapping[str, str]) -> None:
        self.state = State(now=now)
        self.callbacks = Callbacks()
        self.providers = {kind.name: kind(self.state, self.callbacks) for kind in PROVIDERS}
        self.dial = Dial({name: provider.behaviours for name, provider in self.providers.items()})
        self._first_switches = dict(switches)
        self.turn(switches)
        self._listener = Listener((host, port), self.answer)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.1,), daemon=True, name="sandbox")
        self._thread.start()
        self._calling = threading.Thread(target=self._call_back, daemon=True, name="sandbox-callbacks")
        if now is time.time:  # who turns the clock makes the calls too
            self._calling.start()

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        """Where to reach it on this machine."""
        host = str(self._listener.server_address[0])
        return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"  # noqa: S104 (only compared)

    def stop(self) -> None:
        """Ends it at once; held connections are dropped. A second call does nothing."""
        self._listener.stop()
        self._thread.join()
        if self._calling.ident is not None:
            self._calling.join()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def snapshot(self) -> Record:
        """What `/__state` shows."""
        with self.state.lock:
            return self.state.snapshot()

    def arm(self, provider: str, fault: str, times: int = 1, **options: Any) -> None:
        """Arms a fault; options `match`, `seconds`, `status`, `code`. Raises faults.UnknownFault."""
        with self.state.lock:
            self.dial.arm({"provider": provider, "fault": fault, "times": times, **options})

    def turn(self, switches: Mapping[str, str]) -> None:
        """Turns switches, `{"didar.reply": "nested"}`. Raises ValueError for one that does not exist."""
        with self.state.lock:
            control.turn(self.providers, switches)

    def tell(self, addresses: Mapping[str, str]) -> None:
        """Sets where the providers report to, `{"kavenegar": url}`. Raises ValueError for a place elsewhere."""
        with self.state.lock:
            self.callbacks.turn(addresses)

    def call_back(self) -> list[int]:
        """Makes the calls that are due by the sandbox's clock; the statuses of their answers."""
        with self.state.lock:
            due = self.callbacks.take_due(self.state.now())
        return [post(url, callback) for url, callback in due]

    def _call_back(self) -> None:
        while not self._listener.stopping.wait(CALLBACK_SECONDS):
            self.call_back()

    def reset(self) -> None:
        """Forgets everything received, every armed fault, every turned switch and every report to come."""
        with self.state.lock:
            self.state.clear()
            self.callbacks.clear()
            self.dial.clear()
            for provider in self.providers.values():
                provider.reset()
            self.turn(self._first_switches)

    def answer(self, request: Request) -> Delivery:
        """The one way in: control pages by their path, everything else by its provider's prefix."""
        try:
            with self.state.lock:
                return self._answer(request)
        except Exception:
            logger.exception("The sandbox could not answer %s", request.path.partition("/")[0])
            return Delivery(reply=json_reply({"error": "The sandbox itself failed; its log says why."}, 500))

    def _answer(self, request: Request) -> Delivery:
        prefix, _, rest = request.path.partition("/")
        provider = self.providers.get(prefix)
        if provider is None:
            return Delivery(reply=control.answer(self, request))
        inner = Request(
            method=request.method, path=rest, query=request.query, body=request.body, headers=request.headers
        )
        fault = self.dial.take(prefix, inner, lambda name: provider.applies(name, inner))

        def act() -> Reply:
            return provider.answer(inner, fault)

        return deliver(fault, act)


def start(
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    now: Callable[[], float] = time.time,
    switches: Mapping[str, str] | None = None,
) -> Sandbox:
    """Starts a sandbox in this process; port 0 takes a free one. Raises OSError where the port is taken."""
    return Sandbox(host, port, now=now, switches=switches or {})
