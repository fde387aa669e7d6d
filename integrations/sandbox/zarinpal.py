"""ZarinPal REST v4 (https://www.zarinpal.com/docs/): request, StartPay, verify, inquiry, unVerified, reverse.

Invented, not vendor facts: the HTTP status of a failure, the texts of the messages, which of the three failure shapes a
code uses, and the rule that a merchant id beginning with `ffffffff` belongs to an inactive terminal.
"""

import re
import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from . import bank
from .faults import TRANSPORT, Fault
from .markup import TEHRAN
from .provider import Provider
from .state import Payment
from .wire import Reply, Request, json_reply, redirect_reply

API, BANK_PAGE = "pg/v4/payment/", "pg/StartPay/"
MERCHANT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
VERIFY_BEHAVIOURS = frozenset({"wrong_amount", "already_verified", "repeated_ref_id"})
INACTIVE_MERCHANT = "ffffffff"
LEAST_AMOUNT, MOST_RIAL = 1_000, 1_000_000_000
REVERSAL_SECONDS = 30 * 60
UNVERIFIED_ROWS = 100

MESSAGES = {
    -9: "The input params invalid, validation error.",
    -10: "Terminal is not valid, please check merchant_id or ip address.",
    -11: "Terminal is not active, please contact our support team.",
    -12: "To many attempts, please try again later.",
    -41: "The amount is more than the maximum.",
    -50: "Session is not valid, amounts values is not the same.",
    -51: "Session is not valid, session is not active paid try.",
    -52: "Oops!!, please contact our support team",
    -53: "Session is not this merchant_id session",
    -54: "Invalid authority",
    -61: "Session is not in success status",
    -63: "The reversal time is over",
}
SHAPE_OF_CODE = {-54: "fields", -11: "data"}  # as in the vendor's samples; every other code uses "errors"


class Failure(Exception):
    """The vendor refuses with a code."""

    def __init__(self, code: int, **fields: str) -> None:
        self.code, self.fields = code, fields
        super().__init__(code)


