"""Asking for a code, trying it, spending it."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import ConfirmationCode
from integrations import outbox
from kernel import throttle
from kernel.persian import ascii_digits
from kernel.refused import Refused
from kernel.vault import blind_index

LIFETIME = timedelta(minutes=5)
MOST_TRIES = 5
DIGITS = 6
SENDS = [(3, timedelta(minutes=15)), (20, timedelta(days=1))]


def request_code(*, purpose: str, phone: str, now: datetime) -> ConfirmationCode:
    """Has a new code sent; it voids the earlier ones of the purpose. Raises Throttled per phone."""
    for limit, window in SENDS:
        throttle.hit(f"code.send.{int(window.total_seconds())}", phone, limit=limit, window=window)
    with transaction.atomic():
        code = ConfirmationCode.objects.create(purpose=purpose, phone=phone, created_at=now, expires_at=now + LIFETIME)
        outbox.emit(outbox.Outgoing(topic="sms.code", dedupe_key=f"sms.code:{code.pk}", payload={"code_id": code.pk}))
    return code


def draw_code(code: ConfirmationCode) -> str:
    """Makes the digits of a code that is about to be sent, and keeps their hash. For the delivery only."""
    text = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    ConfirmationCode.objects.filter(pk=code.pk).update(code_hash=hash_of(code, text))
    return text


def is_newest(code: ConfirmationCode) -> bool:
    """Whether no later code of the same purpose has voided this one."""
    return ConfirmationCode.objects.filter(purpose=code.purpose).values_list("pk", flat=True).first() == code.pk


def confirmed_phone(purpose: str) -> str:
    """The phone whose code was used for this purpose; "" when none was."""
    used = ConfirmationCode.objects.filter(purpose=purpose, used_at__isnull=False)
    return used.values_list("phone", flat=True).first() or ""


def hash_of(code: ConfirmationCode, text: str) -> str:
    """The keyed hash under which a code's digits are known; bound to the row, so it proves nothing elsewhere."""
    return blind_index(f"code:{code.pk}:{text}")


def check_code(*, purpose: str, text: str, now: datetime) -> ConfirmationCode:
    """The code of this purpose that the digits fit. A try is counted for good, whatever becomes of the act.

    Raises Refused `code.missing`, `code.expired`, `code.used`, `code.spent` or `code.wrong`, on the field `code`.
    """
    with transaction.atomic(durable=True):
        code = ConfirmationCode.objects.select_for_update().filter(purpose=purpose).first()
        if code is None:
            raise _refused("code.missing", _("Ask for a code first."))
        if code.used_at is not None:
            raise _refused("code.used", _("This code has already been used. Ask for a new one."))
        if code.expires_at <= now:
            raise _refused("code.expired", _("This code has expired. Ask for a new one."))
        if code.tries >= MOST_TRIES:
            raise _refused("code.spent", _("Too many wrong tries. Ask for a new code."))
        code.tries += 1
        code.save(update_fields=["tries"])
    if not code.code_hash or not hmac.compare_digest(code.code_hash, hash_of(code, ascii_digits(text).strip())):
        raise _refused("code.wrong", _("This code is not right. Look at the last message you received."))
    return code


def spend_code(code: ConfirmationCode, *, now: datetime) -> None:
    """Step: uses up a checked code. Raises Refused `code.used` when another request was quicker."""
    if not ConfirmationCode.objects.filter(pk=code.pk, used_at__isnull=True).update(used_at=now):
        raise _refused("code.used", _("This code has already been used. Ask for a new one."))


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, field="code")
