"""Kavenegar, REST v1: send one text or many, find lost ones again, ask where they stand and what credit is left.

Source: kavenegar.com/rest.html and the vendor's SDKs. The API key is part of the *path*. `return.status` decides, the
HTTP status only mirrors it. A `localid` that was seen before is not sent again; how long it is remembered is not
published, `statuslocalmessageid` reaches back 12 hours and `status` 48.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

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
from integrations.sms.batch import all_failed, send_in_halves, send_others
from kernel.identity import IdentityError, clean_mobile, local_mobile

logger = logging.getLogger(__name__)

DEADLINE = 15.0  # seconds for one call
STATUS_BATCH = 500  # ids in one status call
SEND_BATCH = 200  # messages in one sendarray

# The vendor's codes, by what they mean to us. What is in no table (bad number, forbidden words, …) is a refusal.
DONE = 200
TRY_LATER = {402, 409, 451}
DUPLICATE_LOCAL_ID = 503  # of old: sent already
MISCONFIGURED = {401, 403, 407, 412, 416, 418, 424, 426, 427, 429, 501}  # key, address, line, credit, template
OF_THE_LINE = {420, 422}  # links, words: what this line may not carry, another may
OF_ONE_MESSAGE = {411, 413, 420, 422}  # for one of them the whole of a sendarray is refused
NOT_FOUND = 100  # as the status of a message

STATUSES = {
    1: SmsStatus.QUEUED,
    2: SmsStatus.QUEUED,
    4: SmsStatus.SENT,
    5: SmsStatus.SENT,
    6: SmsStatus.FAILED,
    10: SmsStatus.DELIVERED,
    11: SmsStatus.UNDELIVERED,
    13: SmsStatus.CANCELLED,
    14: SmsStatus.BLOCKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kavenegar:
    """The adapter. `local_id_offset` keeps the local ids of several installations on one account apart."""

    base_url: str
    api_key: str = field(repr=False)
    sender: str = ""
    local_id_offset: int = 0

    @property
    def name(self) -> str:
        return "kavenegar"

    @property
    def batch_size(self) -> int:
        return SEND_BATCH

    def send(self, sms: Sms, *, recover: bool = False) -> SmsReceipt:
        """Sends once; with `recover` adopts what an earlier attempt may have sent. Raises `DeliveryError`."""
        if recover and (earlier := self.find([sms]).get(sms.local_id)):
            return earlier
        local_id = self._local_id(sms)
        fields = {"receptor": local_mobile(sms.phone), "message": sms.text, "localid": local_id}
        if self.sender:
            fields["sender"] = self.sender
        try:
            entries = self._ask("sms/send", fields)
        except _DuplicateLocalId:
            earlier = self.find([sms]).get(sms.local_id)
            if earlier is None:
                raise Unknown("local id known, message not found") from None
            return earlier
        receipt = _receipt(entries[0]) if len(entries) == 1 else None
        if receipt is None:
            raise Unknown("no message id in the reply")
        return receipt

    def send_batch(self, messages: Sequence[Sms], *, recover: bool = False) -> list[SmsOutcome]:
        """Sends each of at most 200 once, with one call where nothing is wrong. Raises `DeliveryError`."""
        earlier = self.find(messages) if recover else {}
        return send_others(messages, earlier, self._send_in_halves)

    def find(self, messages: Sequence[Sms]) -> dict[int, SmsReceipt]:
        """Those that were sent under their local ids in the last 12 hours. Raises `DeliveryError`."""
        asked = {self._local_id(sms): sms.local_id for sms in messages}
        found = {}
        for start in range(0, len(messages), STATUS_BATCH):
            batch = list(asked)[start : start + STATUS_BATCH]
            for entry in self._look("sms/statuslocalmessageid", {"localid": ",".join(batch)}):
                local_id = text(entry.get("localid")) or (batch[0] if len(batch) == 1 else "")
                receipt = None if integer(entry.get("status")) == NOT_FOUND else _receipt(entry)
                if local_id in batch and receipt is not None:
                    found[asked[local_id]] = receipt
        return found

    def status(self, message_ids: Sequence[str]) -> dict[str, SmsStatus]:
        """Where messages of the last 48 hours stand; older ones are `UNKNOWN`. Raises `DeliveryError`."""
        found = dict.fromkeys(message_ids, SmsStatus.UNKNOWN)
        for start in range(0, len(message_ids), STATUS_BATCH):
            batch = message_ids[start : start + STATUS_BATCH]
            for entry in self._look("sms/status", {"messageid": ",".join(batch)}):
                if (external_id := text(entry.get("messageid"))) in found:
                    found[external_id] = _status(entry)
        return found

    def credit_rial(self) -> int | None:
        """What is left on the account. Raises `DeliveryError`."""
        entries = self._look("account/info", {})
        return integer(entries[0].get("remaincredit")) if entries else None

    def _local_id(self, sms: Sms) -> str:
        return str(sms.local_id + self.local_id_offset)

    def _send_in_halves(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        return send_in_halves(messages, self._send_array, is_about_one=_is_about_one)

    def _send_array(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        local_ids = json.dumps([int(self._local_id(sms)) for sms in messages])
        fields = {
            "receptor": json.dumps([local_mobile(sms.phone) for sms in messages]),
            "sender": json.dumps([self.sender] * len(messages)),
            "message": json.dumps([sms.text for sms in messages], ensure_ascii=False),
            "localmessageids": local_ids,
            "localmessageid": local_ids,  # the vendor's documents and its SDK do not agree on the name
        }
        try:
            entries = self._ask("sms/sendarray", fields)
        except _DuplicateLocalId:
            return self._send_array_again(messages)
        return _outcomes(messages, entries)

    def _send_array_again(self, messages: Sequence[Sms]) -> list[SmsOutcome]:
        """Some of these went out before: they are adopted, and only the others are sent."""
        found = self.find(messages)
        if not found:
            return all_failed(messages, Unknown("local id known, message not found"))
        return send_others(messages, found, self._send_in_halves)

    def _look(self, method: str, fields: dict[str, str]) -> list[dict[str, Any]]:
        """A call that changes nothing: a lost answer only means to ask again."""
        try:
            return self._ask(method, fields)
        except Unknown as error:
            raise Retry(error.reason) from None

    def _ask(self, method: str, fields: dict[str, str]) -> list[dict[str, Any]]:
        if not self.api_key:
            raise Misconfigured("no API key")
        reply = http.call(
            "POST",
            f"{self.base_url}/v1/{self.api_key}/{method}.json",
            provider=http.Provider(name="kavenegar", deadline=DEADLINE, secrets=(self.api_key,)),
            data=fields,
        )
        envelope = mapping(reply.json)
        said = mapping(envelope.get("return"))
        code = integer(said.get("status"))
        if code == DONE and reply.status < 300:
            return rows(envelope.get("entries"))
        raise _refusal(reply, code, text(said.get("message")))


class _DuplicateLocalId(DeliveryError):
    """The message went out at an earlier attempt."""


def from_settings() -> Kavenegar:
    """The provider as this installation has it."""
    return Kavenegar(
        base_url=settings.KAVENEGAR_BASE_URL.rstrip("/"),
        api_key=settings.KAVENEGAR_API_KEY,
        sender=settings.KAVENEGAR_SENDER,
        local_id_offset=settings.KAVENEGAR_LOCALID_OFFSET,
    )


def _refusal(reply: http.Reply, code: int | None, message: str) -> DeliveryError:
    """What an answer other than 200 means."""
    if code is None or (reply.status == 429 and reply.retry_after is not None):
        return _refusal_without_code(reply)
    reason, said = f"code {code} {message}".strip(), str(code)
    if code == DUPLICATE_LOCAL_ID:
        return _DuplicateLocalId(reason, code=said)
    if code in MISCONFIGURED:
        return Misconfigured(reason, code=said)
    if code in TRY_LATER or 500 <= code < 600:
        return Retry(reason, reply.retry_after, code=said)
    if code == DONE:
        return Unknown(f"HTTP {reply.status} with code 200", code=said)
    return Reject(reason, code=said, elsewhere=code in OF_THE_LINE)


def _is_about_one(error: Reject) -> bool:
    return integer(error.code) in OF_ONE_MESSAGE


def _outcomes(messages: Sequence[Sms], entries: list[dict[str, Any]]) -> list[SmsOutcome]:
    """The entry of each message: the one in its place, or else one with its number and text."""
    places = dict(enumerate(entries))
    chosen: dict[int, dict[str, Any]] = {}
    for index, sms in enumerate(messages):
        if len(entries) == len(messages) and _is_for(entries[index], sms.phone):
            chosen[index] = places.pop(index)
    for index, sms in enumerate(messages):
        fits = (
            place for place, e in places.items() if _is_for(e, sms.phone) and text(e.get("message"), 2000) == sms.text
        )
        if index not in chosen and (place := next(fits, None)) is not None:
            chosen[index] = places.pop(place)
    return [_outcome(sms, _receipt(chosen.get(index, {}))) for index, sms in enumerate(messages)]


def _outcome(sms: Sms, receipt: SmsReceipt | None) -> SmsOutcome:
    error = None if receipt else Unknown("no message id in the reply")
    return SmsOutcome(sms.local_id, receipt=receipt, error=error)


def _is_for(entry: Mapping[str, Any], phone: str) -> bool:
    try:
        return clean_mobile(text(entry.get("receptor"))) == phone
    except IdentityError:
        return False


def read_callback(fields: Mapping[str, str], *, now: datetime) -> list[Report]:
    """The report in a call of the address that the vendor's panel holds for a line; [] where it cannot be read.

    It brings `messageid` and `status`, by GET or POST, and no time of its own.
    """
    message_id, code = integer(fields.get("messageid")), integer(fields.get("status"))
    if not message_id or message_id < 0 or code not in STATUSES:
        return []
    raw = {"messageid": str(message_id), "status": code}
    return [Report(external_id=str(message_id), status=STATUSES[code], code=str(code), at=now, raw=raw)]


def _refusal_without_code(reply: http.Reply) -> DeliveryError:
    """An answer of something between us and the vendor; a gateway's 5xx may hide a message that was sent."""
    if reply.status == 429:
        return Retry("HTTP 429", reply.retry_after)
    if reply.status in {401, 403}:
        return Misconfigured(f"HTTP {reply.status}")
    return Unknown(f"HTTP {reply.status} without an answer")


def _receipt(entry: dict[str, Any]) -> SmsReceipt | None:
    message_id = integer(entry.get("messageid"))
    if not message_id or message_id < 0:
        return None
    return SmsReceipt(external_id=str(message_id), status=_status(entry))


def _status(entry: dict[str, Any]) -> SmsStatus:
    return STATUSES.get(integer(entry.get("status")) or 0, SmsStatus.UNKNOWN)
