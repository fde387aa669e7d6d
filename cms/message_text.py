"""What a text message of a notice may say of its reader, and how long it becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.models.campaign import Campaign, Channel
from kernel.refused import Refused

VARIABLES = ("first_name", "last_name", "device", "link")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_SECRET = re.compile(r"(?i)(token|sessionid|password|passwd|otp|secret|auth)=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What can be said of one buyer. `device` is one of his devices that the notice is about, or empty."""

    first_name: str
    last_name: str
    device: str


def link(campaign_id: int) -> str:
    """A short address that leads to the notice after signing in; nothing in it opens a door.

    Without the slash at its end: in a Persian line that one would be shown at the other side of the address.
    """
    return f"{settings.PUBLIC_URL}{reverse('notice_link', args=[campaign_id])}".rstrip("/")


def render(text: str, reader: Reader, *, address: str) -> str:
    """The text with its variables filled in; checked before by `check`."""
    values = {
        "first_name": reader.first_name,
        "last_name": reader.last_name,
        "device": reader.device or _("your device"),
        "link": address,
    }
    return _VARIABLE.sub(lambda found: values[found[1]], text)


def unknown_variables(text: str) -> list[str]:
    """What stands in braces and is no variable; a lone brace counts as well."""
    rest = _VARIABLE.sub("", text)
    lone = [brace for brace in "{}" if brace in rest]
    return [name for name in _VARIABLE.findall(text) if name not in VARIABLES] + lone


def sha256_of(text: str) -> str:
    """The fingerprint of a text as it was sent."""
    return hashlib.sha256(text.encode()).hexdigest()


def check(campaign: Campaign) -> None:
    """Raises Refused, on its field, for texts that cannot be sent."""
    if Channel.SMS in campaign.channels and not campaign.sms_text.strip():
        raise _refused("campaign.sms_empty", _("Write the text of the SMS."), "sms_text")
    if Channel.WHATSAPP in campaign.channels and not campaign.whatsapp_template:
        message = _("Name the template that Meta has approved for this notice.")
        raise _refused("campaign.template_missing", message, "whatsapp_template")
    _check_variables([campaign.sms_text], "sms_text")
    _check_variables(campaign.whatsapp_variables, "whatsapp_variables")
    if _SECRET.search(campaign.sms_text):
        message = _("The text holds an address with a sign-in secret. Use {link}; the buyer signs in by himself.")
        raise _refused("campaign.link_with_secret", message, "sms_text")


def _check_variables(texts: Iterable[str], field: str) -> None:
    unknown = [name for text in texts for name in unknown_variables(text)]
    if unknown:
        message = _("Not known: %(unknown)s. There are: %(known)s.") % {
            "unknown": "، ".join(unknown),
            "known": "، ".join(f"{{{name}}}" for name in VARIABLES),
        }
        raise _refused("campaign.unknown_variable", message, field)


def _refused(code: str, message: str, field: str) -> Refused:
    return Refused(code, message, field=field, status=400)