class ZarinPal(Provider):
    """The gateway most shops use."""

    name, title = "zarinpal", "زرین‌پال"
    behaviours = VERIFY_BEHAVIOURS | bank.BEHAVIOURS | {"vendor_code"}
    switches = {"failure": ("by_code", "errors", "fields", "data"), "codes": ("numbers", "strings")}

    def applies(self, fault: str, request: Request) -> bool:
        """Bank faults strike the payer's "paid", verify faults verify, all others the next API call."""
        if fault in bank.BEHAVIOURS:
            return request.path.startswith(BANK_PAGE) and request.form().get("result") == "paid"
        if fault in VERIFY_BEHAVIOURS or fault == "timeout_after_effect":
            return request.path == f"{API}verify.json"
        return request.path.startswith(API) and (fault in TRANSPORT or fault in self.behaviours)

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """Serves the bank page and the API."""
        if request.path.startswith(BANK_PAGE):
            return self._bank_page(request, request.path.removeprefix(BANK_PAGE), fault)
        calls: dict[str, Callable[[dict[str, Any], Fault | None], dict[str, Any]]] = {
            "request.json": self._request,
            "verify.json": self._verify,
            "inquiry.json": self._inquiry,
            "unVerified.json": self._unverified,
            "reverse.json": self._reverse,
        }
        call = calls.get(request.path.removeprefix(API))
        if call is None or not request.path.startswith(API):
            return json_reply({"message": "Not found (the sandbox does not have this call)"}, 404)
        if request.method != "POST":
            return json_reply({"message": "Method not allowed"}, 405)
        try:
            if fault and fault.name == "vendor_code":
                raise Failure(fault.code or -52)
            body = request.json_object()
            self._check_merchant(body)
            data = call(body, fault)
        except Failure as failure:
            return self._failure(failure)
        if self.switched["codes"] == "strings":
            data["code"] = str(data["code"])
        return json_reply({"data": data, "errors": []})

    def _check_merchant(self, body: dict[str, Any]) -> None:
        merchant = body.get("merchant_id")
        if not isinstance(merchant, str) or not MERCHANT_ID.fullmatch(merchant):
            raise Failure(-9, merchant_id="The merchant id must be 36 characters.")
        if merchant.startswith(INACTIVE_MERCHANT):
            raise Failure(-11)

    def _request(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        _check_session(body)
        metadata = body.get("metadata") or {}
        payment = Payment(
            provider=self.name,
            authority="A" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(35)),
            merchant_id=body["merchant_id"],
            amount=body["amount"],
            currency=body.get("currency", "IRR"),
            description=body["description"],
            callback_url=body["callback_url"],
            mobile=str(metadata.get("mobile", "")),
            received_at=self.state.now(),
        )
        self.state.payments[payment.authority] = payment
        return {"code": 100, "message": "Success", "authority": payment.authority, "fee_type": "Merchant", "fee": 100}

    def _verify(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        payment = self._payment(body)
        payment.verify_calls += 1
        if body.get("amount") != payment.amount:
            raise Failure(-50)
        if payment.status not in {"paid", "verified"}:
            raise Failure(-51)
        code = 100 if payment.status == "paid" else 101
        if payment.status == "paid":
            payment.status, payment.ref_id = "verified", self.state.next_number()
        data = {
            "code": code,
            "message": "Verified",
            "card_hash": payment.card_hash,
            "card_pan": payment.card_pan,
            "ref_id": payment.ref_id,
            "fee_type": "Merchant",
            "fee": 0,
            "order_id": None,
            "wages": [],
        }
        if fault and fault.name == "already_verified":
            data["code"] = 101
        if fault and fault.name == "wrong_amount":
            data.update(code=100, amount=payment.amount + 10_000)
        if fault and fault.name == "repeated_ref_id":
            earlier = [other.ref_id for other in self.state.payments.values() if other.ref_id and other is not payment]
            data["ref_id"] = payment.ref_id = earlier[-1] if earlier else payment.ref_id
        return data

    def _inquiry(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        status = {"created": "IN_BANK", "cancelled": "FAILED"}
        payment = self._payment(body)
        return {"code": 100, "message": "Success", "status": status.get(payment.status, payment.status.upper())}

    def _unverified(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        merchant = body["merchant_id"]
        waiting = [p for p in self.state.payments.values() if p.status == "paid" and p.merchant_id == merchant]
        rows = [
            {
                "authority": payment.authority,
                "amount": payment.amount,
                "callback_url": payment.callback_url,
                "referer": "",
                "date": datetime.fromtimestamp(payment.paid_at or 0, UTC)
                .astimezone(TEHRAN)
                .strftime("%Y-%m-%d %H:%M:%S"),
            }
            for payment in waiting[-UNVERIFIED_ROWS:]
        ]
        return {"code": "100", "message": "Success", "authorities": rows}  # a string, as in the vendor's sample

    def _reverse(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        payment = self._payment(body)
        if payment.status not in {"paid", "verified"} or payment.paid_at is None:
            raise Failure(-61)
        if self.state.now() - payment.paid_at > REVERSAL_SECONDS:
            raise Failure(-63)
        payment.status = "reversed"
        return {"code": 100, "message": "Reversed"}

    def _payment(self, body: dict[str, Any]) -> Payment:
        payment = self.state.payments.get(str(body.get("authority")))
        if payment is None or payment.provider != self.name:
            raise Failure(-54)
        if payment.merchant_id != body["merchant_id"]:
            raise Failure(-53)
        return payment

    def _failure(self, failure: Failure) -> Reply:
        message = MESSAGES.get(failure.code, "Error")
        shape = self.switched["failure"]
        if shape == "by_code":
            shape = SHAPE_OF_CODE.get(failure.code, "errors")
        code: int | str = str(failure.code) if self.switched["codes"] == "strings" else failure.code
        status = 422 if failure.code == -9 else 400
        if shape == "fields":
            return json_reply({"errors": {"authority": [message, str(failure.code)]}}, status)
        if shape == "data":
            return json_reply({"data": {"code": code, "message": message}}, status)
        validations = [{name: text} for name, text in failure.fields.items()]
        errors = {"code": code, "message": message, "validations": validations}
        return json_reply({"data": [], "errors": errors}, status)

    def _bank_page(self, request: Request, authority: str, fault: Fault | None) -> Reply:
        payment = self.state.payments.get(authority)
        if payment is None or payment.provider != self.name:
            return bank.message_page("این پرداخت شناخته نشد.", 404)
        if request.method == "GET":
            return bank.payment_page(payment, self.title)
        form = request.form()
        if form.get("unseen") == "paid":
            bank.settle(payment, paid=True, moment=self.state.now())
            return bank.unseen_page(payment)
        if form.get("result") not in {"paid", "cancelled"}:
            return bank.message_page("یکی از دو دکمهٔ «پرداخت» یا «انصراف» را بزنید.", 400)
        bank.settle(payment, paid=form["result"] == "paid", moment=self.state.now())
        return self._return(payment, fault)

    def _return(self, payment: Payment, fault: Fault | None) -> Reply:
        status = "OK" if payment.status in {"paid", "verified"} else "NOK"
        back = bank.with_query(payment.callback_url, {"Authority": payment.authority, "Status": status})
        if fault and fault.name == "lost_callback":
            return bank.unseen_page(payment)
        if fault and fault.name == "duplicate_callback":
            bank.visit_in_background(back)
        return redirect_reply(back)


def _check_session(body: dict[str, Any]) -> None:
    """Raises Failure for what the vendor would not open a session for."""
    wrong: dict[str, str] = {}
    amount, currency = body.get("amount"), body.get("currency", "IRR")
    if currency not in ("IRR", "IRT"):
        wrong["currency"] = "The selected currency is invalid."
    if not isinstance(amount, int) or isinstance(amount, bool):
        wrong["amount"] = "The amount must be an integer."
    elif amount < LEAST_AMOUNT:
        wrong["amount"] = "The amount must be at least 1000."
    description = body.get("description")
    if not isinstance(description, str) or not 0 < len(description) <= 500:
        wrong["description"] = "The description field is required."
    callback = body.get("callback_url")
    if not isinstance(callback, str) or not _is_web_address(callback):
        wrong["callback_url"] = "The callback url field is required."
    if "metadata" in body and not (isinstance(body["metadata"], dict) and body["metadata"]):
        wrong["metadata"] = "The metadata must not be empty."
    if wrong:
        raise Failure(-9, **wrong)
    if isinstance(amount, int) and amount * (10 if currency == "IRT" else 1) > MOST_RIAL:
        raise Failure(-41)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
