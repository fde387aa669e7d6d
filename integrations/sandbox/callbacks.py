"""What the stand-ins tell the portal by themselves: planned with a message, posted when its time has come.

Where to, says `POST /__callbacks {"kavenegar": url, "smsir": url, "whatsapp": url}`; a provider without an address
tells nothing. Only addresses on this machine are called.
"""

import hashlib
import hmac
import http.client
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from .bank import is_loopback
from .faults import Fault

# The demo's settings know these words too.
HOOK_SECRET, APP_SECRET = "sandbox-hook-secret", "sandbox-app-secret"
TIMEOUT_SECONDS = 5
# What may go wrong with a message that was taken; the first three end it otherwise.
ENDINGS = {"fails_later": 6, "undelivered": 11, "blocked": 14}
BEHAVIOURS = frozenset({*ENDINGS, "no_report", "repeated_report", "reversed_reports", "forged_report"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One call to come: at `due_at`, these bytes to that provider's address."""

    provider: str
    due_at: float
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


class Callbacks:
    """The calls to come. Its owner's lock guards it."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self._planned: list[Callback] = []

    def turn(self, addresses: Mapping[str, Any]) -> None:
        """Sets addresses; an empty one stops the calls. Raises ValueError for one that is not on this machine."""
        for provider, url in addresses.items():
            if url and not is_loopback(str(url)):
                raise ValueError(f"{provider}: {url} is not on this machine.")
        self.addresses.update({name: str(url) for name, url in addresses.items()})

    def clear(self) -> None:
        """Forgets what was planned; the addresses stay."""
        self._planned.clear()

    def plan_form(self, provider: str, due_at: float, fields: Mapping[str, Any], fault: Fault | None = None) -> None:
        """A call with form fields."""
        self._plan(
            Callback(
                provider=provider,
                due_at=due_at,
                body=urlencode(fields).encode(),
                content_type="application/x-www-form-urlencoded",
            ),
            fault,
        )

    def plan_json(self, provider: str, due_at: float, data: Any, fault: Fault | None = None) -> None:
        """A call with JSON, not signed."""
        body = json.dumps(data).encode()
        self._plan(Callback(provider=provider, due_at=due_at, body=body, content_type="application/json"), fault)

    def plan_signed(self, provider: str, due_at: float, data: Any, fault: Fault | None = None) -> None:
        """A call with JSON, signed as Meta does it: over the very bytes."""
        body = json.dumps(data).encode()
        secret = "somebody-else" if fault and fault.name == "forged_report" else APP_SECRET
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = (("X-Hub-Signature-256", signature),)
        call = Callback(provider=provider, due_at=due_at, body=body, content_type="application/json", headers=headers)
        self._plan(call, fault)

    def _plan(self, callback: Callback, fault: Fault | None) -> None:
        name = fault.name if fault else ""
        if self.addresses.get(callback.provider) and name != "no_report":
            self._planned += [callback] * (2 if name == "repeated_report" else 1)

    def take_due(self, moment: float) -> list[tuple[str, Callback]]:
        """(address, call) of everything whose time has come, in that order; they are planned no more."""
        due = sorted((call for call in self._planned if call.due_at <= moment), key=lambda call: call.due_at)
        self._planned = [call for call in self._planned if call.due_at > moment]
        return [(self.addresses[call.provider], call) for call in due]


def post(url: str, callback: Callback) -> int:
    """Makes the call; the answer's status, 0 where there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        headers = {"Content-Type": callback.content_type, **dict(callback.headers)}
        connection.request("POST", path, callback.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        logger.warning("A report of %s was not taken: %s", callback.provider, type(error).__name__)
        return 0
    finally:
        connection.close()
    if answer.status >= 400:
        logger.warning("A report of %s was refused with %s", callback.provider, answer.status)
    return answer.status


def stages(sent_at: float, ended_at: float, fault: Fault | None) -> tuple[float, float]:
    """When "sent" and the last stage are told: the wrong way round where the fault says so."""
    return (ended_at, sent_at) if fault and fault.name == "reversed_reports" else (sent_at, ended_at)


def ending(fault: Fault | None, otherwise: int) -> int:
    """The last status of a message, in Kavenegar's numbers."""
    return ENDINGS.get(fault.name, otherwise) if fault else otherwise


def portal_addresses(portal: str) -> dict[str, str]:
    """Where a portal at this address is told, with the demo's secret."""
    return {
        "kavenegar": f"{portal}/hooks/sms/kavenegar/{HOOK_SECRET}/",
        "smsir": f"{portal}/hooks/sms/smsir/{HOOK_SECRET}/",
        "whatsapp": f"{portal}/hooks/whatsapp/",
    }
