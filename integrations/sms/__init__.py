"""Text messages, by the providers that `settings.SMS_PROVIDERS` names, the preferred one first."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, Sms, SmsPort, SmsReceipt, Unknown

logger = logging.getLogger(__name__)

PROVIDERS = {
    "kavenegar": "integrations.sms.kavenegar.from_settings",
    "smsir": "integrations.sms.smsir.from_settings",
}


def providers() -> list[SmsPort]:
    """The providers of this installation, in the order in which they are tried. KeyError for one that is not known."""
    return [named(name) for name in settings.SMS_PROVIDERS]


def provider() -> SmsPort:
    """The preferred provider."""
    return providers()[0]


def named(name: str) -> SmsPort:
    """A provider by its name, also one that is not in use any more: its messages are still out. KeyError if unknown."""
    built: SmsPort = import_string(PROVIDERS[name])()
    return built


def send(sms: Sms, *, recover: bool = False) -> tuple[str, SmsReceipt]:
    """Sends once, by the first provider that takes the message; its name and receipt. Raises `DeliveryError`.

    The next provider is tried only where the one before has certainly sent nothing. With `recover` every provider is
    first asked for an earlier attempt; while one cannot answer, nothing is sent.
    """
    ports = providers()
    if recover:
        for port in ports:
            earlier = port.find([sms]).get(sms.local_id)
            if earlier is not None:
                return port.name, earlier
    failures: list[DeliveryError] = []
    for port in ports:
        try:
            return port.name, port.send(sms)
        except Unknown:
            raise
        except DeliveryError as error:
            failures.append(error)
            logger.warning("sms.refused provider=%s local_id=%s: %s", port.name, sms.local_id, error.reason)
            if not may_go_elsewhere(error):
                break
    raise _summary(failures)


def may_go_elsewhere(error: DeliveryError) -> bool:
    """Whether another provider may be tried: nothing was sent, and the message itself is not at fault."""
    return isinstance(error, Retry | Misconfigured) or (isinstance(error, Reject) and error.elsewhere)


def _summary(failures: list[DeliveryError]) -> DeliveryError:
    """What all of them together said: to wait, where one asked for it; else why the last word is no."""
    waits = [error for error in failures if isinstance(error, Retry)]
    if waits:
        return min(waits, key=lambda error: error.after or 0)
    return next((error for error in failures if not may_go_elsewhere(error)), failures[0])
