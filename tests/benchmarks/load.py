"""A small load generator: raw HTTP/1.1 on loopback, so that the clients take as little of the two cores as can be."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

HOST = "portal.example.ir"
# What the reverse proxy of a real installation adds.
FROM_PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1", "Connection": "close"}


class UnexpectedAnswer(Exception):
    """The server answered with another status than the page should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request and the status that it must be answered with."""

    path: str
    expects: int = 200
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def wire(self) -> bytes:
        headers = {**FROM_PROXY, **self.headers}
        if self.method == "POST":
            headers["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


CSRF = "a" * 32


def form(path: str, fields: Mapping[str, str], *, cookie: str, expects: int) -> Request:
    """A form as a browser posts it; `cookie` is the name of the CSRF cookie."""
    headers = {
        "Cookie": f"{cookie}={CSRF}",
        "Origin": f"https://{HOST}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode({"csrfmiddlewaretoken": CSRF, **fields}).encode()
    return Request(path=path, method="POST", headers=headers, body=body, expects=expects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    head: bytes
    body: bytes
    seconds: float

    def json(self) -> dict[str, object]:
        parsed: dict[str, object] = json.loads(self.body)
        return parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a burst of requests took, seen from outside; `seconds` is the wall's, `latencies` are per request."""

    seconds: float
    latencies: list[float]

    @property
    def requests(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def ask(port: int, request: Request) -> Answer:
    """One exchange. Raises UnexpectedAnswer, OSError."""
    return _exchange(port, request.wire, request.expects)


def burst(
    port: int, requests: Sequence[Request], *, clients: int, seconds: float = 60, count: int | None = None
) -> Load:
    """`clients` at a time go through the requests, over and over, for `seconds`, or until `count` are done.

    Raises UnexpectedAnswer, OSError.
    """
    around = itertools.cycle([(request.wire, request.expects) for request in requests])
    queue = itertools.islice(around, count)  # None: without end
    latencies: list[float] = []
    troubles: list[Exception] = []
    begin = time.perf_counter()

    def client() -> None:
        try:
            for wire, expects in _until(queue, begin + seconds):
                latencies.append(_exchange(port, wire, expects).seconds)
        except (UnexpectedAnswer, OSError) as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    return Load(seconds=time.perf_counter() - begin, latencies=latencies)


def in_turns(
    first: tuple[int, Sequence[Request]],
    second: tuple[int, Sequence[Request]],
    *,
    seconds: float = 60,
    count: int | None = None,
) -> tuple[list[float], list[float]]:
    """One client asks two servers, (port, requests) each, a request here, a request there: latencies in seconds.

    What else the machine does meets both alike. Ends after `seconds`, but not after one pair, or when `count` pairs
    are done.
    """
    ports = first[0], second[0]
    around = zip(itertools.cycle(first[1]), itertools.cycle(second[1]), strict=False)
    latencies: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    for pair in itertools.islice(around, count):
        for port, request, taken in zip(ports, pair, latencies, strict=True):
            taken.append(ask(port, request).seconds)
        if time.perf_counter() > end and len(latencies[0]) > 1:
            break
    return latencies


def _until(queue: Iterator[tuple[bytes, int]], end: float) -> Iterator[tuple[bytes, int]]:
    """What is left of the queue, shared with other threads, as long as there is time."""
    while time.perf_counter() < end and (item := next(queue, None)) is not None:
        yield item


def _exchange(port: int, wire: bytes, expects: int) -> Answer:
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(wire)
        pieces = []
        while piece := connection.recv(262_144):
            pieces.append(piece)
    seconds = time.perf_counter() - begin
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    status = int(head[9:12] or 0)
    if status != expects:
        raise UnexpectedAnswer(f"{wire.splitlines()[0].decode()}: {status} instead of {expects}: {body[:300].decode()}")
    return Answer(status=status, head=head, body=body, seconds=seconds)
