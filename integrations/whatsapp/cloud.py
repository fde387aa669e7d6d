"""WhatsApp Business Platform, Cloud API (Meta Graph): templates, free texts, signed webhooks.

Source: developers.facebook.com/documentation/business-messaging/whatsapp. `error.code` decides, not the HTTP status.
There is no key against doubles: an answer that was lost stays unknown until a report brings our `callback_data` back.
Two other providers say that Iranian numbers are excluded; so the channel is off unless somebody turns it on.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from integrations import http
from integrations.ports import (
    DeliveryError,
    Misconfigured,
    Reject,
    Retry,
    Unknown,
    WhatsAppReceipt,
    WhatsAppTemplate,
    WhatsAppText,
)
from integrations.reading import integer, mapping, rows, text

DEADLINE = 20.0  # seconds for one call
NAME = "whatsapp"
WINDOW_CLOSED = "131047"
NOT_ON_WHATSAPP = "131026"
SIGNATURE_HEADER = "X-Hub-Signature-256"

# Meta's codes, by what they mean to us. What is in no table (bad number, not on WhatsApp, closed window, opted out,
# faulty parameter, …) is a refusal of this message.
IN_DOUBT = {1, 131000, 135000}  # Meta's own failure; it does not say whether before or after the message
TRY_LATER = {2, 4, 80007, 130429, 131016, 131056, 133016}
HELD_BACK, HELD_BACK_SECONDS = 131049, 86_400.0  # "to keep the ecosystem healthy": not before a day has passed
MISCONFIGURED = {
    *(0, 3, 10, 190, 368, *range(200, 300)),  # token, permission, block
    *(131005, 131030, 131031, 131037, 131042, 131044, 131045, 131048, 131057, 131062, 131063, 131064),  # account
    *(132001, 132015, 132016),  # template not approved, paused, disabled
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudApi:
    """The adapter. `number_id` is Meta's id of the number that we send from."""

    base_url: str
    version: str
    number_id: str
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        return NAME

    def send_template(self, message: WhatsAppTemplate) -> WhatsAppReceipt:
        """Sends an approved template. Raises `DeliveryError`."""
        parameters = [{"type": "text", "text": value} for value in message.variables]
        template: dict[str, Any] = {"name": message.template, "language": {"code": message.language}}
        if parameters:
            template["components"] = [{"type": "body", "parameters": parameters}]
        return self._send(message.phone, message.callback_data, {"type": "template", "template": template})

    def send_text(self, message: WhatsAppText) -> WhatsAppReceipt:
        """Sends a free text within the 24 hours. Raises `DeliveryError`, `Reject` with 131047 outside of them."""
        body = {"preview_url": False, "body": message.text}
        return self._send(message.phone, message.callback_data, {"type": "text", "text": body})

    def _send(self, phone: str, callback_data: str, content: dict[str, Any]) -> WhatsAppReceipt:
        if not self.token or not self.number_id:
            raise Misconfigured("no token or no number id")
        reply = http.call(
            "POST",
            f"{self.base_url}/{self.version}/{self.number_id}/messages",
            provider=http.Provider(name=NAME, deadline=DEADLINE, secrets=(self.token,)),
            json={
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": phone.removeprefix("+"),
                **content,
                "biz_opaque_callback_data": callback_data,
            },
            headers={"Authorization": f"Bearer {self.token}"},
        )
        body = mapping(reply.json)
        if "error" in body or reply.status >= 300:
            raise _refusal(reply, mapping(body.get("error")))
        ids = [text(row.get("id")) for row in rows(body.get("messages"))]
        if len(ids) != 1 or not ids[0]:
            raise Unknown("no message id in the reply")
        return WhatsAppReceipt(external_id=ids[0])


def from_settings() -> CloudApi:
    """The provider as this installation has it."""
    return CloudApi(
        base_url=settings.WHATSAPP_BASE_URL.rstrip("/"),
        version=settings.WHATSAPP_API_VERSION,
        number_id=settings.WHATSAPP_NUMBER_ID,
        token=settings.WHATSAPP_TOKEN,
    )


def is_signed(body: bytes, signature: str) -> bool:
    """Whether Meta has sent exactly these bytes: HMAC-SHA256 under our app's secret. Never true without a secret."""
    secret: str = settings.WHATSAPP_APP_SECRET
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.encode())


def _refusal(reply: http.Reply, error: dict[str, Any]) -> DeliveryError:
    """What an answer without a message means."""
    code = integer(error.get("code"))
    if code is None:
        return _refusal_without_code(reply)
    details = text(mapping(error.get("error_data")).get("details")) or text(error.get("message"))
    return error_of(code, details, after=reply.retry_after, in_doubt=reply.status >= 500)


def error_of(code: int, details: str, *, after: float | None = None, in_doubt: bool = False) -> DeliveryError:
    """What one of Meta's codes means; `in_doubt`: an unknown code came in a way that leaves the effect open."""
    reason, said = f"code {code} {details}".strip(), str(code)
    if code == HELD_BACK:
        return Retry(reason, HELD_BACK_SECONDS, code=said)
    if code in TRY_LATER:
        return Retry(reason, after, code=said)
    if code in MISCONFIGURED:
        return Misconfigured(reason, code=said)
    if code in IN_DOUBT or in_doubt:
        return Unknown(reason, code=said)
    return Reject(reason, code=said)


def _refusal_without_code(reply: http.Reply) -> DeliveryError:
    if reply.status == 429:
        return Retry("HTTP 429", reply.retry_after)
    if reply.status in {401, 403}:
        return Misconfigured(f"HTTP {reply.status}")
    return Unknown(f"HTTP {reply.status} without an answer")


def is_ours(value: dict[str, Any]) -> bool:
    """Whether a change in a webhook is about our number; an app may serve several."""
    number_id = text(mapping(value.get("metadata")).get("phone_number_id"))
    return number_id in {"", settings.WHATSAPP_NUMBER_ID}


def moment(value: Any, *, now: datetime) -> datetime:
    """Meta's seconds as a moment that is not in the future; `now` where they cannot be read."""
    seconds = integer(value)
    if not seconds or not 0 < seconds < now.timestamp():
        return now
    return datetime.fromtimestamp(seconds, now.tzinfo)
