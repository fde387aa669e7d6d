"""Payment gateways, by the names in `settings.PAYMENT_GATEWAYS`."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.ports import PaymentPort

GATEWAYS = {"zarinpal": "integrations.payments.zarinpal.from_settings"}


def gateway(name: str) -> PaymentPort:
    """The gateway of this name. Raises KeyError for one that is not known."""
    built: PaymentPort = import_string(GATEWAYS[name])()
    return built


def enabled_gateways() -> list[PaymentPort]:
    """The gateways that a buyer may choose from, in the order of the setting."""
    return [gateway(name) for name in settings.PAYMENT_GATEWAYS]
