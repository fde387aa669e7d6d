"""WhatsApp Cloud API (Meta Graph): send templates and free texts; status webhooks, signed; a person may write to us.

`POST /__inbound {"from": "989121234567", "text": "سلام"}` lets a person write: it opens the 24 hours and is told by a
webhook. Invented, not Meta's facts: that a token beginning with `wrong` is refused, that templates whose name begins
with `missing` do not exist and all others do, how fast a message moves on, and the magic numbers below.
"""

from typing import Any

from .callbacks import BEHAVIOURS, ending, stages
from .faults import TRANSPORT, Fault
from .provider import Provider
from .state import DELIVERED, SECONDS_QUEUED, SECONDS_READ, SECONDS_SENT, WhatsApp
from .wire import Reply, Request, json_reply

WINDOW_SECONDS = 24 * 3600
LONGEST_TEXT = 4096
FAILURES = {6: (131000, "Something went wrong"), 11: (131026, "Message undeliverable"), 14: (131050, "User stopped")}
MAGIC_CODES = {
    "989990131026": 131026,
    "989990130429": 130429,
    "989990131049": 131049,
    "989990130497": 130497,
}
HTTP_STATUS = {190: 401, 4: 400, 2: 503, 131000: 500, 130429: 429}
TEXTS = {
    100: "Invalid parameter",
    190: "Access token has expired",
    130429: "Rate limit hit",
    130497: "Business account is restricted from messaging users in this country",
    131008: "Required parameter is missing",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped receipt of marketing messages",
    132001: "Template does not exist in the translation",
}


class Failure(Exception):
    """Meta refuses with a code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class WhatsAppCloud(Provider):
    """The Graph host. The token is in the header Authorization."""

    name, title = "whatsapp", "واتس‌اپ"
    behaviours = frozenset({"refused_number", "vendor_code", *BEHAVIOURS})

    def reset(self) -> None:
        """Forgets who has written to us, and which number was used."""
        super().reset()
        self._inbound: dict[str, float] = {}
        self._number = ""

    def applies(self, fault: str, request: Request) -> bool:
        return request.method == "POST" and (fault in TRANSPORT or fault in self.behaviours)

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """A message to somebody; `v26.0/{number}/messages` is the only call that is imitated."""
        try:
            return json_reply(self._messages(request, fault))
        except Failure as failure:
            error = {
                "message": f"(#{failure.code}) {TEXTS.get(failure.code, 'Error')}",
                "type": "OAuthException",
                "code": failure.code,
                "error_data": {"messaging_product": "whatsapp", "details": TEXTS.get(failure.code, "Error")},
                "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
            }
            return json_reply({"error": error}, HTTP_STATUS.get(failure.code, 400))

    def write_in(self, phone: str, text: str) -> None:
        """A person writes to us: the window opens, and a webhook tells of it."""
        moment = self.state.now()
        self._inbound[phone] = moment
        message = {
            "from": phone,
            "id": f"wamid.IN{self.state.next_number()}",
            "timestamp": str(int(moment)),
            "type": "text",
            "text": {"body": text},
        }
        self.callbacks.plan_signed(self.name, moment, self._webhook({"messages": [message]}))

    def _messages(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        parts = request.path.split("/")
        if request.method != "POST" or len(parts) != 3 or not parts[0].startswith("v") or parts[2] != "messages":
            raise Failure(100)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token or token.startswith("wrong"):
            raise Failure(190)
        if fault and fault.name == "vendor_code":
            raise Failure(fault.code or 130429)
        body = request.json_object()
        phone = str(body.get("to", "")).removeprefix("+")
        if body.get("messaging_product") != "whatsapp" or not phone.isdecimal():
            raise Failure(131008)
        if fault and fault.name == "refused_number":
            raise Failure(131026)
        if phone in MAGIC_CODES:
            raise Failure(MAGIC_CODES[phone])
        self._number = parts[1]
        message = self._keep(phone, body, fault)
        answer: dict[str, Any] = {"id": message.id}
        if message.template:
            answer["message_status"] = "accepted"
        contacts = [{"input": str(body["to"]), "wa_id": phone}]
        return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [answer]}

    def _keep(self, phone: str, body: dict[str, Any], fault: Fault | None) -> WhatsApp:
        template, language, variables, text = self._content(phone, body)
        moment = self.state.now()
        message = WhatsApp(
            id=f"wamid.HBgM{self.state.next_number()}",
            to=phone,
            template=template,
            language=language,
            variables=variables,
            text=text,
            callback_data=str(body.get("biz_opaque_callback_data", "")),
            received_at=moment,
            final_status=ending(fault, DELIVERED),
        )
        self.state.whatsapp.append(message)
        self._plan(message, fault)
        return message

    def _content(self, phone: str, body: dict[str, Any]) -> tuple[str, str, list[str], str]:
        """Template, language, variables and text of a message."""
        if body.get("type") == "text":
            text = str((body.get("text") or {}).get("body", ""))
            if not 0 < len(text) <= LONGEST_TEXT:
                raise Failure(131008)
            if self.state.now() - self._inbound.get(phone, 0) >= WINDOW_SECONDS:
                raise Failure(131047)
            return "", "", [], text
        found = body.get("template")
        if body.get("type") != "template" or not isinstance(found, dict) or not found.get("name"):
            raise Failure(100)
        language = str((found.get("language") or {}).get("code", ""))
        if str(found["name"]).startswith("missing") or not language:
            raise Failure(132001)
        parts = [part for part in found.get("components") or [] if part.get("type") == "body"]
        variables = [str(item.get("text", "")) for part in parts for item in part.get("parameters") or []]
        if any(not variable.strip() for variable in variables):
            raise Failure(131008)
        return str(found["name"]), language, variables, ""

    def _plan(self, message: WhatsApp, fault: Fault | None) -> None:
        start = message.received_at
        sent_at, ended_at = stages(start + SECONDS_QUEUED, start + SECONDS_SENT, fault)
        told: list[tuple[float, dict[str, Any]]] = [(sent_at, {"status": "sent"})]
        if message.final_status == DELIVERED:
            told += [(ended_at, {"status": "delivered"}), (start + SECONDS_READ, {"status": "read"})]
        else:
            code, title = FAILURES[message.final_status]
            error = {"code": code, "title": title, "message": title, "error_data": {"details": title}}
            told.append((ended_at, {"status": "failed", "errors": [error]}))
        for at, fields in told:
            status = {
                "id": message.id,
                "timestamp": str(int(at)),
                "recipient_id": message.to,
                "biz_opaque_callback_data": message.callback_data,
                **fields,
            }
            self.callbacks.plan_signed(self.name, at, self._webhook({"statuses": [status]}), fault)

    def _webhook(self, content: dict[str, Any]) -> dict[str, Any]:
        value: dict[str, Any] = {"messaging_product": "whatsapp", **content}
        if self._number:
            value["metadata"] = {"display_phone_number": "982188776655", "phone_number_id": self._number}
        changes = [{"field": "messages", "value": value}]
        return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
