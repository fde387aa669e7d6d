"""What staff type about the sending of a notice; the verbs say whether it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cms.audience import SERVICE, Audience
from cms.models import Campaign
from cms.models.campaign import LONGEST_BODY, LONGEST_SMS
from cms.services.campaign import Wording
from customer.models import Brand, Buyer, Device, DeviceModel, DeviceType
from kernel.fields import JalaliDateField
from kernel.identity import IdentityError, clean_mobile, local_mobile
from kernel.jalali import TEHRAN, tehran_date
from kernel.persian import ascii_digits, clean

MOST_CHOSEN = 500
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SEPARATORS = re.compile(r"[\n,،؛;]+")


def _lines(rows: int, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def _ticks() -> forms.CheckboxSelectMultiple:
    return forms.CheckboxSelectMultiple()


class WordingForm(forms.Form):
    """Text by channel, audience and clock of one sending. Its fields are grouped by `groups` on the page."""

    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=[(c.value, c.label) for c in Campaign.CHANNELS], widget=_ticks()
    )
    must_acknowledge = forms.BooleanField(
        label=_("Every reader must confirm having read it"),
        required=False,
        help_text=_("It stays on the dashboard until it is confirmed; the moment and the text's fingerprint are kept."),
    )
    inbox_title = forms.CharField(label=_("Title in the inbox"), max_length=200)
    inbox_body = forms.CharField(
        label=_("Text in the inbox"),
        max_length=LONGEST_BODY,
        widget=_lines(8),
        help_text=_("What is written here is what counts as told: it is signed word for word."),
    )
    sms_text = forms.CharField(
        label=_("Text of the SMS"),
        max_length=LONGEST_SMS,
        required=False,
        widget=_lines(4, **{"data-sms-counter": ""}),
        help_text=_(
            "May contain {first_name}, {last_name}, {device} and {link}. The link leads to the notice after signing in."
        ),
    )
    whatsapp_template = forms.CharField(
        label=_("Name of the WhatsApp template"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As Meta has approved it."),
    )
    whatsapp_variables = forms.CharField(
        label=_("Variables of the template, one a line"), required=False, widget=_lines(3)
    )
    device_types = forms.TypedMultipleChoiceField(
        label=_("Owners of these device types"), coerce=int, required=False, widget=_ticks()
    )
    device_models = forms.TypedMultipleChoiceField(
        label=_("Owners of these device models"), coerce=int, required=False, widget=_ticks()
    )
    brands = forms.TypedMultipleChoiceField(
        label=_("Owners of these brands"), coerce=int, required=False, widget=_ticks()
    )
    identifier_kinds = forms.MultipleChoiceField(
        label=_("Kind of identifier"),
        choices=Device.IdentifierKind.choices,
        required=False,
        widget=_ticks(),
        help_text=_("Dongles and user IDs are software."),
    )
    service = forms.MultipleChoiceField(
        label=_("Where the service of the device stands"),
        choices=list(SERVICE.items()),
        required=False,
        widget=_ticks(),
    )
    cities = forms.CharField(
        label=_("Cities"), required=False, help_text=_("With commas between them. Empty: everywhere."), max_length=2000
    )
    buyers = forms.CharField(
        label=_("Chosen buyers"),
        required=False,
        widget=_lines(3, dir="ltr"),
        help_text=_("Usernames or mobile numbers, one a line. They get it besides the audience above."),
    )
    is_chosen_only = forms.BooleanField(label=_("Only the chosen buyers, nobody else"), required=False)
    scheduled_on = JalaliDateField(label=_("Not before the day"), required=False)
    scheduled_at = forms.CharField(
        label=_("at the hour"),
        required=False,
        max_length=5,
        widget=forms.TextInput(attrs={"dir": "ltr", "placeholder": "09:00", "inputmode": "numeric"}),
    )
    throttle_per_minute = forms.IntegerField(label=_("Messages a minute, at most"), min_value=1, max_value=100_000)
    ignores_quiet_hours = forms.BooleanField(
        label=_("Send at night too"), required=False, help_text=_("For legal notices only.")
    )

    groups = (
        (_("Channels"), ("channels", "must_acknowledge")),
        (_("Dashboard and inbox"), ("inbox_title", "inbox_body")),
        (_("SMS"), ("sms_text",)),
        (_("WhatsApp"), ("whatsapp_template", "whatsapp_variables")),
        (
            _("Audience"),
            (
                "device_types",
                "device_models",
                "brands",
                "identifier_kinds",
                "service",
                "cities",
                "buyers",
                "is_chosen_only",
            ),
        ),
        (_("When and how fast"), ("scheduled_on", "scheduled_at", "throttle_per_minute", "ignores_quiet_hours")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("device_types", DeviceType.objects.all())
        self._choose("device_models", DeviceModel.objects.select_related("brand"))
        self._choose("brands", Brand.objects.all())

    def _choose(self, name: str, rows: Iterable[Any]) -> None:
        self.fields[name].choices = [(row.pk, str(row)) for row in rows]  # type: ignore[attr-defined]

    def grouped(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields under their headings."""
        return [(title, [self[name] for name in names]) for title, names in self.groups]

    def clean_cities(self) -> list[str]:
        return [city for city in map(clean, _SEPARATORS.split(self.cleaned_data["cities"])) if city]

    def clean_whatsapp_variables(self) -> list[str]:
        return [line for line in map(clean, self.cleaned_data["whatsapp_variables"].splitlines()) if line]

    def clean_buyers(self) -> list[int]:
        """The keys of the buyers that were named. Raises ValidationError for a name that nobody bears."""
        named = [name for name in map(clean, _SEPARATORS.split(self.cleaned_data["buyers"])) if name]
        if len(named) > MOST_CHOSEN:
            raise forms.ValidationError(_now("Name at most 500 buyers one by one."))
        by_name, by_phone = {}, {}
        for name in named:
            try:
                by_phone[clean_mobile(name)] = name
            except IdentityError:
                by_name[ascii_digits(name).lower()] = name
        found = Buyer.objects.filter(phone__in=by_phone).values_list("phone", "pk")
        keys = {by_phone[phone]: pk for phone, pk in found}
        for username, pk in Buyer.objects.filter(user__username__in=by_name).values_list("user__username", "pk"):
            keys[by_name[username]] = pk
        if unknown := [name for name in named if name not in keys]:
            raise forms.ValidationError(_now("Nobody is known as: %(names)s") % {"names": "، ".join(unknown[:5])})
        return sorted(set(keys.values()))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        day, clock = data.get("scheduled_on"), ascii_digits(data.get("scheduled_at") or "").strip()
        data["scheduled_for"] = None
        if clock and not _CLOCK.fullmatch(clock):
            self.add_error("scheduled_at", _now("Write the hour as 09:30."))
        elif clock and not day:
            self.add_error("scheduled_on", _now("Write the day as well."))
        elif day:
            hour, minute = map(int, (clock or "09:00").split(":"))
            data["scheduled_for"] = datetime(day.year, day.month, day.day, hour, minute, tzinfo=TEHRAN)
        return data


