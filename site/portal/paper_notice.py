"""The paper of a proof of notice: figures and the first recipients, from the signed content alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cms.models import CampaignDelivery, Channel, NoticePage
from kernel.jalali import format_date, tehran_date
from kernel.persian import persian_digits
from portal.paper_facts import Fact, apart, moment_fact, spaced

Status = CampaignDelivery.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientLine:
    """One buyer and one channel in the table."""

    buyer: str
    phone: str
    channel: str
    state: str
    provider: str
    external_id: str
    at: str
    acknowledged: str


def notice_context(content: dict[str, Any]) -> dict[str, Any]:
    """What the template needs beyond the frame."""
    lines = [line for recipient in content["recipients"] for line in _lines(recipient)]
    shown = lines[: settings.NOTICE_PAPER_ROWS]
    return {
        "facts": _facts(content),
        "audience": [apart(line) for line in content["audience_in_words"]],
        "inbox_title": apart(content["text"]["inbox"]["title"]),
        "text": apart(content["text"]["inbox"]["body"]),
        "sms": apart(content["text"]["sms"]),
        "text_sha256": content["text_sha256"],
        "figures": _figures(content["figures"]),
        "lines": shown,
        "is_cut": len(shown) < len(lines) or bool(content["further_parts"]),
        "rows_shown": persian_digits(str(len(shown))),
        "further_parts": content["further_parts"],
    }


def _facts(content: dict[str, Any]) -> list[Fact]:
    campaign, figures = content["campaign"], content["figures"]
    channels = "، ".join(str(Channel(channel).label) for channel in campaign["channels"])
    facts = [
        Fact(label=_("Kind"), value=str(NoticePage.Kind(content["text"]["kind"]).label)),
        Fact(label=_("Channels"), value=channels),
        Fact(label=_("Written by"), value=campaign["written_by"]),
        Fact(label=_("Approved by"), value=campaign["approved_by"]),
        moment_fact(_("Approved at"), campaign["approved_at"]),
        moment_fact(_("Recipients fixed at"), campaign["recipients_fixed_at"]),
        moment_fact(_("Finished at"), campaign["finished_at"]),
        moment_fact(_("As it stood at"), content["as_of"]),
        Fact(label=_("Recipients"), value=persian_digits(str(figures["buyers"]))),
        Fact(label=_("Seen by"), value=persian_digits(str(figures["seen"]))),
        Fact(label=_("Confirmed by"), value=persian_digits(str(figures["acknowledged"]))),
    ]
    if content["supersedes"]:
        facts.append(Fact(label=_("Takes the place of"), value=spaced(content["supersedes"]["code"]), code=True))
    return [fact for fact in facts if fact.value]


def _figures(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Each channel with its figures in words."""
    return [
        (
            str(Channel(channel).label),
            "، ".join(f"{Status(status).label}: {persian_digits(str(count))}" for status, count in counts.items()),
        )
        for channel, counts in figures["by_channel"].items()
    ]


def _lines(recipient: dict[str, Any]) -> list[RecipientLine]:
    return [
        RecipientLine(
            buyer=recipient["buyer"].removeprefix("buyer:"),
            phone=persian_digits(recipient["phone"]),
            channel=str(Channel(channel).label),
            state=str(Status(told["state"]).label),
            provider=told.get("provider", ""),
            external_id=told.get("external_id", ""),
            at=_short(told.get("delivered_at") or told.get("accepted_at")),
            acknowledged=_short(told.get("acknowledged_at") or told.get("seen_at")),
        )
        for channel, told in recipient["channels"].items()
    ]


def _short(iso: str | None) -> str:
    return format_date(tehran_date(datetime.fromisoformat(iso)), "numeric") if iso else ""
