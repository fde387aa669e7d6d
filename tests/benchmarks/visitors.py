"""Who visits during the benchmark, and their keys; handed from the seeder to the runner as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One person with a session, and something of his own to look at."""

    username: str
    session: str
    token: str = ""
    device: int = 0
    order: str = ""
    ticket: str = ""
    covered: int = 0  # a device whose contract runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """`clinic` fills a page of every list; `fleet` has many devices, each with an open order; `crowd` are ordinary.

    `staff` may do everything, `agent` answers tickets.
    """

    clinic: Visitor
    fleet: Visitor
    staff: Visitor
    agent: Visitor
    crowd: list[Visitor] = field(default_factory=list)
    open_orders: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        read = json.loads(text)
        crowd = [Visitor(**one) for one in read.pop("crowd")]
        orders = read.pop("open_orders")
        return cls(crowd=crowd, open_orders=orders, **{name: Visitor(**one) for name, one in read.items()})
