"""ZarinPal, REST v4: payment request, verify, unVerified.

Source: zarinpal.com/docs (connectToGateway, errorList) and the vendor's zarinpal-node-sdk 2.2.0. Three habits to know:
`data` is an empty *list* on failure and `errors` one on success; failures come in three shapes; numbers may be texts.
The code decides, not the HTTP status. The deadline for verifying is not published: verify within seconds.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from integrations import http
from integrations.ports import (
    DeliveryError,
    Misconfigured,
    Reject,
    Retry,
    ReturnHint,
    Session,
    SessionRequest,
    Unknown,
    Unverified,
    Verdict,
    VerdictKind,
)
from integrations.reading import integer, mapping, rows, text
from kernel.identity import local_mobile

logger = logging.getLogger(__name__)

DEADLINE = 8.0  # seconds for one call: a page waits for it and must itself answer within ten
AUTHORITY = re.compile(r"[AS][0-9A-Za-z]{35}")
DESCRIPTION_LIMIT = 500

# The vendor's table of codes, by what they mean to us.
DONE = {100, 101}  # 101: verified already, hence paid as well
NOT_PAID = {-51}
MISMATCHED = {-50, -53, -54, -55}  # another amount, another merchant, no such authority, no such payment
TRY_LATER = {-12, -52}
BAD_REQUEST = {-9, -40, -41, -42}  # fields, expiry, above 100 million toman, lifetime
MISCONFIGURED = {-10, -11, *range(-19, -12), *range(-39, -29), -62, *range(429, 434)}
KEPT_FIELDS = ("ref_id", "card_hash", "fee_type", "fee", "amount", "order_id")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one reply says, whatever its shape; `code` is None where it says nothing that can be understood."""

    code: int | None
    message: str
    data: dict[str, Any]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarinPal:
    """The adapter. Amounts are always sent as rial (`IRR`), in the request and in verify alike."""

    base_url: str
    merchant_id: str = field(repr=False)
    name: str = "zarinpal"

    @property
    def label(self) -> str:
        return _("ZarinPal")

    def create_session(self, request: SessionRequest) -> Session:
        """Opens a payment page. Raises `DeliveryError`."""
        body: dict[str, Any] = {
            "amount": request.amount_rial,
            "currency": "IRR",
            "description": request.description[:DESCRIPTION_LIMIT],
            "callback_url": request.callback_url,
        }
        if request.mobile:  # an empty `metadata` is refused
            body["metadata"] = {"mobile": local_mobile(request.mobile)}
        answer = self._ask("request", body)
        if answer.code != 100:
            raise _refusal(answer)
        authority = text(answer.data.get("authority"))
        if not AUTHORITY.fullmatch(authority):
            raise Unknown("no authority in the reply")
        return Session(authority=authority, redirect_url=f"{self.base_url}/pg/StartPay/{authority}")

    def verify(self, *, authority: str, amount_rial: int) -> Verdict:
        """Asks for the truth of one payment; trouble of any kind is a verdict too."""
        if not AUTHORITY.fullmatch(authority):
            logger.error("zarinpal: a malformed authority was to be verified")
            return Verdict(kind=VerdictKind.MISMATCH, code="", reason="malformed authority")
        try:
            answer = self._ask("verify", {"amount": amount_rial, "authority": authority})
        except Misconfigured as error:
            logger.error("zarinpal is misconfigured: %s", error.reason)
            return Verdict(kind=VerdictKind.UNKNOWN, code="", reason="misconfigured")
        except DeliveryError as error:
            return Verdict(kind=VerdictKind.UNKNOWN, code="", reason=error.reason)
        return _judge(answer, amount_rial)

    def list_unverified(self) -> list[Unverified]:
        """Paid and never verified, up to about a hundred. Raises `DeliveryError`."""
        answer = self._ask("unVerified", {})
        if answer.code == -9:  # seen in place of an empty list
            return []
        if answer.code != 100:
            raise _refusal(answer)
        found = []
        for row in rows(answer.data.get("authorities")):
            authority, amount = text(row.get("authority")), integer(row.get("amount"))
            if AUTHORITY.fullmatch(authority) and amount is not None:
                found.append(Unverified(authority=authority, amount_rial=amount))
            else:
                logger.warning("zarinpal: a row of unVerified cannot be read")
        return found

    def parse_return(self, params: Mapping[str, str]) -> ReturnHint:
        """`?Authority=A…&Status=OK|NOK`; nothing of it is signed."""
        authority = params.get("Authority", "")
        if not AUTHORITY.fullmatch(authority):
            return ReturnHint(authority="", claims_paid=False)
        return ReturnHint(authority=authority, claims_paid=params.get("Status") == "OK")

    def _ask(self, verb: str, body: dict[str, Any]) -> _Answer:
        if not self.merchant_id:
            raise Misconfigured("no merchant id")
        reply = http.call(
            "POST",
            f"{self.base_url}/pg/v4/payment/{verb}.json",
            provider=http.Provider(name=self.name, deadline=DEADLINE, secrets=(self.merchant_id,)),
            json={"merchant_id": self.merchant_id, **body},
        )
        if reply.status == 429:
            raise Retry("HTTP 429", reply.retry_after)
        if not (reply.status < 300 or 400 <= reply.status < 500) or not isinstance(reply.json, dict):
            raise Unknown(f"HTTP {reply.status} without an answer")
        return _read(reply.status, reply.json)


