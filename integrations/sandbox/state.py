"""Everything a sandbox has received. It lives in memory and ends with the process."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

Record = dict[str, Any]

QUEUED, SCHEDULED, SENT, DELIVERED = 1, 2, 5, 10
SMS_STATUS_TEXTS = {
    # Numbers are Kavenegar's; of the texts only that of 1 is seen in its documents, the others are invented.
    QUEUED: "در صف ارسال",
    SCHEDULED: "زمان‌بندی شده",
    SENT: "ارسال به مخابرات",
    6: "خطا در ارسال",
    DELIVERED: "رسیده به گیرنده",
    11: "نرسیده به گیرنده",
    13: "لغو شده",
    14: "بلاک شده",
    100: "شناسهٔ پیامک نامعتبر است",
}
# Invented: after these ages a message counts as sent, then as delivered, then (WhatsApp) as read.
SECONDS_QUEUED, SECONDS_SENT, SECONDS_READ = 2, 6, 12


@dataclass(slots=True, kw_only=True)
class Sms:
    """One text message. `status` is the number Kavenegar documents (1 queued, 5 sent, 10 delivered …)."""

    provider: str
    receptor: str
    message: str
    messageid: int
    localid: str
    sender: str
    received_at: float
    due_at: float
    final_status: int
    template: str = ""

    def status_at(self, moment: float) -> int:
        """Where the message is by the clock."""
        age = moment - self.due_at
        if age < 0:
            return SCHEDULED
        if age < SECONDS_QUEUED:
            return QUEUED
        return SENT if age < SECONDS_SENT else self.final_status


@dataclass(slots=True, kw_only=True)
class WhatsApp:
    """One WhatsApp message: a template with its variables, or a free text. `status` is told in Meta's words."""

    id: str
    to: str
    template: str
    language: str
    variables: list[str]
    text: str
    callback_data: str
    received_at: float
    final_status: int

    def status_at(self, moment: float) -> str:
        """Where the message is by the clock."""
        age = moment - self.received_at
        if age < SECONDS_QUEUED:
            return "accepted"
        if age < SECONDS_SENT:
            return "sent"
        if self.final_status != DELIVERED:
            return "failed"
        return "delivered" if age < SECONDS_READ else "read"


@dataclass(slots=True, kw_only=True)
class Payment:
    """One session at a gateway. `status`: created, paid, cancelled, verified or reversed; `amount` in `currency`."""

    provider: str
    authority: str
    merchant_id: str
    amount: int
    currency: str
    description: str
    callback_url: str
    mobile: str
    received_at: float
    status: str = "created"
    verify_calls: int = 0
    ref_id: int | None = None
    card_pan: str = ""
    card_hash: str = ""
    paid_at: float | None = None

    @property
    def amount_rial(self) -> int:
        """The amount in rial, whatever unit the session was opened in."""
        return self.amount * 10 if self.currency == "IRT" else self.amount


@dataclass(slots=True)
class State:
    """The tables, filled by the providers, read by the front page and by `/__state`.

    Whoever reads or writes holds `lock`; the server takes it around every provider's answer.
    """

    now: Callable[[], float] = time.time
    lock: threading.RLock = field(default_factory=threading.RLock)
    sms: list[Sms] = field(default_factory=list)
    whatsapp: list[WhatsApp] = field(default_factory=list)
    contacts: dict[str, Record] = field(default_factory=dict)
    deals: dict[str, Record] = field(default_factory=dict)
    activities: dict[str, Record] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    licences: list[Record] = field(default_factory=list)
    _last_number: int = 0

    def clear(self) -> None:
        """Empties every table. Numbers given out are not given out again."""
        self.sms.clear()
        self.whatsapp.clear()
        self.licences.clear()
        for records in (self.contacts, self.deals, self.activities):
            records.clear()
        self.payments.clear()

    def next_number(self) -> int:
        """A number never given out before, not even by an earlier run: the portal keeps such numbers unique."""
        self._last_number = max(self._last_number + 1 + secrets.randbelow(7), int(self.now() * 100))
        return self._last_number

    def snapshot(self) -> Record:
        """Everything received, as plain data."""
        moment = self.now()
        return {
            "sms": [sms_record(sms, moment) for sms in self.sms],
            "whatsapp": [{**asdict(one), "status": one.status_at(moment)} for one in self.whatsapp],
            "didar": {
                "contacts": list(self.contacts.values()),
                "deals": list(self.deals.values()),
                "activities": list(self.activities.values()),
            },
            "payments": [asdict(payment) for payment in self.payments.values()],
            "licences": list(self.licences),
        }


def sms_record(sms: Sms, moment: float) -> Record:
    """A message as plain data, with the status it has by now."""
    status = sms.status_at(moment)
    return {**asdict(sms), "status": status, "statustext": SMS_STATUS_TEXTS[status]}
