"""The only HTTP client of the product: one request, one deadline, no key in any log, exception or stored reply.

`requests`' own time-out counts from byte to byte and knows nothing of a slow name server, so each call runs in a
thread of its own: its caller gets an answer by the deadline whatever the other side does, and the socket is shut.
"""

from __future__ import annotations

import json as jsonlib
import logging
import math
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from integrations.ports import DeliveryError, Misconfigured, Retry, Unknown

logger = logging.getLogger(__name__)

CONNECT_LIMIT = 5.0  # seconds, for each address of the host
BODY_LIMIT = 1_000_000  # bytes; a provider's answer has a few thousand
RETRY_AFTER_LIMIT = 3600.0  # seconds
THREAD_NAME = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who is called, how long one call may take in all (seconds), and what must never be seen."""

    name: str
    deadline: float
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in full, secrets struck out. `json` is None where the body is not JSON."""

    status: int
    body: str = field(default="", repr=False)
    json: Any = field(default=None, repr=False)
    retry_after: float | None = None


@sensitive_variables()
def call(
    method: str,
    url: str,
    *,
    provider: Provider,
    json: Any = None,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """One request, JSON or form; redirects are not followed.

    Raises `Retry` where nothing was sent, `Unknown` where the answer is missing, cut, too late or too big, and
    `Misconfigured` for an address that is not allowed. What a status means is for the caller to say.
    """
    _require_allowed(url)
    seconds = settings.PROVIDER_TIMEOUT_SECONDS or provider.deadline
    exchange = _Exchange(requests.Request(method, url, json=json, data=data, headers=headers), seconds)
    thread = threading.Thread(target=exchange.run, name=f"{THREAD_NAME}-{provider.name}", daemon=True)
    started = time.monotonic()
    thread.start()
    thread.join(seconds)
    outcome = exchange.abandon() if thread.is_alive() else exchange.outcome
    place = redact(urlsplit(url).path, provider.secrets)
    milliseconds = (time.monotonic() - started) * 1000
    if isinstance(outcome, DeliveryError):
        logger.warning("%s %s: %s after %d ms", provider.name, place, outcome.reason, milliseconds)
        raise outcome
    logger.info("%s %s: HTTP %d after %d ms", provider.name, place, outcome.status, milliseconds)
    return _read(outcome, provider.secrets)


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """`text` with every secret, plain or as written in an address, replaced by `***`."""
    for secret in filter(None, secrets):
        for written in (secret, quote(secret, safe=""), quote_plus(secret), secret.replace("/", "\\/")):
            text = text.replace(written, "***")
    return text


def _require_allowed(url: str) -> None:
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or f"{parts.hostname}:{port}" not in settings.OUTBOUND_HOSTS:
        raise Misconfigured("address not allowed")


# --- the exchange, in its own thread ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after: str


class _Exchange:
    """A request on its way. `run` leaves an answer, or an error without chain or address, in `outcome`."""

    def __init__(self, request: requests.Request, seconds: float) -> None:
        self.outcome: _Answer | DeliveryError = Unknown("no answer")
        self._request = request
        self._seconds = seconds
        self._adapter = _Adapter()

    def run(self) -> None:
        try:
            self.outcome = self._send()
        except Exception as error:  # noqa: BLE001 - whatever a hostile answer raises, the effect is in doubt
            self.outcome = _classify(error)

    def abandon(self) -> DeliveryError:
        """The deadline has passed: ends the thread's wait and tells whether anything can have been sent."""
        return Unknown("timeout") if self._adapter.shut() else Retry("connect timeout")

    def _send(self) -> _Answer:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, .netrc or CA bundle from the environment
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
            with session.send(
                session.prepare_request(self._request),
                timeout=(min(CONNECT_LIMIT, self._seconds), self._seconds),
                allow_redirects=False,
                stream=True,
                verify=True,
            ) as response:
                body = bytearray()
                for chunk in response.iter_content(65_536):
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        raise Unknown("answer too big")
                return _Answer(response.status_code, bytes(body), response.headers.get("Retry-After", ""))


class _Adapter(HTTPAdapter):
    """Knows its connection, so that another thread can shut it, and lets nothing be sent after that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: list[HTTPConnection] = []
        self._admitted = self._closed = False
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self)
        return pool

    def watch(self, connection: HTTPConnection) -> None:
        """A connection that is about to be made."""
        self._connections.append(connection)

    def admit(self) -> None:
        """The connection is made and will be written to next. Raises `Retry` when the deadline has passed."""
        with self._lock:
            if self._closed:
                raise Retry("connect timeout")
            self._admitted = True

    def shut(self) -> bool:
        """Cuts what is open. Tells whether anything can have been sent; if not, nothing will be."""
        with self._lock:
            self._closed = True
        for connection in self._connections:
            with suppress(OSError, AttributeError):  # not connected yet, or closed by the other side
                connection.sock.shutdown(socket.SHUT_RDWR)
        return self._admitted


def _watched(base: type[HTTPConnection], adapter: _Adapter) -> type[HTTPConnection]:
    class Watched(base):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            adapter.watch(self)
            super().connect()
            adapter.admit()

    return Watched


def _classify(error: Exception) -> DeliveryError:
    """What an exception of the transport means. Its text holds the address, so only its type is kept."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, requests.ConnectTimeout):
        return Retry("connect timeout")
    if isinstance(error, requests.Timeout):
        return Unknown("timeout")
    cause = _root(error)
    if isinstance(cause, ConnectTimeoutError | NewConnectionError):
        return Retry("no connection")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Retry("certificate not valid")
    return Unknown(f"connection lost ({type(error).__name__})")


def _root(error: BaseException) -> BaseException:
    """The exception at the heart of `requests`' and urllib3's wrappings."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return _root(inner) if isinstance(inner, BaseException) else error


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(answer: _Answer, secrets: tuple[str, ...]) -> Reply:
    body = redact(answer.body.decode("utf-8-sig", errors="replace"), secrets)
    return Reply(
        status=answer.status,
        body=body,
        json=_parse_json(body),
        retry_after=_parse_retry_after(answer.retry_after),
    )


def _parse_json(body: str) -> Any:
    try:
        return jsonlib.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _parse_retry_after(text: str) -> float | None:
    """Seconds to wait, from a number or an HTTP date (RFC 9110 §10.2.3), one hour at most."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT) if math.isfinite(seconds) else None


class _DropOurs(logging.Filter):
    """urllib3 writes whole addresses; of our calls the line above says all there is to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.threadName or "").startswith(THREAD_NAME)


for _name in ("connectionpool", "connection", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_DropOurs())
