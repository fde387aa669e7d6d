"""The words of our messages: those that the house has written in the admin, else the built-in ones.

`settings.MESSAGE_TEMPLATES` declares each message: its name, its built-in file and its placeholders with an example.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import Promise

from integrations.models import MessageTemplate
from integrations.ports import WhatsAppTemplate

logger = logging.getLogger(__name__)

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that may be worded: its name, its built-in file, its placeholders and an example of each."""

    key: str
    label: str | Promise
    file: str
    placeholders: Mapping[str, str] = field(default_factory=dict)


def declared() -> dict[str, Message]:
    """Every message that may be worded, by its key."""
    return {key: Message(key=key, **facts) for key, facts in settings.MESSAGE_TEMPLATES.items()}


def render(key: str, channel: str, values: Mapping[str, str]) -> str:
    """The text of a message. `values` has one for each declared placeholder; KeyError for a missing one."""
    message = declared()[key]
    given = {name: str(values[name]) for name in message.placeholders}
    row = MessageTemplate.objects.filter(key=key, channel=channel, is_active=True).first()
    if row is not None:
        if not strangers(row.text, message):
            return fill(row.text, given)
        logger.error("message.unknown_placeholder key=%s channel=%s: the built-in text is sent", key, channel)
    return built_in(message, given)


def built_in(message: Message, values: Mapping[str, str]) -> str:
    """The text of the house's own file."""
    return render_to_string(message.file, dict(values)).strip()


def whatsapp_template(
    key: str, values: Mapping[str, str], *, phone: str, callback_data: str
) -> WhatsAppTemplate | None:
    """The approved template of a message, its variables filled; None where nobody has written one."""
    row = MessageTemplate.objects.filter(key=key, channel=MessageTemplate.Channel.WHATSAPP, is_active=True).first()
    if row is None or strangers(row.text, declared()[key]):
        return None
    return WhatsAppTemplate(
        phone=phone,
        template=row.whatsapp_template,
        language=row.language,
        variables=tuple(str(values[name]) for name in placeholders_of(row.text)),
        callback_data=callback_data,
    )


def placeholders_of(text: str) -> list[str]:
    """The placeholders in their order, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def strangers(text: str, message: Message) -> list[str]:
    """The placeholders that the message does not have."""
    return [name for name in placeholders_of(text) if name not in message.placeholders]


def has_stray_braces(text: str) -> bool:
    """Whether a brace is left that is part of no placeholder: a slip of the pen."""
    return bool(re.search(r"[{}]", PLACEHOLDER.sub("", text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; a value that looks like a placeholder stays what it is."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text).strip()


def example(text: str, message: Message) -> str:
    """The text as a person may get it, for a preview and for counting its parts."""
    return fill(text, message.placeholders)
