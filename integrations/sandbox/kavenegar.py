"""Kavenegar SMS (https://kavenegar.com/rest.html): send, sendarray, status by either id, lookup, account, date.

Invented, not vendor facts: the texts of the codes other than 200, how fast a message moves on, what an unknown local id
gets, the form of the report by callback, that an API key beginning with `wrong` is refused, the text of a lookup
message, and the magic receivers below.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .callbacks import BEHAVIOURS, ending, stages
from .faults import TRANSPORT, Fault
from .provider import Provider
from .state import DELIVERED, SECONDS_QUEUED, SECONDS_SENT, SENT, SMS_STATUS_TEXTS, Sms, sms_record
from .wire import Reply, Request, json_reply

MOST_RECEPTORS, MOST_IDS, LONGEST_TEXT, LONGEST_TOKEN = 200, 500, 900, 100
STATUS_SECONDS, LOCAL_STATUS_SECONDS = 48 * 3600, 12 * 3600
UNKNOWN_MESSAGE = 100
COST_RIAL, CREDIT_RIAL = 1_200, 25_000_000
DEFAULT_SENDER = "10004346"
MAGIC_STATUS = {"09990000006": 6, "09990000011": 11, "09990000014": 14}  # fails, undelivered, blocked
REFUSED_RECEPTOR = "09990000411"
SENDING = ("sms/send", "sms/sendarray", "verify/lookup")

MESSAGES = {
    200: "تایید شد",
    400: "پارامترها ناقص هستند",
    402: "عملیات ناموفق بود",
    403: "کد شناسایی API-Key معتبر نمی‌باشد",
    404: "متدی با این نام پیدا نشده است",
    405: "متد فراخوانی Get یا Post اشتباه است",
    406: "پارامترهای اجباری خالی ارسال شده اند",
    409: "سرور قادر به پاسخگوئی نیست بعدا تلاش کنید",
    411: "دریافت کننده نامعتبر است",
    413: "پیام خالی است و یا طول پیام بیش از حد مجاز می‌باشد",
    414: "تعداد رکورد بیش از حد مجاز است",
    418: "اعتبار شما کافی نیست",
    419: "طول آرایه‌ها برابر نیست",
    431: "ساختار کد صحیح نمی‌باشد",
    451: "فراخوانی بیش از حد در بازه زمانی مشخص",
}


class Failure(Exception):
    """The vendor refuses with a status."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class Kavenegar(Provider):
    """The SMS panel. The API key is the second part of the path."""

    name, title = "kavenegar", "کاوه‌نگار"
    behaviours = frozenset({"refused_number", "vendor_code", *BEHAVIOURS} - {"forged_report"})
    switches = {"lookup": ("object", "list")}

    def reset(self) -> None:
        """Forgets the messages' ids."""
        super().reset()
        self._by_localid: dict[tuple[str, str], Sms] = {}
        self._by_id: dict[int, Sms] = {}
        self._fault: Fault | None = None  # of the call that is being answered

    def applies(self, fault: str, request: Request) -> bool:
        """What needs a message to be sent strikes sending calls, all others the next call."""
        if fault in {"refused_number", "timeout_after_effect", *BEHAVIOURS}:
            return _method_of(request.path) in SENDING
        return fault in TRANSPORT or fault in self.behaviours

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """Any call, in the vendor's envelope; the HTTP status mirrors the code."""
        try:
            entries = self._entries(request, fault)
        except Failure as failure:
            message = MESSAGES.get(failure.code, "خطا")
            status = failure.code if 400 <= failure.code <= 599 else 400
            return json_reply({"return": {"status": failure.code, "message": message}, "entries": None}, status)
        return json_reply({"return": {"status": 200, "message": MESSAGES[200]}, "entries": entries})

    def _entries(self, request: Request, fault: Fault | None) -> Any:
        method = _method_of(request.path)
        calls: dict[str, Callable[[str, dict[str, str]], Any]] = {
            "sms/send": self._send,
            "sms/sendarray": self._send_array,
            "sms/status": self._status,
            "sms/statuslocalmessageid": self._local_status,
            "verify/lookup": self._lookup,
            "account/info": self._account,
            "utils/getdate": self._date,
        }
        call = calls.get(method)
        if call is None:
            raise Failure(404)
        if request.method not in {"GET", "POST"} or (method == "sms/sendarray" and request.method != "POST"):
            raise Failure(405)
        key = request.path.split("/")[1]
        if key.startswith("wrong"):
            raise Failure(403)
        if fault and fault.name == "vendor_code":
            raise Failure(fault.code or 402)
        if fault and fault.name == "refused_number":
            raise Failure(411)
        self._fault = fault
        return call(key, request.form())

    def _send(self, key: str, form: dict[str, str]) -> list[dict[str, Any]]:
        _require(form, "receptor", "message")
        receptors = [part.strip() for part in form["receptor"].split(",")]
        localids = [part.strip() for part in form.get("localid", "").split(",")] if form.get("localid") else []
        if len(receptors) > MOST_RECEPTORS:
            raise Failure(414)
        if localids and len(localids) != len(receptors):
            raise Failure(419)
        due = form.get("date") or "0"
        rows = [
            (receptor, form["message"], form.get("sender", ""), localids[index] if localids else "", due)
            for index, receptor in enumerate(receptors)
        ]
        return self._accept(key, rows)

    def _send_array(self, key: str, form: dict[str, str]) -> list[dict[str, Any]]:
        _require(form, "receptor", "sender", "message")
        receptors, senders, messages = (_array(form[name]) for name in ("receptor", "sender", "message"))
        localids = _array(form.get("localmessageids") or form.get("localmessageid") or "[]") or [""] * len(receptors)
        if len({len(receptors), len(senders), len(messages), len(localids)}) != 1:
            raise Failure(419)
        if len(receptors) > MOST_RECEPTORS:
            raise Failure(414)
        due = form.get("date") or "0"
        return self._accept(key, [(*row, due) for row in zip(receptors, messages, senders, localids, strict=True)])

    def _accept(self, key: str, rows: list[tuple[str, str, str, str, str]]) -> list[dict[str, Any]]:
        """Checks every row before the first is sent."""
        for receptor, message, _, localid, due in rows:
            if not 0 < len(message) <= LONGEST_TEXT:
                raise Failure(413)
            if mobile_of(receptor) is None or mobile_of(receptor) == REFUSED_RECEPTOR:
                raise Failure(411)
            if not due.isdecimal() or (localid and not localid.isdecimal()):
                raise Failure(400)
        return [self._entry(self._message(key, row)) for row in rows]

    def _message(self, key: str, row: tuple[str, str, str, str, str]) -> Sms:
        """A new message, or the earlier one of the same local id."""
        receptor, text, sender, localid, due = row
        if localid and (key, localid) in self._by_localid:
            return self._by_localid[key, localid]
        number = mobile_of(receptor) or receptor
        moment = self.state.now()
        sms = Sms(
            provider=self.name,
            receptor=number,
            message=text,
            messageid=self.state.next_number(),
            localid=localid,
            sender=sender or DEFAULT_SENDER,
            received_at=moment,
            due_at=max(moment, float(due)),
            final_status=ending(self._fault, MAGIC_STATUS.get(number, DELIVERED)),
        )
        self.state.sms.append(sms)
        self._by_id[sms.messageid] = sms
        if localid:
            self._by_localid[key, localid] = sms
        self._plan(sms)
        return sms

    def _plan(self, sms: Sms) -> None:
        """The reports that the line's address will get."""
        sent_at, ended_at = stages(sms.due_at + SECONDS_QUEUED, sms.due_at + SECONDS_SENT, self._fault)
        for at, status in ((sent_at, SENT), (ended_at, sms.final_status)):
            told = {"messageid": sms.messageid, "status": status}
            self.callbacks.plan_form(self.name, at, told, self._fault)

    def _entry(self, sms: Sms) -> dict[str, Any]:
        record = sms_record(sms, self.state.now())
        names = ("messageid", "message", "status", "statustext", "sender", "receptor")
        return {**{name: record[name] for name in names}, "date": int(sms.received_at), "cost": COST_RIAL}

    def _status(self, key: str, form: dict[str, str]) -> list[dict[str, Any]]:
        _require(form, "messageid")
        return [
            {"messageid": _digits(text), **self._standing(self._by_id.get(_digits(text)), STATUS_SECONDS)}
            for text in _ids(form["messageid"])
        ]

    def _local_status(self, key: str, form: dict[str, str]) -> list[dict[str, Any]]:
        _require(form, "localid")
        rows = []
        for text in _ids(form["localid"]):
            sms = self._by_localid.get((key, text))
            standing = self._standing(sms, LOCAL_STATUS_SECONDS)
            found = sms is not None and standing["status"] != UNKNOWN_MESSAGE
            rows.append({"messageid": sms.messageid if sms and found else 0, "localid": _digits(text), **standing})
        return rows

    def _standing(self, sms: Sms | None, memory_seconds: int) -> dict[str, Any]:
        moment = self.state.now()
        known = sms is not None and moment - sms.received_at <= memory_seconds
        status = sms.status_at(moment) if sms and known else UNKNOWN_MESSAGE
        return {"status": status, "statustext": SMS_STATUS_TEXTS[status]}

    def _lookup(self, key: str, form: dict[str, str]) -> Any:
        _require(form, "receptor", "template", "token")
        tokens = [form[name] for name in ("token", "token2", "token3") if form.get(name)]
        if any(len(token) > LONGEST_TOKEN or re.search(r"\s", token) for token in tokens):
            raise Failure(431)
        text = f"[{form['template']}] {' '.join(tokens)}"
        [entry] = self._accept(key, [(form["receptor"], text, "", "", "0")])
        sms = self._by_id[entry["messageid"]]
        sms.template = form["template"]
        entry.update(status=SENT, statustext=SMS_STATUS_TEXTS[SENT])
        return [entry] if self.switched["lookup"] == "list" else entry

    def _account(self, key: str, form: dict[str, str]) -> dict[str, Any]:
        credit = CREDIT_RIAL - COST_RIAL * len(self._by_id)
        return {"remaincredit": credit, "expiredate": int(self.state.now()) + 365 * 86_400, "type": "Master"}

    def _date(self, key: str, form: dict[str, str]) -> dict[str, Any]:
        moment = self.state.now()
        return {"datetime": datetime.fromtimestamp(moment, UTC).isoformat(), "unixtime": int(moment)}


def _method_of(path: str) -> str:
    """`v1/<key>/sms/send.json` → `sms/send`; empty for anything else."""
    parts = path.lower().split("/")
    if len(parts) == 4 and parts[0] == "v1" and parts[1] and parts[3].endswith(".json"):
        return f"{parts[2]}/{parts[3].removesuffix('.json')}"
    return ""


def _require(form: dict[str, str], *names: str) -> None:
    if any(name not in form for name in names):
        raise Failure(400)
    if any(not form[name].strip() for name in names):
        raise Failure(406)


def _array(text: str) -> list[str]:
    try:
        value = json.loads(text)
    except ValueError:
        raise Failure(400) from None
    if not isinstance(value, list):
        raise Failure(400)
    return ["" if item is None else str(item) for item in value]


def _ids(text: str) -> list[str]:
    ids = [part.strip() for part in text.split(",")]
    if len(ids) > MOST_IDS:
        raise Failure(414)
    return ids


def _digits(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def mobile_of(text: str) -> str | None:
    """`09…` from the forms the vendor accepts; None for what is not a mobile number."""
    found = re.fullmatch(r"(?:\+98|0098|98|0)?(9\d{9})", text.strip(), re.ASCII)
    return "0" + found[1] if found else None
