"""sms.ir (apidocs.sms.ir, v1): send bulk, likeToLike and verify; one message, today's and older ones; credit; line.

Invented, not vendor facts: the texts of the codes, how fast a message moves on, the report by callback, that a key
beginning with `wrong` is refused, that a refused number of several gets an empty id, the price of a message.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .callbacks import BEHAVIOURS, ending, stages
from .faults import TRANSPORT, Fault
from .kavenegar import MAGIC_STATUS, REFUSED_RECEPTOR, mobile_of
from .provider import Provider
from .state import DELIVERED, SECONDS_QUEUED, SECONDS_SENT, SENT, Sms
from .wire import Reply, Request, json_reply

MOST_MOBILES, MOST_ROWS, LONGEST_VALUE = 100, 100, 25
FIRST_CREDIT, COST_UNITS = 12_500.0, 1.0
SANDBOX_TEMPLATE = 123456
SENDING = ("send/bulk", "send/likeToLike", "send/verify")
# Kavenegar's numbers, in which the shared table is kept → this vendor's.
STATES = {1: 5, 2: 5, SENT: 3, DELIVERED: 1, 6: 6, 11: 2, 13: 6, 14: 7}
MESSAGES = {
    1: "موفق",
    10: "کلید وب سرویس نامعتبر است",
    16: "مقدار پارامتر نامعتبر است",
    20: "تعداد درخواست بیش از حد مجاز است",
    101: "شماره خط نامعتبر است",
    102: "اعتبار کافی نیست",
    103: "متن پیامک خالی است",
    104: "شمارهٔ موبایل نامعتبر است",
    105: "تعداد موبایل‌ها بیش از حد مجاز است",
    107: "لیست موبایل‌ها خالی است",
    110: "تعداد متن‌ها و موبایل‌ها برابر نیست",
    111: "شناسه ارسال یافت نشد",
    113: "قالب یافت نشد",
    114: "طول مقدار پارامتر بیش از حد مجاز است",
    115: "شماره در لیست سیاه است",
    117: "متن ارسال شده تأیید نشده است",
}


class Failure(Exception):
    """The vendor refuses with a status."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class SmsIr(Provider):
    """The second SMS panel. The key is in the header X-API-KEY."""

    name, title = "smsir", "sms.ir"
    behaviours = frozenset({"refused_number", "vendor_code", *BEHAVIOURS} - {"forged_report"})

    def applies(self, fault: str, request: Request) -> bool:
        """What needs a message to be sent strikes sending calls, all others the next call."""
        if fault in {"refused_number", "timeout_after_effect", *BEHAVIOURS}:
            return request.path.removeprefix("v1/") in SENDING
        return fault in TRANSPORT or fault in self.behaviours

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """Any call, in the vendor's envelope; HTTP 400 for a refusal, 401 for the key, 429 for too many."""
        try:
            data = self._data(request, fault)
        except Failure as failure:
            status = {10: 401, 20: 429}.get(failure.code, 400)
            return json_reply(_envelope(failure.code, None), status)
        return json_reply(_envelope(1, data))

    def _data(self, request: Request, fault: Fault | None) -> Any:
        key = request.headers.get("x-api-key", "")
        if not key or key.startswith("wrong"):
            raise Failure(10)
        if fault and fault.name == "vendor_code":
            raise Failure(fault.code or 102)
        path = request.path.removeprefix("v1/")
        writes: dict[str, Callable[[dict[str, Any], Fault | None], Any]] = {
            "send/bulk": self._bulk,
            "send/likeToLike": self._like_to_like,
            "send/verify": self._verify,
        }
        reads: dict[str, Callable[[dict[str, str]], Any]] = {
            "send/live": lambda query: self._page(query, is_today=True),
            "send/archive": lambda query: self._page(query, is_today=False),
            "credit": lambda _query: FIRST_CREDIT - COST_UNITS * len(self._sent()),
            "line": lambda _query: [30007732000000],
        }
        if request.method == "POST" and path in writes:
            return writes[path](request.json_object(), fault)
        if request.method == "GET" and path in reads:
            return reads[path](request.query)
        if request.method == "GET" and path.startswith("send/"):
            return self._one(path.removeprefix("send/"))
        raise Failure(16)

    def _bulk(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        mobiles = _list(body, "mobiles")
        return self._accept(body, [(mobile, body.get("messageText")) for mobile in mobiles], fault)

    def _like_to_like(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        mobiles, texts = _list(body, "mobiles"), _list(body, "messageTexts")
        if len(mobiles) != len(texts):
            raise Failure(110)
        return self._accept(body, list(zip(mobiles, texts, strict=True)), fault)

    def _verify(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        if body.get("templateId") != SANDBOX_TEMPLATE:
            raise Failure(113)
        values = [str(item.get("value", "")) for item in body.get("parameters") or []]
        if any(len(value) > LONGEST_VALUE for value in values):
            raise Failure(114)
        text = f"کد تایید شما: {' '.join(values)}"
        data = self._accept({"lineNumber": 30007732000000}, [(body.get("mobile"), text)], fault)
        return {"messageId": data["messageIds"][0], "cost": COST_UNITS}

    def _accept(self, body: dict[str, Any], rows: list[tuple[Any, Any]], fault: Fault | None) -> dict[str, Any]:
        """Checks every row before the first is sent."""
        if not isinstance(body.get("lineNumber"), int):
            raise Failure(101)
        if not rows:
            raise Failure(107)
        if len(rows) > MOST_MOBILES:
            raise Failure(105)
        if any(not isinstance(text, str) or not text.strip() for _, text in rows):
            raise Failure(103)
        if any(mobile_of(str(mobile)) is None for mobile, _ in rows):
            raise Failure(104)
        is_refused = fault is not None and fault.name == "refused_number"
        if is_refused and len(rows) == 1:
            raise Failure(115)
        ids: list[int | None] = []
        for number, (mobile, text) in enumerate(rows):
            refused = mobile_of(str(mobile)) == REFUSED_RECEPTOR or (is_refused and number == 0)
            ids.append(None if refused else self._keep(str(mobile), text, str(body["lineNumber"]), fault).messageid)
        cost = COST_UNITS * sum(1 for found in ids if found)
        return {"packId": f"pack-{self.state.next_number()}", "messageIds": ids, "cost": cost}

    def _keep(self, mobile: str, text: str, line: str, fault: Fault | None) -> Sms:
        number, moment = mobile_of(mobile) or mobile, self.state.now()
        sms = Sms(
            provider=self.name,
            receptor=number,
            message=text,
            messageid=self.state.next_number(),
            localid="",
            sender=line,
            received_at=moment,
            due_at=moment,
            final_status=ending(fault, MAGIC_STATUS.get(number, DELIVERED)),
        )
        self.state.sms.append(sms)
        sent_at, ended_at = stages(moment + SECONDS_QUEUED, moment + SECONDS_SENT, fault)
        for at, status in ((sent_at, SENT), (ended_at, sms.final_status)):
            told = {"messageId": sms.messageid, "deliveryState": STATES[status]}
            self.callbacks.plan_json(self.name, at, told, fault)
        return sms

    def _sent(self) -> list[Sms]:
        return [sms for sms in self.state.sms if sms.provider == self.name]

    def _one(self, text: str) -> dict[str, Any]:
        found = [sms for sms in self._sent() if str(sms.messageid) == text]
        if not found:
            raise Failure(111)
        return self._record(found[0])

    def _page(self, query: dict[str, str], *, is_today: bool) -> list[dict[str, Any]]:
        size, number = query.get("pageSize", "10"), query.get("pageNumber", "1")
        if not size.isdecimal() or not number.isdecimal() or not 0 < int(size) <= MOST_ROWS or int(number) < 1:
            raise Failure(16)
        today = _day(self.state.now())
        since, until = int(query.get("fromDate") or 0), int(query.get("toDate") or 2**40)
        rows = [
            sms
            for sms in reversed(self._sent())
            if (_day(sms.received_at) == today) is is_today and (is_today or since <= sms.received_at <= until)
        ]
        start = (int(number) - 1) * int(size)
        return [self._record(sms) for sms in rows[start : start + int(size)]]

    def _record(self, sms: Sms) -> dict[str, Any]:
        status = sms.status_at(self.state.now())
        return {
            "messageId": sms.messageid,
            "mobile": int(f"98{sms.receptor[1:]}"),
            "messageText": sms.message,
            "sendDateTime": int(sms.received_at),
            "lineNumber": int(sms.sender),
            "cost": COST_UNITS,
            "deliveryState": STATES[status],
            "deliveryDateTime": int(sms.due_at + SECONDS_SENT) if status == sms.final_status else None,
        }


def _envelope(status: int, data: Any) -> dict[str, Any]:
    return {"status": status, "message": MESSAGES.get(status, "خطا"), "data": data}


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if not isinstance(value, list):
        raise Failure(16)
    return value


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
