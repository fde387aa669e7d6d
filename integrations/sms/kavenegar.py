"""Kavenegar, REST v1: send one text, find a lost one again, ask where it stands.

Source: kavenegar.com/rest.html and the vendor's SDKs. The API key is part of the *path*. `return.status` decides, the
HTTP status only mirrors it. A `localid` that was seen before is not sent again; how long it is remembered is not
published, `statuslocalmessageid` reaches back 12 hours and `status` 48.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from integrations import http
from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, Sms, SmsReceipt, SmsStatus, Unknown
from integrations.reading import integer, mapping, rows, text
from kernel.identity import local_mobile

logger = logging.getLogger(__name__)

DEADLINE = 15.0  # seconds for one call
STATUS_BATCH = 500  # ids in one status call

# The vendor's codes, by what they mean to us. What is in no table (bad number, forbidden words, …) is a refusal.
DONE = 200
TRY_LATER = {402, 409, 451}
DUPLICATE_LOCAL_ID = 503  # of old: sent already
MISCONFIGURED = {401, 403, 407, 412, 416, 418, 424, 426, 427, 429, 501}  # key, address, line, credit, template
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

    def send(self, sms: Sms, *, recover: bool = False) -> SmsReceipt:
        """Sends once; with `recover` adopts what an earlier attempt may have sent. Raises `DeliveryError`."""
        local_id = str(sms.local_id + self.local_id_offset)
        if recover and (earlier := self._find(local_id)):
            return earlier
        fields = {"receptor": local_mobile(sms.phone), "message": sms.text, "localid": local_id}
        if self.sender:
            fields["sender"] = self.sender
        try:
            entries = self._ask("sms/send", fields)
        except _DuplicateLocalId:
            earlier = self._find(local_id)
            if earlier is None:
                raise Unknown("local id known, message not found") from None
            return earlier
        receipt = _receipt(entries[0]) if len(entries) == 1 else None
        if receipt is None:
            raise Unknown("no message id in the reply")
        return receipt

    def status(self, message_ids: Sequence[str]) -> dict[str, SmsStatus]:
        """Where messages of the last 48 hours stand; older ones are `UNKNOWN`. Raises `DeliveryError`."""
        found = dict.fromkeys(message_ids, SmsStatus.UNKNOWN)
        for start in range(0, len(message_ids), STATUS_BATCH):
            batch = message_ids[start : start + STATUS_BATCH]
            for entry in self._look("sms/status", {"messageid": ",".join(batch)}):
                if (external_id := text(entry.get("messageid"))) in found:
                    found[external_id] = _status(entry)
        return found

    def _find(self, local_id: str) -> SmsReceipt | None:
        """The message that was sent under this local id in the last 12 hours."""
        for entry in self._look("sms/statuslocalmessageid", {"localid": local_id}):
            if text(entry.get("localid")) in {"", local_id} and integer(entry.get("status")) != NOT_FOUND:
                return _receipt(entry)
        return None

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
    reason = f"code {code} {message}".strip()
    if code == DUPLICATE_LOCAL_ID:
        return _DuplicateLocalId(reason)
    if code in MISCONFIGURED:
        return Misconfigured(reason)
    if code in TRY_LATER or 500 <= code < 600:
        return Retry(reason, reply.retry_after)
    if code == DONE:
        return Unknown(f"HTTP {reply.status} with code 200")
    return Reject(reason)


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
