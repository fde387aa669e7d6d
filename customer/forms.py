"""The shape of what people send; whether it is true and allowed is for the services to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from customer.models import CorrectionRequest, Device, SignOff, Transfer
from customer.rules import ServiceStatus
from kernel.identity import IdentityError, clean_mobile, clean_national_code
from kernel.persian import ascii_digits
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


class CodeField(forms.CharField):
    """The six digits of a message, in whatever digits and spaces they were typed."""

    def __init__(self) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "dir": "ltr", "spellcheck": "false"}
        super().__init__(
            label=_("Confirmation code"),
            max_length=20,
            widget=forms.TextInput(attrs=attrs),
            validators=[RegexValidator(r"^[0-9]{6}$", _("The code has six digits."))],
            error_messages={"required": _("Write the code that was sent to you.")},
        )

    def to_python(self, value: Any) -> str:
        return "".join(ascii_digits(str(value or "")).split())


class CodeForm(forms.Form):
    """A code; while one is only asked for, none is needed."""

    code = CodeField()

    def __init__(self, data: Any = None, *, needs_code: bool = True, **kwargs: Any) -> None:
        if data is not None and not needs_code:
            data = data.copy()
            data["code"] = ""
        super().__init__(data, **kwargs)
        self.fields["code"].required = needs_code


class TicksForm(forms.Form):
    """The ticks of an installation form."""

    items = forms.MultipleChoiceField(label=_("Items"), required=False)
    all_done = forms.BooleanField(required=False)

    def __init__(self, *args: Any, sign_off: SignOff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [(item["code"], item["label"]) for item in sign_off.items]  # type: ignore[attr-defined]
        self.fields["all_done"].label = sign_off.all_done_label


class SignOffForm(CodeForm, TicksForm):
    """The ticks of a form, and the code that confirms them."""


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("What is missing or not right?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say what is missing, so that we can put it right.")},
    )


class NewOwnerForm(forms.Form):
    """Which device goes to whom."""

    device = forms.TypedChoiceField(label=_("Device"), coerce=int)
    first_name = forms.CharField(label=_("First name of the new owner"), max_length=80)
    last_name = forms.CharField(label=_("Last name of the new owner"), max_length=80)
    national_code = forms.CharField(
        label=_("National code of the new owner"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Mobile phone of the new owner"),
        max_length=20,
        help_text=_("The link to accept, and later the news of the account, go to this number."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=Transfer.Reason.choices, initial=Transfer.Reason.SALE)

    def __init__(self, *args: Any, devices: Iterable[Device], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device"].choices = [(device.pk, str(device)) for device in devices]  # type: ignore[attr-defined]

    def clean_national_code(self) -> str:
        return self._checked("national_code", clean_national_code)

    def clean_phone(self) -> str:
        return self._checked("phone", clean_mobile)

    def _checked(self, name: str, check: Callable[[str], str]) -> str:
        try:
            return check(self.cleaned_data[name])
        except IdentityError as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class TransferForm(NewOwnerForm):
    """The request whole: also the paper that some reasons need, and the formal statement."""

    document = forms.FileField(
        label=_("Document"),
        required=False,
        help_text=_("PDF, JPG or PNG, up to 10 megabytes."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )
    statement_accepted = forms.BooleanField(
        label=_("I have read this text and confirm it as the present owner."), required=False
    )
