"""Text messages, by the provider that `settings.SMS_PROVIDER` names."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.ports import SmsPort

PROVIDERS = {"kavenegar": "integrations.sms.kavenegar.from_settings"}


def provider() -> SmsPort:
    """The provider of this installation. Raises KeyError for one that is not known."""
    built: SmsPort = import_string(PROVIDERS[settings.SMS_PROVIDER])()
    return built
