"""What anybody may learn of a signed record by its code: whether it is genuine and in force, and nothing personal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from customer.models import SignedRecord
from customer.services.record import breaches_of, clean_code, open_content
from kernel import throttle
from kernel.jalali import tehran_date
from kernel.persian import ascii_digits


class Verdict(models.TextChoices):
    """What a check comes to. Only `valid` counts as a confirmation that is in force."""

    VALID = "valid", _("genuine")
    SUPERSEDED = "superseded", _("genuine, replaced by a correction")
    INVALID = "invalid", _("not genuine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The answer to a code. `confirmed_on` is the day in Tehran; `device_model`: if it is about one, and genuine."""

    verdict: Verdict
    code: str
    kind: SignedRecord.Kind
    confirmed_on: date
    device_model: str
    sha256: str
    key_id: str
    public_key: str
    superseded_by: str = ""


def check(code: str, *, address: str) -> Check | None:
    """Proves the record of a typed code anew; None when there is none. Raises Throttled per address."""
    limits = settings.VERIFY_LIMITS
    throttle.hit("verify", address, limit=limits["address"], window=limits["window"])
    rows = SignedRecord.objects.select_related("key", "content_key", "sign_off__superseded_by__record")
    record = rows.filter(code=clean_code(ascii_digits(code))[:16]).first()
    if record is None:
        return None
    successor = _successor(record)
    genuine = not any(breaches_of(record))
    verdict = Verdict.INVALID if not genuine else Verdict.SUPERSEDED if successor else Verdict.VALID
    device = open_content(record).get("device", {}) if genuine else {}
    return Check(
        verdict=verdict,
        code=record.code,
        kind=SignedRecord.Kind(record.kind),
        confirmed_on=tehran_date(record.signed_at),
        device_model=" ".join(filter(None, [device.get("brand"), device.get("model")])),
        sha256=record.sha256,
        key_id=record.key.key_id,
        public_key=record.key.public_key,
        superseded_by=successor,
    )


def _successor(record: SignedRecord) -> str:
    """The code of the record that takes this one's place; empty when it stands."""
    if source := settings.RECORD_SUCCESSORS.get(record.kind):
        return str(import_string(source)(record))
    sign_off = getattr(record, "sign_off", None)
    successor = getattr(sign_off, "superseded_by", None)
    return successor.record.code if successor is not None and successor.record else ""
