"""The shape of what people send; whether it is true and allowed is for the services to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.once import FormKeyField
from support.file_kinds import ACCEPTED
from support.models import Ticket
from support.models.ticket import LONGEST_TITLE

CHOOSE_DEVICE = _("Choose the device that this is about.")
STARS = [(5, _("Excellent")), (4, _("Good")), (3, _("Fair")), (2, _("Poor")), (1, _("Bad"))]


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return files.getlist(name) if hasattr(files, "getlist") else []


class FilesField(forms.FileField):
    """Several files at once, for browsers without scripts; `cleaned_data` holds a list."""

    def __init__(self) -> None:
        help_text = _("Pictures, PDF or text up to 10 megabytes; video and sound up to 100. Five at most.")
        widget = FilesInput(attrs={"accept": ACCEPTED, "data-files": ""})
        super().__init__(label=_("Files"), required=False, help_text=help_text, widget=widget)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [one for one in data or [] if one]


class MessageForm(forms.Form):
    """What a buyer writes in his ticket. Length and emptiness are for the verb to judge: nothing typed is lost."""

    body = forms.CharField(
        label=_("Your message"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "data-draft": "body", "dir": "auto"}),
    )
    attachments = FilesField()
    form_key = FormKeyField()


class TicketForm(forms.Form):
    """A new ticket. Whose the device is, and whether it may have one, is for the verb to say."""

    device = forms.IntegerField(
        label=_("Device"),
        min_value=1,
        max_value=2**63 - 1,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), CHOOSE_DEVICE),
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=LONGEST_TITLE,
        help_text=_("In a few words: what is the matter?"),
        widget=forms.TextInput(attrs={"data-draft": "title", "dir": "auto"}),
        error_messages={"required": _("Give the ticket a title.")},
    )
    description = forms.CharField(
        label=_("Full description"),
        help_text=_("Since when, what you have tried, which message is shown. A photo often says more."),
        widget=forms.Textarea(attrs={"rows": 7, "data-draft": "body", "dir": "auto"}),
        error_messages={"required": _("Please write something.")},
    )
    importance = forms.ChoiceField(
        label=_("Importance"), choices=Ticket.Importance.choices, initial=Ticket.Importance.MEDIUM
    )
    accept_tariff = forms.BooleanField(
        label=_("I have seen the prices and accept that this work is invoiced."), required=False
    )
    attachments = FilesField()
    form_key = FormKeyField()


class RatingForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=_("How was our support?"),
        coerce=int,
        choices=STARS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Give one to five stars.")},
    )
    note = forms.CharField(
        label=_("What shall we do better?"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class TicketSearchForm(forms.Form):
    q = forms.CharField(label=_("Search in my tickets"), max_length=100, required=False)
    importance = forms.ChoiceField(label=_("Importance"), choices=Ticket.Importance.choices, required=False)
    device = forms.IntegerField(label=_("Device"), min_value=1, max_value=2**63 - 1, required=False)
