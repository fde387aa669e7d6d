"""WhatsApp, by the provider that `settings.WHATSAPP_PROVIDER` names; empty means off, and nothing may depend on it.

Free texts may be written only within 24 hours of a person's last message. When that was is kept by a keyed hash of the
phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.models import WhatsAppWindow
from integrations.ports import WhatsAppPort
from kernel.vault import blind_index

PROVIDERS = {"cloud": "integrations.whatsapp.cloud.from_settings"}
WINDOW = timedelta(hours=24)


def provider() -> WhatsAppPort | None:
    """The provider of this installation; None where the channel is off. KeyError for one that is not known."""
    if not settings.WHATSAPP_PROVIDER:
        return None
    built: WhatsAppPort = import_string(PROVIDERS[settings.WHATSAPP_PROVIDER])()
    return built


def window_open(phone: str, now: datetime) -> bool:
    """Whether a free text may be written to this phone (E.164)."""
    return WhatsAppWindow.objects.filter(phone_index=phone_index(phone), last_inbound_at__gt=now - WINDOW).exists()


def note_inbound(messages: Mapping[str, datetime]) -> None:
    """People have written to us, phone → when: each window lasts from the latest message on, in whatever order."""
    for phone, at in messages.items():
        index = phone_index(phone)
        row, made = WhatsAppWindow.objects.get_or_create(phone_index=index, defaults={"last_inbound_at": at})
        if not made:
            WhatsAppWindow.objects.filter(pk=row.pk, last_inbound_at__lt=at).update(last_inbound_at=at)


def phone_index(phone: str) -> str:
    """The keyed hash under which a phone is kept."""
    return blind_index(f"whatsapp:{phone}")
