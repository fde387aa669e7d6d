"""Credit at the providers of text messages: asked for now and then, kept, and an alarm when it runs low."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import outbox, sms, templates
from integrations.models import SmsCredit
from integrations.ports import DeliveryError, Sms, SmsPort
from kernel.identity import clean_mobile
from kernel.money import format_rial_as_toman

logger = logging.getLogger(__name__)

TOPIC = "sms.low_credit"


def check_all(*, now: datetime) -> int:
    """Asks every provider in use; returns how many are low. One that does not answer keeps its last figure."""
    return sum(check(port, now=now) for port in sms.providers())


def check(port: SmsPort, *, now: datetime) -> bool:
    """Asks one provider, keeps the answer and raises the alarm, once each time the limit is crossed downwards."""
    try:
        rial, error = port.credit_rial(), ""
    except DeliveryError as failure:
        logger.warning("sms.credit_unknown provider=%s: %s", port.name, failure.reason)
        rial, error = None, failure.reason
    with transaction.atomic():
        SmsCredit.objects.get_or_create(provider=port.name)
        row = SmsCredit.objects.select_for_update().get(provider=port.name)
        if error:
            row.last_error = error[:300]
            row.save(update_fields=["last_error"])
            return row.low_since is not None
        row.rial, row.checked_at, row.last_error = rial, now, ""
        is_low = rial is not None and rial < settings.SMS_LOW_CREDIT_RIAL
        if is_low and row.low_since is None:
            row.low_since = now
            _raise_alarm(row)
        elif not is_low:
            row.low_since = None
        row.save(update_fields=["rial", "checked_at", "last_error", "low_since"])
    return is_low


def _raise_alarm(row: SmsCredit) -> None:
    logger.error("sms.low_credit provider=%s rial=%s", row.provider, row.rial)
    moment = row.low_since.isoformat() if row.low_since else ""
    phones = [clean_mobile(phone) for phone in settings.MANAGER_PHONES]
    outbox.emit(
        *(
            outbox.Outgoing(
                topic=TOPIC,
                dedupe_key=f"{TOPIC}:{row.provider}:{moment}:{number}",
                payload={"provider": row.provider, "rial": row.rial, "phone": phone},
            )
            for number, phone in enumerate(phones)
        )
    )


def send_alarm(delivery: outbox.Delivery) -> str:
    """Outbox handler: tells a manager by SMS; by another provider where this one has nothing left."""
    told = delivery.payload
    values = {"provider": provider_name(told["provider"]), "credit": format_rial_as_toman(told["rial"])}
    text = templates.render("low_credit", "sms", values)
    message = Sms(phone=told["phone"], text=text, local_id=delivery.message_id)
    _name, receipt = sms.send(message, recover=delivery.recover)
    return receipt.external_id


def provider_name(provider: str) -> str:
    """What a provider is called."""
    names = {"kavenegar": _("Kavenegar"), "smsir": _("sms.ir"), "whatsapp": _("WhatsApp")}
    return names.get(provider, provider)
