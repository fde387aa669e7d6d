"""Rates of VAT as snippets, typed in percent. A rate that has been in force is never changed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.snippets.views.snippets import InspectView

from commerce.admin.dated import FixedOnceInForce, is_in_force
from commerce.models import VatRate
from customer.admin.catalogue import CatalogueViewSet, DeleteView
from kernel.admin import columns
from kernel.fields import JalaliDateField
from kernel.persian import ascii_digits, persian_digits


class PercentInput(forms.TextInput):
    """Hundredths of a percent, shown as percent."""

    def __init__(self) -> None:
        super().__init__({"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"})

    def format_value(self, value: Any) -> str | None:
        return persian_digits(percent(value)) if isinstance(value, int) else super().format_value(value)


def percent(basis_points: int) -> str:
    """1050 → `10.5`."""
    return (
        f"{Decimal(basis_points) / 100:f}".rstrip("0").rstrip(".") if basis_points % 100 else str(basis_points // 100)
    )


class PercentField(forms.Field):
    """Takes percent with Persian or Latin digits, gives hundredths of a percent."""

    widget = PercentInput

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, int):
            return value
        if value in self.empty_values:
            return None
        typed = ascii_digits(str(value)).replace("٫", ".").replace("٪", "").replace("%", "").strip()
        try:
            points = Decimal(typed) * 100
        except InvalidOperation as error:
            raise ValidationError(_now("Write the rate as a number, for example 10."), code="format") from error
        if not points.is_finite() or points != int(points) or not 0 <= points <= 10_000:
            message = _now("The rate lies between 0 and 100, with at most two decimals.")
            raise ValidationError(message, code="range")
        return int(points)


class VatForm(FixedOnceInForce):
    basis_points = PercentField(label=_("Rate, percent"))
    valid_from = JalaliDateField(label=_("Valid from"))


class DeleteVat(DeleteView):
    def is_fixed(self) -> bool:
        return is_in_force(self.object)


class InspectVat(InspectView):
    def get_basis_points_display_value(self) -> str:
        return f"{persian_digits(percent(self.object.basis_points))}٪"

    def get_valid_from_display_value(self) -> str:
        return columns.day(self.object.valid_from)


class VatRateViewSet(CatalogueViewSet):
    model = VatRate
    icon = "clipboard-list"
    delete_view_class = DeleteVat
    inspect_view_class = InspectVat
    inspect_view_fields = ["basis_points", "valid_from"]
    list_display = ["__str__"]
    edit_handler = ObjectList(
        [FieldPanel("basis_points"), FieldPanel("valid_from")],
        base_form_class=VatForm,
        help_text=_("A rate that has been in force stays; a new one begins today or later."),
    )
