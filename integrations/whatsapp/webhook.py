"""What Meta's signed webhooks say: how our messages fare, and who has written to us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from integrations.ports import Report, SmsStatus
from integrations.reading import mapping, rows, text
from integrations.whatsapp.cloud import is_ours, moment
from kernel.identity import IdentityError, clean_mobile

STATUSES = {
    "sent": SmsStatus.SENT,
    "delivered": SmsStatus.DELIVERED,
    "read": SmsStatus.READ,
    "played": SmsStatus.READ,
    "failed": SmsStatus.FAILED,
}


def read_reports(body: Any, *, now: datetime) -> list[Report]:
    """One report for each status of one of our messages, without phones."""
    found = [row for value in _values(body) for row in rows(value.get("statuses"))]
    return [_report(row, now=now) for row in found if text(row.get("id")) and text(row.get("status")) in STATUSES]


def read_inbound(body: Any, *, now: datetime) -> dict[str, datetime]:
    """Who has written to us, phone → when last. People who hide their number are left out."""
    found: dict[str, datetime] = {}
    for value in _values(body):
        for row in rows(value.get("messages")):
            try:
                phone = clean_mobile(text(row.get("from")))
            except IdentityError:
                continue  # hidden, or not of Iran: nobody of ours
            at = moment(row.get("timestamp"), now=now)
            found[phone] = max(at, found.get(phone, at))
    return found


def _values(body: Any) -> Iterator[dict[str, Any]]:
    """What lies under entry → changes → value, of our number and about messages."""
    for entry in rows(mapping(body).get("entry")):
        for change in rows(entry.get("changes")):
            value = change.get("value")
            if text(change.get("field")) == "messages" and isinstance(value, dict) and is_ours(value):
                yield value


def _report(row: dict[str, Any], *, now: datetime) -> Report:
    errors = rows(row.get("errors"))
    error = errors[0] if errors else {}
    reason = text(mapping(error.get("error_data")).get("details")) or text(error.get("title"))
    code = text(error.get("code"), 20)
    return Report(
        external_id=text(row.get("id"), 120),
        status=STATUSES[text(row.get("status"))],
        at=moment(row.get("timestamp"), now=now),
        code=code,
        reason=reason,
        reference=text(row.get("biz_opaque_callback_data"), 120),
        raw={
            "status": text(row.get("status")),
            "timestamp": text(row.get("timestamp")),
            "pricing": {name: text(value) for name, value in mapping(row.get("pricing")).items()},
            "error": {"code": code, "title": text(error.get("title"))} if error else {},
        },
    )