def initial_of(campaign: Campaign) -> dict[str, Any]:
    """A draft as the form shows it."""
    audience = Audience.of(campaign.audience)
    chosen = Buyer.objects.filter(pk__in=audience.buyers).values_list("phone", flat=True)
    at = campaign.scheduled_for
    return {
        "channels": campaign.channels,
        "must_acknowledge": campaign.must_acknowledge,
        "inbox_title": campaign.inbox_title,
        "inbox_body": campaign.inbox_body,
        "sms_text": campaign.sms_text,
        "whatsapp_template": campaign.whatsapp_template,
        "whatsapp_variables": "\n".join(campaign.whatsapp_variables),
        "device_types": audience.device_types,
        "device_models": audience.device_models,
        "brands": audience.brands,
        "identifier_kinds": audience.identifier_kinds,
        "service": audience.service,
        "cities": "، ".join(audience.cities),
        "buyers": "\n".join(map(local_mobile, chosen)),
        "is_chosen_only": audience.is_chosen_only,
        "scheduled_on": tehran_date(at) if at else None,
        "scheduled_at": at.astimezone(TEHRAN).strftime("%H:%M") if at else "",
        "throttle_per_minute": campaign.throttle_per_minute,
        "ignores_quiet_hours": campaign.ignores_quiet_hours,
    }


def wording_in(data: dict[str, Any]) -> Wording:
    """The cleaned data of the form, as the verb takes it."""
    parts = ("device_types", "device_models", "brands", "identifier_kinds", "service", "cities", "buyers")
    audience = Audience(**{name: tuple(data[name]) for name in parts}, is_chosen_only=data["is_chosen_only"])
    names = (
        "channels",
        "must_acknowledge",
        "inbox_title",
        "inbox_body",
        "sms_text",
        "whatsapp_template",
        "whatsapp_variables",
        "throttle_per_minute",
        "ignores_quiet_hours",
        "scheduled_for",
    )
    return Wording(audience=audience, **{name: data[name] for name in names})


class TestForm(forms.Form):
    """To whose phone the trial goes."""

    phone = forms.CharField(
        label=_("Your own mobile number"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "tel"}),
    )


class CallForm(forms.Form):
    """What came of a call."""

    reached = forms.ChoiceField(
        label=_("What came of it"),
        choices=[("yes", _("told by phone")), ("no", _("not reached"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False, widget=_lines(2))
