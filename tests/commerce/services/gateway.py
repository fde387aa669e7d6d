"""A gateway that says what the test tells it to, and notes what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from integrations.ports import DeliveryError, ReturnHint, Session, SessionRequest, Unverified, Verdict, VerdictKind

PAID = VerdictKind.PAID


def paid(reference: str = "201", **values) -> Verdict:
    return Verdict(kind=PAID, code="100", reason="Verified", reference=reference, **values)


def not_paid() -> Verdict:
    return Verdict(kind=VerdictKind.NOT_PAID, code="-51", reason="not paid")


def unknown() -> Verdict:
    return Verdict(kind=VerdictKind.UNKNOWN, code="timeout", reason="no answer")


def mismatch() -> Verdict:
    return Verdict(kind=VerdictKind.MISMATCH, code="-50", reason="amount differs")


@dataclass
class ScriptedGateway:
    """Implements the payment port; `answer` gives the verdict of each verify call."""

    answer: Callable[[], Verdict] = paid
    name: str = "zarinpal"
    label: str = "زرین‌پال"
    session_error: DeliveryError | None = None
    unverified: list[Unverified] = field(default_factory=list)
    sessions: list[SessionRequest] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    in_transaction: list[bool] = field(default_factory=list)

    def create_session(self, request: SessionRequest) -> Session:
        self.in_transaction.append(connection.in_atomic_block)
        if self.session_error:
            raise self.session_error
        self.sessions.append(request)
        authority = f"A{len(self.sessions):035d}"
        return Session(authority=authority, redirect_url=f"https://bank.example/{authority}")

    def verify(self, *, authority: str, amount_rial: int) -> Verdict:
        self.in_transaction.append(connection.in_atomic_block)
        self.asked.append((authority, amount_rial))
        return self.answer()

    def list_unverified(self) -> list[Unverified]:
        return self.unverified

    def parse_return(self, params) -> ReturnHint:
        return ReturnHint(authority=params.get("Authority", ""), claims_paid=params.get("Status") == "OK")

    def install(self, monkeypatch) -> ScriptedGateway:
        monkeypatch.setattr("integrations.payments.gateway", lambda name: self)
        monkeypatch.setattr("integrations.payments.enabled_gateways", lambda: [self])
        return self
