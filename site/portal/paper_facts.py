"""What stands on a paper: the signed content in the words of the page, ready for its template.

Everything comes from the record, nothing from the database as it stands today: a paper shows what was signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from customer.models import Device, Transfer
from kernel.identity import local_mobile
from kernel.jalali import format_date, format_moment
from kernel.persian import persian_digits

# A stretch of Latin letters and what belongs to it ("CEREC Primescan AC-2"), or of digits.
APART = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9 ./:@+_-]*[A-Za-z0-9])?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a table of facts; a `code` is set left to right, in equal figures."""

    label: str
    value: str
    code: bool = False

    @property
    def shown(self) -> SafeString:
        return apart(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One item of the checklist as it was ticked; `photos` are short fingerprints."""

    label: str
    note: str
    photos: list[str]

    @property
    def shown_label(self) -> SafeString:
        return apart(self.label)

    @property
    def shown_note(self) -> SafeString:
        return apart(self.note)


def apart(text: str) -> SafeString:
    """The text with every stretch of Latin in a box of its own, so that a PDF's text keeps the order of reading."""
    boxes = (("<bdi dir=ltr>", "</bdi>") if number % 2 else ("", "") for number in count())
    pieces = zip(boxes, APART.split(text), strict=False)
    return format_html_join("", "{}{}{}", ((SafeString(a), piece, SafeString(b)) for (a, b), piece in pieces))


def device_facts(device: dict[str, str]) -> list[Fact]:
    """Brand, model and identifier."""
    return [
        Fact(label=_("Brand and model"), value=f"{device['brand']} {device['model']}"),
        Fact(label=str(Device.IdentifierKind(device["identifier_kind"]).label), value=device["identifier"], code=True),
    ]


def party_facts(party: dict[str, str]) -> list[Fact]:
    """Who somebody is: what the record holds of it."""
    facts = [
        Fact(label=_("Name"), value=f"{party['first_name']} {party['last_name']}"),
        Fact(label=_("National code"), value=persian_digits(party["national_code"]), code=True),
        Fact(label=_("Phone"), value=persian_digits(local_mobile(party["phone"])), code=True),
    ]
    if party.get("address"):
        facts.append(Fact(label=_("Address"), value=party["address"]))
    return facts


def ticks(content: dict[str, Any]) -> list[Tick]:
    """The checklist of a sign-off."""
    return [
        Tick(label=item["label"], note=item["note"], photos=[photo[:16] for photo in item["photos"]])
        for item in content["items"]
    ]


def installation_facts(content: dict[str, Any]) -> list[Fact]:
    """Installation, technician, service and confirmation of a sign-off."""
    facts = [
        Fact(label=_("Installation date"), value=_day(content["installed_on"])),
        Fact(label=_("Prepared by"), value=content["prepared_by"]),
    ]
    if content["service"]:
        span = _("from %(first)s to %(last)s") % {
            "first": _day(content["service"]["starts_on"]),
            "last": _day(content["service"]["ends_on"]),
        }
        facts.append(Fact(label=_("Service begun by this form"), value=span))
    facts += [
        Fact(label=_("Confirmed at"), value=_moment(content["confirmed_at"])),
        Fact(label=_("Code sent to"), value=persian_digits(content["code_sent_to"]), code=True),
    ]
    if others := content.get("confirmed_together_with"):
        facts.append(Fact(label=_("Confirmed together with"), value=" · ".join(others), code=True))
    if content.get("in_person_by"):
        facts.append(Fact(label=_("Shown in person by"), value=content["in_person_by"]))
    if content["confirmed_from"]["ip"]:
        facts.append(Fact(label=_("Confirmed from address"), value=content["confirmed_from"]["ip"], code=True))
    if content["supersedes"]:
        facts += [
            Fact(label=_("Corrects the form with code"), value=spaced(content["supersedes"]["code"]), code=True),
            Fact(label=_("Reason of the correction"), value=content["supersedes"]["reason"]),
        ]
    return facts


def transfer_facts(content: dict[str, Any]) -> list[Fact]:
    """How the steps of a transfer were confirmed."""
    facts = [
        Fact(label=_("Reason"), value=str(Transfer.Reason(content["reason"]).label)),
        Fact(label=_("Confirmed by the owner at"), value=_moment(content["owner_confirmed_at"])),
        Fact(label=_("Code sent to"), value=persian_digits(content["owner_code_sent_to"]), code=True),
    ]
    if content["new_owner_answered_at"]:
        answer = Transfer.Acceptance(content["new_owner_acceptance"]).label
        facts.append(Fact(label=str(answer), value=_moment(content["new_owner_answered_at"])))
    facts.append(Fact(label=_("Carried out at"), value=_moment(content["executed_at"])))
    if content["document_sha256"]:
        facts.append(Fact(label=_("Fingerprint of the document"), value=content["document_sha256"][:32], code=True))
    return facts


def moment_fact(label: str, iso: str) -> Fact:
    """A moment as a line; empty without one."""
    return Fact(label=label, value=_moment(iso))


def spaced(code: str) -> str:
    """A record's code as it is read out: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _day(iso: str) -> str:
    return format_date(date.fromisoformat(iso))


def _moment(iso: str) -> str:
    return format_moment(datetime.fromisoformat(iso)) if iso else ""
