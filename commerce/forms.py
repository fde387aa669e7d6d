"""What buyers send from the pages of this app: its shape; what it means is for the verbs to say."""

from __future__ import annotations

from typing import Any

from django import forms

from commerce.models import ServicePlan
from customer.models import ServiceChoice


class ServiceChoiceForm(forms.Form):
    """One of the three choices; a renewal names its term and the total in rial that the buyer saw."""

    choice = forms.ChoiceField(choices=ServiceChoice.Choice)
    years = forms.TypedChoiceField(choices=ServicePlan.Years, coerce=int, empty_value=None, required=False)
    expected_total_rial = forms.IntegerField(min_value=1, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        is_renewal = values.get("choice") == ServiceChoice.Choice.RENEW
        if is_renewal and not (values.get("years") and values.get("expected_total_rial")):
            raise forms.ValidationError("a renewal needs its term and the total that was seen", code="incomplete")
        return values


class GatewayForm(forms.Form):
    """The gateway to pay at; left out, it is the first one."""

    gateway = forms.SlugField(required=False, max_length=20)
