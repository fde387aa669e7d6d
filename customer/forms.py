"""The shape of what people send; whether it is true and allowed is for the services to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customer.models import CorrectionRequest
from customer.rules import ServiceStatus
from kernel.refused import Refused


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Puts what a verb said onto the field that it names, or on top of the form."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.message)


class SecretField(forms.CharField):
    """A password: kept as it is typed, never sent back. `autocomplete` tells password managers which one."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "dir": "ltr"})
        super().__init__(strip=False, max_length=256, widget=widget, **kwargs)


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "dir": "ltr",
                "autofocus": True,
            }
        ),
    )
    password = SecretField(label=_("Password"), autocomplete="current-password")


class PasswordForm(forms.Form):
    """A new password, typed twice."""

    old = SecretField(label=_("Present password"), autocomplete="current-password")
    new = SecretField(
        label=_("New password"),
        autocomplete="new-password",
        help_text=_("At least ten characters, not digits alone."),
    )
    again = SecretField(label=_("New password, once more"), autocomplete="new-password")

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("The two new passwords are not the same."), code="mismatch")
        return again


class DeviceSearchForm(forms.Form):
    status = forms.ChoiceField(label=_("Service status"), choices=ServiceStatus.choices, required=False)
    q = forms.CharField(label=_("Search in my devices"), max_length=80, required=False)


class CorrectionForm(forms.Form):
    field = forms.ChoiceField(choices=CorrectionRequest.Field.choices, widget=forms.HiddenInput)
    proposed = forms.CharField(label=_("The correct value"), max_length=200)
    note = forms.CharField(
        label=_("Note for the administrator"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, field: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field in {CorrectionRequest.Field.NATIONAL_CODE, CorrectionRequest.Field.PHONE}:
            self.fields["proposed"].widget.attrs |= {"dir": "ltr", "inputmode": "numeric"}
