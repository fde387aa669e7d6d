"""Rows that hold from a day on: once in force they are never changed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm

from commerce.models import PlanPrice, VatRate
from kernel.jalali import tehran_today


def is_in_force(row: PlanPrice | VatRate) -> bool:
    """Whether a saved row holds or held: then it stays as it is."""
    return row.pk is not None and row.valid_from <= tehran_today()


class FixedOnceInForce(WagtailAdminModelForm):
    """A row that has been in force cannot be edited; a new one begins today or later."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_fixed = is_in_force(self.instance)
        for field in self.fields.values():
            field.disabled = field.disabled or self.is_fixed

    def clean_valid_from(self) -> Any:
        day = self.cleaned_data["valid_from"]
        if not self.is_fixed and day < tehran_today():
            raise ValidationError(_("It can begin today or later, not in the past."), code="past")
        return day
