"""sms.ir, REST v1: send one text or many, find lost ones again, ask where they stand and what credit is left.

Source: apidocs.sms.ir. `status` in the envelope decides: 1 is done. There is no field for an id of our own. What an
earlier attempt sent is found by number and exact text among the messages of today and yesterday, each message of the
list counted once. That is certain but for two cases: the vendor lists a message later than we look (then it goes out
twice), and two equal texts to one number within two days (then the earlier one may be taken for the lost one).
Credit is counted in units of a message; `unit_rial`, what one costs us, turns it into money.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from integrations import http
from integrations.ports import (
    DeliveryError,
    Misconfigured,
    Reject,
    Report,
    Retry,
    Sms,
    SmsOutcome,
    SmsReceipt,
    SmsStatus,
    Unknown,
)
from integrations.reading import integer, mapping, rows, text
from integrations.sms.batch import send_in_halves, send_others
from kernel.identity import IdentityError, clean_mobile, local_mobile

DEADLINE = 20.0  # seconds for one call
SEND_BATCH = 100
PAGE, MOST_PAGES = 100, 60  # of a list of messages
FEW = 10  # up to so many messages are asked for one by one
LOOK_BACK = timedelta(hours=36)

# The vendor's codes, by what they mean to us. What is in no table is a refusal.
DONE = 1
IN_DOUBT = {0}  # "system error"
TRY_LATER = {20, 118}
MISCONFIGURED = {10, 11, 12, 13, 14, 15, 101, 102, 113, 119, 123, 124}  # key, address, account, credit, line, template
OF_THE_LINE = {117}  # a text that this vendor has not approved
OF_ONE_MESSAGE = {103, 104, 114, 115, 117}
NOT_FOUND = 111

STATUSES = {
    1: SmsStatus.DELIVERED,
    2: SmsStatus.UNDELIVERED,
    3: SmsStatus.SENT,
    4: SmsStatus.FAILED,
    5: SmsStatus.SENT,
    6: SmsStatus.FAILED,
    7: SmsStatus.BLOCKED,
    8: SmsStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsIr:
    """The adapter. `line` is the number that texts come from."""

    base_url: str
    api_key: str = field(repr=False)
    line: str = ""
    unit_rial: int = 0

    @property
    def name(self) -> str:
        return "smsir"

    @property
    def batch_size(self) -> int:
        return SEND_BATCH

    def send(self, sms: Sms, *, recover: bool = False) -> SmsReceipt:
        """Sends once; with `recover` adopts what an earlier attempt seems to have sent. Raises `DeliveryError`."""
        if recover and (earlier := self.find([sms]).get(sms.local_id)):
            return earlier
        fields = {"messageText": sms.text, "mobiles": [local_mobile(sms.phone)]}
        [outcome] = _outcomes([sms], self._send("bulk", fields))
        if outcome.receipt is None:
            raise outcome.error or Unknown("no message id in the reply")
        return outcome.receipt

    def send_batch(self, messages: Sequence[Sms], *, recover: bool = False) -> list[SmsOutcome]:
        """Sends each of at most 100 once, with one call where nothing is wrong. Raises `DeliveryError`."""
        return send_others(messages, self.find(messages) if recover else {}, self._send_in_halves)

    def find(self, messages: Sequence[Sms]) -> dict[int, SmsReceipt]:
        """Those of the last 36 hours with the same number and text. Raises `DeliveryError` where it cannot look."""
        wanted: dict[tuple[str, str], list[int]] = {}
        for sms in messages:
            wanted.setdefault((sms.phone, _bare(sms.text)), []).append(sms.local_id)
        found: dict[int, SmsReceipt] = {}
        for row in self._recent() if messages else ():
            waiting = wanted.get((_phone(row), _bare(text(row.get("messageText"), 2000))), [])
            receipt = _receipt(row.get("messageId"), STATUSES.get(integer(row.get("deliveryState")) or 0))
            if waiting and receipt is not None:
                found[waiting.pop(0)] = receipt
            if len(found) == len(messages):
                break
        return found

    def status(self, message_ids: Sequence[str]) -> dict[str, SmsStatus]:
        """Where messages stand; of many, only those of the last 36 hours. Raises `DeliveryError`."""
        found = dict.fromkeys(message_ids, SmsStatus.UNKNOWN)
        entries = self._recent() if len(found) > FEW else map(self._message, found)
        for row in entries:
            if (external_id := text(row.get("messageId"))) in found:
                found[external_id] = STATUSES.get(integer(row.get("deliveryState")) or 0, SmsStatus.UNKNOWN)
        return found

    def credit_rial(self) -> int | None:
        """The units that are left, in money; None where the price of a unit is not set. Raises `DeliveryError`."""
        try:
            units = Decimal(str(self._look("credit")))
        except InvalidOperation:
            raise Retry("the credit is not a number") from None
        return int(units * self.unit_rial) if self.unit_rial and units.is_finite() else None

    def _send_in_halves(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        return send_in_halves(messages, self._send_array, is_about_one=_is_about_one)

    def _send_array(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        fields = {
            "messageTexts": [sms.text for sms in messages],
            "mobiles": [local_mobile(sms.phone) for sms in messages],
        }
        return _outcomes(messages, self._send("likeToLike", fields))

    def _send(self, method: str, fields: dict[str, Any]) -> Any:
        line = integer(self.line)
        if line is None:
            raise Misconfigured("no line number")
        return self._ask("POST", f"send/{method}", {"lineNumber": line, **fields, "sendDateTime": None})

    def _message(self, message_id: str) -> dict[str, Any]:
        try:
            return mapping(self._look(f"send/{message_id}")) if message_id.isdecimal() else {}
        except Reject as error:
            if integer(error.code) != NOT_FOUND:
                raise
            return {}

    def _recent(self) -> Iterator[dict[str, Any]]:
        """The messages of today, then of yesterday, each once. Raises `Retry` where there are too many to read."""
        now = timezone.now()
        period = {"fromDate": int((now - LOOK_BACK).timestamp()), "toDate": int(now.timestamp())}
        seen: set[str] = set()
        for method, extra in (("live", {}), ("archive", period)):
            for number in range(1, MOST_PAGES + 1):
                query = urlencode({"pageSize": PAGE, "pageNumber": number, **extra})
                entries = rows(self._look(f"send/{method}?{query}"))
                fresh = [row for row in entries if text(row.get("messageId")) not in seen]
                seen |= {text(row.get("messageId")) for row in entries}
                yield from fresh
                if len(entries) < PAGE:
                    break
            else:
                raise Retry("too many messages to look through", 3600)

    def _look(self, path: str) -> Any:
        """A call that changes nothing: a lost answer only means to ask again."""
        try:
            return self._ask("GET", path)
        except Unknown as error:
            raise Retry(error.reason, code=error.code) from None

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if not self.api_key:
            raise Misconfigured("no API key")
        reply = http.call(
            method,
            f"{self.base_url}/v1/{path}",
            provider=http.Provider(name="smsir", deadline=DEADLINE, secrets=(self.api_key,)),
            json=body,
            headers={"X-API-KEY": self.api_key},
        )
        envelope = mapping(reply.json)
        status = integer(envelope.get("status"))
        if status == DONE and reply.status < 300:
            return envelope.get("data")
        raise _refusal(reply, status, text(envelope.get("message")))


def from_settings() -> SmsIr:
    """The provider as this installation has it."""
    return SmsIr(
        base_url=settings.SMSIR_BASE_URL.rstrip("/"),
        api_key=settings.SMSIR_API_KEY,
        line=settings.SMSIR_LINE,
        unit_rial=settings.SMSIR_UNIT_RIAL,
    )


def read_callback(fields: Mapping[str, str], *, now: datetime) -> list[Report]:
    """The report in a call to our address. Its form is not documented: the names of the vendor's lists are taken."""
    message_id, code = integer(fields.get("messageId")), integer(fields.get("deliveryState"))
    if not message_id or message_id < 0 or code not in STATUSES:
        return []
    seconds = integer(fields.get("deliveryDateTime"))
    at = datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < now.timestamp() else now
    raw = {"messageId": str(message_id), "deliveryState": code}
    return [Report(external_id=str(message_id), status=STATUSES[code], code=str(code), at=at, raw=raw)]


