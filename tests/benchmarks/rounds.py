"""Paired rounds: the floor directly before each page, so that both meet the machine in the same mood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tests.benchmarks.load import Request, ask, burst, in_turns
from tests.benchmarks.meters import Statements, cpu_seconds
from tests.benchmarks.pages import Page
from tests.benchmarks.stage import Portal, Stage, Web

CLIENTS = 2
FLOOR_PAGE = Request(path="/one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long and how often; seconds are per burst."""

    rounds: int
    floor_seconds: float
    page_seconds: float
    alone_seconds: float
    flat_seconds: float
    counted: int


THOROUGH = Effort(rounds=3, floor_seconds=2, page_seconds=2, alone_seconds=1.5, flat_seconds=2, counted=20)
QUICK = Effort(rounds=3, floor_seconds=0.5, page_seconds=0.5, alone_seconds=0.5, flat_seconds=0.6, counted=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One page beside the floor in one round: how many times the floor's requests a second, and its CPU, it makes."""

    x_one: float
    x_cpu: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One row of the table; None for what was not measured. Milliseconds are of a client that is alone."""

    name: str
    x_one: float
    x_cpu: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    over_auth_one: float
    kb: float
    statements: Statements
    flat: float | None = None


def measure(page: Page, *, stage: Stage, portal: Portal, effort: Effort) -> Measured:
    """All figures of one page on one portal. Raises UnexpectedAnswer where it does not answer as it should."""
    web = portal.web
    first = _warm_up(page, portal)
    statements = count(page, stage=stage, portal=portal, effort=effort)
    pairs = [
        pair(
            page.requests(portal, page.burst or effort.counted), web=web, floor=stage.floor, effort=effort, n=page.burst
        )
        for _ in range(effort.rounds)
    ]
    beside, alone = in_turns(
        (stage.floor.port, [floor_signed_in(stage, "/auth-one")]),
        (web.port, page.requests(portal, page.burst or effort.counted)),
        seconds=effort.alone_seconds,
        count=page.burst,
    )
    return Measured(
        name=page.name,
        x_one=median(one.x_one for one in pairs),
        x_cpu=median(one.x_cpu for one in pairs),
        cpu_ms=median(one.cpu_ms for one in pairs),
        p50_ms=1000 * median(alone),
        p99_ms=1000 * quantiles(alone, n=100)[98],
        over_auth_one=median(alone) / median(beside),
        kb=first / 1000,
        statements=statements,
        flat=flatness(page, stage=stage, effort=effort) if page.crowd else None,
    )


def floor_signed_in(stage: Stage, path: str) -> Request:
    return Request(path=path, headers={"Cookie": f"sessionid={stage.floor_session}"})


def _warm_up(page: Page, portal: Portal) -> int:
    """Each worker has imported and compiled what the page needs; returns the size of an answer in bytes."""
    answers = [ask(portal.web.port, request) for request in page.requests(portal, 4)]
    while len(answers) < 8 and not page.burst:
        answers += [ask(portal.web.port, request) for request in page.requests(portal, 4)]
    return len(answers[-1].body)


def count(page: Page, *, stage: Stage, portal: Portal, effort: Effort) -> Statements:
    """What the database is asked, exactly, over so many requests one after the other."""
    requests = page.requests(portal, effort.counted)
    with stage.books(portal.database) as books:
        for index in range(effort.counted):
            ask(portal.web.port, requests[index % len(requests)])
    return books.per_request(effort.counted)


def pair(requests: Sequence[Request], *, web: Web, floor: Web, effort: Effort, n: int | None) -> Pair:
    """A burst at the floor, then one at the page."""
    floor_rate, floor_cpu = _burst(floor, [FLOOR_PAGE], seconds=effort.floor_seconds)
    rate, cpu = _burst(web, requests, seconds=effort.page_seconds, n=n)
    return compare(floor=(floor_rate, floor_cpu), page=(rate, cpu))


def compare(*, floor: tuple[float, float], page: tuple[float, float]) -> Pair:
    """Each is (requests per second, CPU seconds per request)."""
    return Pair(x_one=page[0] / floor[0], x_cpu=floor[1] / page[1], cpu_ms=1000 * page[1])


def _burst(web: Web, requests: Sequence[Request], *, seconds: float, n: int | None = None) -> tuple[float, float]:
    before = cpu_seconds(web.roots)
    load = burst(web.port, requests, clients=CLIENTS, seconds=60 if n else seconds, count=n)
    return load.per_second, (cpu_seconds(web.roots) - before) / load.requests


def flatness(page: Page, *, stage: Stage, effort: Effort) -> float | None:
    """The median over many visitors at the largest size divided by that at the smallest, measured in turns."""
    if page.crowd is None or len(stage.portals) < 2:
        return None
    few, many = ((portal.web.port, page.crowd(portal)) for portal in (stage.portals[0], stage.portals[-1]))
    in_turns(few, many, count=len(few[1]))  # warms up
    taken = in_turns(few, many, seconds=effort.flat_seconds)
    return median(taken[1]) / median(taken[0])
