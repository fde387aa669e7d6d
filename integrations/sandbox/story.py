"""What the sandbox received, told to a person: one section per kind, newest first."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from .faults import Dial
from .markup import Html, clock, grouped, html, join, persian, toman
from .state import DELIVERED, SMS_STATUS_TEXTS, Payment, Record, Sms, State, WhatsApp

MOST_ROWS = 50

FAULT_TITLES = {
    "delay": "پاسخ دیر می‌رسد",
    "timeout_before": "قطع، پیش از انجام کار",
    "timeout_after_effect": "قطع، پس از انجام کار",
    "http_500": "خطای ۵۰۰",
    "http_429": "خطای ۴۲۹ (درخواست زیاد)",
    "garbage": "پاسخ بریده و ناخوانا",
    "html": "صفحهٔ HTML به جای پاسخ",
    "empty": "پاسخ خالی",
    "huge": "پاسخ بسیار بزرگ",
    "trickle": "پاسخ قطره‌قطره",
    "redirect": "فرستادن به نشانی دیگر",
    "wrong_amount": "مبلغ نادرست هنگام تأیید",
    "already_verified": "«پیش‌تر تأیید شده» در همان بار اول",
    "repeated_ref_id": "شمارهٔ پیگیری تکراری",
    "duplicate_callback": "دو بار بازگشت از بانک",
    "lost_callback": "برنگشتن از بانک",
    "refused_number": "نپذیرفتن شمارهٔ گیرنده",
    "vendor_code": "کد خطای خود سرویس",
    "fails_later": "پذیرفتن پیام و سپس خطا در ارسال",
    "undelivered": "نرسیدن پیام به گیرنده",
    "blocked": "بسته بودن پیام تبلیغاتی نزد گیرنده",
    "no_report": "نیامدن گزارش تحویل",
    "repeated_report": "گزارش تحویل تکراری",
    "reversed_reports": "گزارش‌های تحویل با ترتیب وارونه",
    "forged_report": "گزارش تحویل با امضای نادرست",
}
PAYMENT_PILLS = {
    "created": ("", "در انتظار پرداخت"),
    "paid": ("pill-warn", "پرداخت شده، در انتظار تأیید"),
    "verified": ("pill-ok", "تأیید شده"),
    "cancelled": ("", "انصراف"),
    "reversed": ("pill-late", "بازگشت پول"),
}
SMS_LOOKS = {DELIVERED: "pill-ok", 6: "pill-late", 11: "pill-late", 14: "pill-late"}
WHATSAPP_PILLS = {
    "accepted": ("pill-new", "پذیرفته شد"),
    "sent": ("pill-new", "فرستاده شد"),
    "delivered": ("pill-ok", "رسید"),
    "read": ("pill-ok", "خوانده شد"),
    "failed": ("pill-late", "ناموفق"),
}
SMS_PANELS = {"kavenegar": "کاوه‌نگار", "smsir": "sms.ir"}
DEAL_PILLS = {"Pending": ("pill-new", "در جریان"), "Won": ("pill-ok", "موفق"), "Lost": ("pill-late", "ناموفق")}

_SECTION = """<section class="card" aria-labelledby="h-$key">
<div class="section-head"><h2 id="h-$key">$title</h2><span class="count">$count</span></div>
$content
</section>"""
_GROUP = '<h3 class="sub">$title <span class="count">$count</span></h3>$content'

_ROW = """<li><div class="row-head"><b>$head</b><span class="muted">$time</span>$pill</div>
$body</li>"""
_PILL = '<span class="pill $look">$text</span>'
_CODE = '<bdi class="code">$text</bdi>'
_PAYMENT = """<p class="text">$description</p>
<p class="muted">کد درگاه <bdi class="code">$authority</bdi>$details</p>"""
_SMS = """<p class="text bubble">$message</p>
<p class="muted">$panel · شناسه <bdi class="code">$messageid</bdi>$localid</p>"""
_WHATSAPP = """<p class="text bubble">$words</p>
<p class="muted">$kind شناسه <bdi class="code">$id</bdi> · مرجع <bdi class="code">$reference</bdi></p>"""
_DEAL = """<p>$price<span class="muted"> · $person</span></p>
<p class="muted text">$description</p>"""
_CONTACT = '<p class="muted"><bdi class="code">$mobile</bdi> · کد مشتری <bdi class="code">$code</bdi></p>'
_TEXT = '<p class="text">$text</p>'


def story(state: State, dial: Dial) -> Html:
    """The sections. Called with the state's lock held; the page fetches them again and again."""
    armed = dial.armed()
    sections = [_section("armed", "خرابی‌های فعال", _list(armed, _fault_row, ""), len(armed))] if armed else []
    payments = _list(state.payments.values(), _payment_row, "هر بار که خریداری به درگاه برود، پرداختش این‌جا می‌آید.")
    messages = _list(state.sms, lambda sms: _sms_row(sms, state.now()), "متن هر پیامک و شمارهٔ گیرنده‌اش این‌جا می‌آید.")
    whatsapp = _list(
        state.whatsapp, lambda one: _whatsapp_row(one, state.now()), "هنوز پیامی در واتس‌اپ فرستاده نشده است."
    )
    licences = _list(state.licences, _plain_row, "هنوز مجوزی صادر نشده است.")
    sections += [
        _section("payments", "پرداخت‌ها", payments, len(state.payments)),
        _section("sms", "پیامک‌ها", messages, len(state.sms)),
        _section("didar", "دیدار", _didar(state), len(state.deals) + len(state.contacts) + len(state.activities)),
        _section("whatsapp", "واتس‌اپ", whatsapp, len(state.whatsapp)),
        _section("licences", "مجوزهای ویدیو", licences, len(state.licences)),
    ]
    return join(sections)