def _refusal(reply: http.Reply, status: int | None, message: str) -> DeliveryError:
    """What an answer other than 1 means."""
    code = "" if status is None else str(status)
    reason = f"code {status} {message}".strip() if code else f"HTTP {reply.status} without an answer"
    if reply.status == 429 or status in TRY_LATER:
        return Retry(reason, reply.retry_after, code=code)
    if reply.status in {401, 403} or status in MISCONFIGURED:
        return Misconfigured(reason, code=code)
    if status is None or status in IN_DOUBT or status == DONE or reply.status >= 500:
        return Unknown(reason, code=code)
    return Reject(reason, code=code, elsewhere=status in OF_THE_LINE)


def _is_about_one(error: Reject) -> bool:
    return integer(error.code) in OF_ONE_MESSAGE


def _outcomes(messages: Sequence[Sms], data: Any) -> list[SmsOutcome]:
    """One id for each message, in their order; an empty one is taken for a number that was refused."""
    found = mapping(data).get("messageIds")
    ids: list[Any] = found if isinstance(found, list) else []
    if len(ids) != len(messages):
        return [SmsOutcome(sms.local_id, error=Unknown("not one message id for each message")) for sms in messages]
    return [_outcome(sms, message_id) for sms, message_id in zip(messages, ids, strict=True)]


def _outcome(sms: Sms, message_id: Any) -> SmsOutcome:
    receipt = _receipt(message_id, SmsStatus.QUEUED)
    is_refused = message_id is None or integer(message_id) == 0
    refusal = Reject("no message id: the number was refused") if is_refused else Unknown("no message id in the reply")
    error = None if receipt else refusal
    return SmsOutcome(sms.local_id, receipt=receipt, error=error)


def _receipt(message_id: Any, status: SmsStatus | None) -> SmsReceipt | None:
    number = integer(message_id)
    if not number or number < 0:
        return None
    return SmsReceipt(external_id=str(number), status=status or SmsStatus.UNKNOWN)


def _phone(row: Mapping[str, Any]) -> str:
    try:
        return clean_mobile(text(row.get("mobile")))
    except IdentityError:
        return ""


def _bare(words: str) -> str:
    """The text as it is compared: line breaks and spaces at its ends may change on the way."""
    return " ".join(words.split())
