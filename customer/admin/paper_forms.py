"""What staff type about sign-offs and transfers; the verbs say whether it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.models import Device
from kernel.fields import JalaliDateField

NOTE = "note_"


def _lines(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class FormOfItems(forms.Form):
    """The day of the installation, and a note for each item of the checklist."""

    installed_on = JalaliDateField(label=_("Installation date"))

    def __init__(self, *args: Any, items: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in items:
            title = _now("Note on “%(item)s”") % {"item": label}
            self.fields[f"{NOTE}{code}"] = forms.CharField(
                label=title, max_length=1000, required=False, widget=_lines(2)
            )


def notes_in(data: dict[str, Any]) -> dict[str, str]:
    """Item code → note, from the cleaned data of a form of items."""
    return {name.removeprefix(NOTE): text for name, text in data.items() if name.startswith(NOTE) and text}


class PrepareForm(FormOfItems):
    """One visit: this device, and others of the same buyer that wait as well."""

    def __init__(self, *args: Any, others: list[Device], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if others:
            self.fields["devices"] = forms.TypedMultipleChoiceField(
                label=_("Installed on the same visit"),
                choices=[(str(device.pk), str(device)) for device in others],
                coerce=int,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("Each device gets a form of its own, with the same date and notes."),
            )


class CorrectForm(FormOfItems):
    """A form that takes the place of a confirmed one."""

    correction_reason = forms.CharField(
        label=_("What was wrong"),
        max_length=1000,
        widget=_lines(),
        help_text=_("The buyer reads it, and it stays in the new record."),
    )
    field_order = ["correction_reason", "installed_on"]


class PhotoForm(forms.Form):
    """A photo of one item."""

    item_code = forms.ChoiceField(label=_("Item"))
    document = forms.FileField(
        label=_("Photo"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"}),
        help_text=_("JPG or PNG, 10 megabytes at most. Place and camera are not kept."),
    )

    def __init__(self, *args: Any, items: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item_code"].choices = list(items)  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A remark for our own papers."""

    note = forms.CharField(label=_("Note"), max_length=1000, required=False, widget=_lines())


class RefusalForm(forms.Form):
    """Why a transfer is not carried out."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=_lines(), help_text=_("The owner reads it."))