def _didar(state: State) -> Html:
    groups: list[tuple[str, dict[str, Record], Callable[[Any], Html], str]] = [
        ("معامله‌ها", state.deals, lambda deal: _deal_row(deal, state.contacts), "هنوز معامله‌ای ثبت نشده است."),
        ("مخاطبان", state.contacts, _contact_row, "هنوز مخاطبی ثبت نشده است."),
        ("فعالیت‌ها", state.activities, _activity_row, "هنوز فعالیتی ثبت نشده است."),
    ]
    return join(
        html(_GROUP, title=title, count=_count(len(table)), content=_list(table.values(), row, empty))
        for title, table, row, empty in groups
    )


def _section(key: str, title: str, content: Html, count: int) -> Html:
    return html(_SECTION, key=key, title=title, count=_count(count), content=content)


def _count(number: int) -> str:
    return f"{persian(number)} مورد" if number else ""


def _list(rows: Iterable[Any], row: Callable[[Any], Html], empty: str) -> Html:
    every = list(rows)
    if not every:
        return html('<p class="empty">$text</p>', text=empty)
    newest = every[: -MOST_ROWS - 1 : -1]
    listed = html('<ul class="rows">$rows</ul>', rows=join(map(row, newest)))
    if len(every) == len(newest):
        return listed
    return join([listed, html('<p class="muted">و $count مورد قدیمی‌تر</p>', count=persian(len(every) - len(newest)))])


def _row(head: object, time: str, body: Html, pill: tuple[str, str] | None = None) -> Html:
    shown = html(_PILL, look=pill[0], text=pill[1]) if pill else Html()
    return html(_ROW, head=head, time=time, body=body, pill=shown)


def _payment_row(payment: Payment) -> Html:
    details = f" · {persian(payment.verify_calls)} بار درخواست تأیید" if payment.verify_calls else ""
    if payment.ref_id:
        details += f" · شمارهٔ پیگیری {persian(payment.ref_id)}"
    body = html(_PAYMENT, description=payment.description, authority=payment.authority, details=details)
    return _row(toman(payment.amount_rial), clock(payment.received_at), body, PAYMENT_PILLS[payment.status])


def _sms_row(sms: Sms, moment: float) -> Html:
    status = sms.status_at(moment)
    localid = f" · شناسهٔ محلی {sms.localid}" if sms.localid else ""
    panel = SMS_PANELS.get(sms.provider, sms.provider)
    body = html(_SMS, message=sms.message, messageid=sms.messageid, localid=localid, panel=panel)
    pill = (SMS_LOOKS.get(status, "pill-new"), SMS_STATUS_TEXTS[status])
    return _row(html(_CODE, text=sms.receptor), clock(sms.received_at), body, pill)


def _whatsapp_row(message: WhatsApp, moment: float) -> Html:
    kind = html('قالب <bdi class="code">$name</bdi> ·', name=message.template) if message.template else Html()
    words = message.text or " · ".join(message.variables) or message.template
    reference = message.callback_data or "—"
    body = html(_WHATSAPP, words=words, kind=kind, id=message.id[-12:], reference=reference)
    pill = WHATSAPP_PILLS[message.status_at(moment)]
    return _row(html(_CODE, text=message.to), clock(message.received_at), body, pill)


def _deal_row(deal: Record, contacts: dict[str, Record]) -> Html:
    person, price = contacts.get(str(deal.get("PersonId")), {}), deal.get("Price")
    body = html(
        _DEAL,
        price=f"مبلغ {grouped(price)}" if isinstance(price, int) else "بدون مبلغ",
        person=person.get("DisplayName") or "مخاطب ناشناس",
        description=deal.get("Description") or "",
    )
    return _row(deal.get("Title") or "بی‌عنوان", _time_of(deal), body, DEAL_PILLS[deal["Status"]])


def _contact_row(contact: Record) -> Html:
    mobile, code = contact.get("MobilePhone") or "بدون شماره", contact.get("CustomerCode") or "—"
    return _row(contact.get("DisplayName") or "", _time_of(contact), html(_CONTACT, mobile=mobile, code=code))


def _activity_row(activity: Record) -> Html:
    note = activity.get("ResultNote") or activity.get("Note") or ""
    return _row(activity.get("Title") or "یادداشت", _time_of(activity), html(_TEXT, text=note))


def _plain_row(record: Record) -> Html:
    return html("<li>$text</li>", text=" · ".join(f"{name}: {value}" for name, value in record.items()))


def _fault_row(fault: Record) -> Html:
    where = f" · {fault['match']}" if fault["match"] else ""
    body = html(
        '<p class="muted"><bdi class="code">$name</bdi></p>', name=f"{fault['provider']}: {fault['fault']}{where}"
    )
    return _row(FAULT_TITLES[fault["fault"]], "", body, ("pill-warn", f"{persian(fault['times'])} بار"))


def _time_of(record: Record) -> str:
    return clock(datetime.fromisoformat(record["RegisterTime"]).timestamp())
