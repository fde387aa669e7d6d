"""The fault dial: what shall go wrong at which provider, and how often.

Transport faults happen around a provider's answer and mean the same everywhere. The others are a provider's own: it
names them in `Provider.behaviours` and acts on `fault.name` itself.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .wire import Reply, Request, redirect_reply

TRANSPORT: dict[str, str] = {
    "delay": "the work is done at once, the answer comes after `seconds` (3)",
    "timeout_before": "nothing is done, the connection hangs for `seconds` (40) and is dropped",
    "timeout_after_effect": "the work is done, the connection hangs for `seconds` (40) and is dropped",
    "http_500": "nothing is done, HTTP 500",
    "http_429": "nothing is done, HTTP 429 with Retry-After of `seconds` (2)",
    "garbage": "the work is done, half of a JSON answer comes back",
    "html": "nothing is done, a proxy's HTML page with `status` (502; 200 is a favourite at night)",
    "empty": "the work is done, HTTP 200 without a body",
    "huge": "nothing is done, HTTP 200 with a body of 8 MB",
    "trickle": "the work is done, the answer comes one byte every half second",
    "redirect": "nothing is done, HTTP 302 to a private address",
}
DEFAULT_SECONDS = {"delay": 3.0, "timeout_before": 40.0, "timeout_after_effect": 40.0, "http_429": 2.0}
LONGEST_SECONDS, MOST_TIMES, MOST_CODE = 3600.0, 100_000, 9_999_999


class UnknownFault(ValueError):
    """The dial was asked for something it does not have; the text says what it has."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault. `match`: only calls whose path contains it; empty leaves the choice to the provider."""

    id: int
    provider: str
    name: str
    times: int
    match: str
    seconds: float
    status: int
    code: int

    def as_record(self) -> dict[str, Any]:
        """The fault as `/__faults` lists it."""
        return {
            "id": self.id,
            "provider": self.provider,
            "fault": self.name,
            "times": self.times,
            "match": self.match,
            "seconds": self.seconds,
            "status": self.status,
            "code": self.code,
        }


class Dial:
    """The armed faults of one sandbox, in the order they were armed. Its owner's lock guards it."""

    def __init__(self, known: Mapping[str, frozenset[str]]) -> None:
        self._known = known
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    @property
    def known(self) -> dict[str, list[str]]:
        """Provider → names of the faults it knows, transport faults first."""
        return {provider: [*TRANSPORT, *sorted(own)] for provider, own in self._known.items()}

    def armed(self) -> list[dict[str, Any]]:
        """What is still to come, oldest first."""
        return [fault.as_record() for fault in self._armed]

    def arm(self, wish: Mapping[str, Any]) -> None:
        """Arms one fault from `{provider, fault, times, match, seconds, status, code}`; `times` 0 takes it back.

        Raises UnknownFault for a name or a number the dial does not have.
        """
        provider, name = str(wish.get("provider", "")), str(wish.get("fault", ""))
        if provider not in self._known:
            known = ", ".join(self._known)
            raise UnknownFault(f"Unknown provider {provider!r}. Known: {known}. Send {{provider, fault, times}}.")
        if name not in self.known[provider]:
            raise UnknownFault(f"Unknown fault {name!r} for {provider}. Known: {', '.join(self.known[provider])}.")
        fault = Fault(
            id=next(self._ids),
            provider=provider,
            name=name,
            times=int(_number(wish, "times", 1, MOST_TIMES)),
            match=str(wish.get("match") or "").lower(),
            seconds=_number(wish, "seconds", DEFAULT_SECONDS.get(name, 0.0), LONGEST_SECONDS),
            status=int(_number(wish, "status", 502, 599)),
            code=int(_number(wish, "code", 0, MOST_CODE)),
        )
        if fault.times:
            self._armed.append(fault)
        else:
            self._armed = [other for other in self._armed if (other.provider, other.name) != (provider, name)]

    def clear(self) -> None:
        """Takes back everything."""
        self._armed.clear()

    def take(self, provider: str, request: Request, applies: Callable[[str], bool]) -> Fault | None:
        """The first armed fault for this call, used up by one. `applies` decides where no `match` was given."""
        for fault in self._armed:
            if fault.provider != provider:
                continue
            if fault.match in request.path.lower() if fault.match else applies(fault.name):
                fault.times -= 1
                if not fault.times:
                    self._armed.remove(fault)
                return fault
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an answer goes out: after `wait` seconds; not at all (`reply` None); `trickle` seconds between bytes."""

    reply: Reply | None
    wait: float = 0.0
    trickle: float = 0.0


def deliver(fault: Fault | None, act: Callable[[], Reply]) -> Delivery:
    """Lets the provider `act` (or not) and says how its answer reaches the client."""
    name = fault.name if fault else ""
    if fault is None or name not in TRANSPORT:
        return Delivery(reply=act())
    if name in _INSTEAD:
        return _INSTEAD[name](fault)
    reply = act()
    return {
        "delay": Delivery(reply=reply, wait=fault.seconds),
        "timeout_after_effect": Delivery(reply=None, wait=fault.seconds),
        "garbage": Delivery(reply=Reply(status=reply.status, body=reply.body[: max(1, len(reply.body) // 2)])),
        "empty": Delivery(reply=Reply()),
        "trickle": Delivery(reply=reply, trickle=0.5),
    }[name]


def _too_many(fault: Fault) -> Delivery:
    headers = (("Retry-After", str(max(0, round(fault.seconds)))),)
    return Delivery(reply=Reply(status=429, body=b'{"message": "Too Many Requests"}', headers=headers))


def _proxy_page(fault: Fault) -> Delivery:
    page = b"<!doctype html><html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
    return Delivery(reply=Reply(status=fault.status, body=page, content_type="text/html; charset=utf-8"))


_INSTEAD: dict[str, Callable[[Fault], Delivery]] = {
    "timeout_before": lambda fault: Delivery(reply=None, wait=fault.seconds),
    "http_500": lambda fault: Delivery(reply=Reply(status=500, body=b'{"message": "Internal Server Error"}')),
    "http_429": _too_many,
    "html": _proxy_page,
    "huge": lambda fault: Delivery(reply=Reply(body=b'{"padding": "' + b"x" * 8_000_000 + b'"}')),
    "redirect": lambda fault: Delivery(reply=redirect_reply("http://169.254.169.254/latest/meta-data/")),
}


def _number(wish: Mapping[str, Any], key: str, default: float, most: float) -> float:
    value = wish.get(key)
    if value is None or value == "":
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UnknownFault(f"`{key}` must be a number, not {value!r}.") from None
    least = -most if key == "code" else 0  # vendors' codes may be negative
    if not least <= number <= most:
        raise UnknownFault(f"`{key}` must be between {least:g} and {most:g}.")
    return number