def from_settings() -> ZarinPal:
    """The gateway as this installation has it."""
    return ZarinPal(base_url=settings.ZARINPAL_BASE_URL.rstrip("/"), merchant_id=settings.ZARINPAL_MERCHANT_ID)


def _read(status: int, json: dict[str, Any]) -> _Answer:
    """Finds code and message in any of the shapes; an error outweighs data."""
    data, errors = mapping(json.get("data")), mapping(json.get("errors"))
    said = errors or data
    code, message = integer(said.get("code")), text(said.get("message"))
    if code is None and errors:  # {"errors": {"authority": ["Invalid authority", "-54"]}}
        remarks = [item for value in errors.values() if isinstance(value, list) for item in value]
        code = next((number for item in remarks if (number := integer(item)) is not None), None)
        message = "; ".join(text(item) for item in remarks)[:300]
    if "validations" in errors:
        message = f"{message} {errors['validations']}"[:300]
    raw = {"http_status": status, "code": code, "message": message, "card_pan": _masked(data.get("card_pan"))}
    raw |= {name: text(data[name]) for name in KEPT_FIELDS if name in data}
    return _Answer(code, message, data, raw)


def _judge(answer: _Answer, amount_rial: int) -> Verdict:
    """The verdict on a verify reply."""
    code = answer.code
    if code in DONE:
        return _judge_paid(answer, amount_rial)
    if code in NOT_PAID:
        kind, reason = VerdictKind.NOT_PAID, "not paid"
    elif code in MISMATCHED:
        kind, reason = VerdictKind.MISMATCH, answer.message or "refused by the gateway"
        logger.error("zarinpal: verify answers %s, a payment is in quarantine", code)
    elif code in MISCONFIGURED or code in BAD_REQUEST:
        kind, reason = VerdictKind.UNKNOWN, "misconfigured"
        logger.error("zarinpal is misconfigured: code %s %s", code, answer.message)
    else:
        kind, reason = VerdictKind.UNKNOWN, answer.message or "no code in the reply"
    return Verdict(kind=kind, code="" if code is None else str(code), reason=reason, raw=answer.raw)


def _judge_paid(answer: _Answer, amount_rial: int) -> Verdict:
    """Code 100 or 101: paid, if a receipt number is there and the amount, where it is named, is ours."""
    said_amount = answer.data.get("amount")
    reference = integer(answer.data.get("ref_id"))
    if said_amount is not None and integer(said_amount) != amount_rial:
        kind, reason = VerdictKind.MISMATCH, "amount differs"
        logger.error("zarinpal: verify names another amount, a payment is in quarantine")
    elif not reference or reference < 0:
        kind, reason = VerdictKind.UNKNOWN, "no receipt number in the reply"
    else:
        kind, reason = VerdictKind.PAID, "paid"
    return Verdict(
        kind=kind,
        code=str(answer.code),
        reason=reason,
        reference=str(reference or ""),
        amount_rial=integer(said_amount),
        card_masked=_masked(answer.data.get("card_pan")),
        card_hash=text(answer.data.get("card_hash"), 128),
        raw=answer.raw,
    )


def _refusal(answer: _Answer) -> DeliveryError:
    """What a code other than 100 means where nothing has been paid yet."""
    reason = f"code {answer.code} {answer.message}".strip()
    if answer.code is None:
        return Unknown("no code in the reply")
    if answer.code in TRY_LATER:
        return Retry(reason)
    if answer.code in MISCONFIGURED:
        logger.error("zarinpal is misconfigured: %s", reason)
        return Misconfigured(reason)
    return Reject(reason)


def _masked(pan: Any) -> str:
    """A card number as the gateway masks it (`502229******5995`); masked here should it ever come whole."""
    card = text(pan, 32)
    return f"{card[:6]}******{card[-4:]}" if card.isdigit() and len(card) > 10 else card
