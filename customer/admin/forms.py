"""What staff type about buyers and devices; the verbs say whether it holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customer.admin.chooser import buyer_chooser
from customer.models import Buyer, Device, DeviceModel
from kernel.fields import JalaliDateField


def _latin(**attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", **attrs})


class IdentityForm(forms.Form):
    """The identity of a buyer."""

    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    national_code = forms.CharField(label=_("National code"), max_length=40, widget=_latin(inputmode="numeric"))
    phone = forms.CharField(label=_("Phone (mobile)"), max_length=40, widget=_latin(inputmode="tel"))
    main_operator = forms.CharField(label=_("Main operator of the device"), max_length=160, required=False)
    city = forms.CharField(label=_("City"), max_length=80)
    street = forms.CharField(label=_("Street"), max_length=200)
    building = forms.CharField(label=_("Building, floor, unit"), max_length=200, required=False)


class NewBuyerForm(IdentityForm):
    """The identity and the sign-in."""

    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=_latin(autocapitalize="none"),
        help_text=_("Latin letters, digits and . _ - without spaces; for example sara.rastegar."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        required=False,
        strip=False,
        widget=_latin(autocapitalize="none"),
        help_text=_("Leave it empty, and a strong password is made and printed on the slip."),
    )


class EditBuyerForm(IdentityForm):
    """The identity; the national code is not shown, a new one can be written over it."""

    national_code = forms.CharField(
        label=_("National code"),
        max_length=40,
        required=False,
        widget=_latin(inputmode="numeric"),
        help_text=_("Leave it empty to keep the one that is registered."),
    )


class DeviceForm(forms.Form):
    """A device without its owner, who is fixed once it is registered."""

    model = forms.ModelChoiceField(
        label=_("Brand and model"),
        queryset=DeviceModel.objects.select_related("brand"),
        empty_label=_("Choose a model"),
    )
    identifier_kind = forms.ChoiceField(label=_("Kind of identifier"), choices=Device.IdentifierKind.choices)
    identifier = forms.CharField(
        label=_("Serial number, dongle or user ID"), max_length=80, widget=_latin(autocapitalize="characters")
    )
    sold_on = JalaliDateField(label=_("Date of sale"), required=False)
    installed_on = JalaliDateField(label=_("Installation date"), required=False)
    warranty_ends_on = JalaliDateField(label=_("End of warranty"), required=False)


class NewDeviceForm(DeviceForm):
    """A device with its owner."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=Buyer.objects.all(), widget=buyer_chooser.widget_class(show_clear_link=False)
    )
    field_order = ["owner"]


class PasswordForm(forms.Form):
    """A new password for a buyer."""

    password = forms.CharField(
        label=_("New password"),
        max_length=256,
        required=False,
        strip=False,
        widget=_latin(autocapitalize="none"),
        help_text=_("Leave it empty, and a strong password is made and printed on the slip."),
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class OptionalReasonForm(forms.Form):
    """Why, if there is something to say to the buyer."""

    reason = forms.CharField(
        label=_("Note for the buyer"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class LegacyForm(forms.Form):
    """The period of a device of the old fleet."""

    starts_on = JalaliDateField(label=_("Service begins on"))
    ends_on = JalaliDateField(label=_("Service ends on"))
    legacy_reason = forms.CharField(
        label=_("Why there is no sign-off"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on the device for ever, together with your name."),
    )
