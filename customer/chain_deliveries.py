"""Outbox handler of the chain of signed records: what managers hear of it every day."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations import sms
from integrations.outbox import Delivery
from integrations.ports import Sms
from kernel.persian import persian_digits


def send_chain_head(delivery: Delivery) -> str:
    """The day's head by SMS; or, when the chain is broken, that."""
    told = delivery.payload
    day = persian_digits(told["day"].replace("-", "/"))
    if told["breaches"]:
        text = _("Warning: the chain of signed records is broken in %(count)s places (%(day)s). Run manage.py audit.")
        text %= {"count": persian_digits(str(told["breaches"])), "day": day}
    else:
        text = _("The head of the chain of signed records on %(day)s: %(count)s records, fingerprint %(sha256)s")
        text %= {"day": day, "count": persian_digits(str(told["records"])), "sha256": told["sha256"]}
    message = Sms(phone=told["phone"], text=text, local_id=delivery.message_id)
    _provider, receipt = sms.send(message, recover=delivery.recover)
    return receipt.external_id
