"""Fields that bring the kernel into models and forms."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from kernel import vault
from kernel.jalali import EARLIEST, LATEST, JalaliError, check_range, format_date, parse_jalali, tehran_date
from kernel.money import MoneyError, parse_toman, toman_digits


class SealedTextField(models.TextField):
    """Text sealed by `kernel.vault` that stays so in Python, until somebody opens it; its key can be rotated."""


class EncryptedTextField(SealedTextField):
    """Text that the database holds sealed (`kernel.vault`) and Python sees plain.

    It can be looked up only by `isnull`; keep a `vault.blind_index` beside it to find a row by its content.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        """Opens what the database holds; raises `VaultError` if it cannot be opened."""
        return None if value is None else vault.decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        """Seals what goes to the database."""
        plain = super().get_prep_value(value)
        return None if plain is None else vault.encrypt(plain)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`: equal texts have unequal ciphers, every other comparison would silently find nothing."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        """None: a cipher has no length, case or prefix worth asking for."""


def _picker_labels() -> str:
    return json.dumps(
        {
            "open": _("Choose from the calendar"),
            "calendar": _("Calendar"),
            "previousMonth": _("Previous month"),
            "nextMonth": _("Next month"),
            "previousYear": _("Previous year"),
            "nextYear": _("Next year"),
            "today": _("Today"),
            "close": _("Close"),
        },
        ensure_ascii=False,
    )


class JalaliDateInput(forms.TextInput):
    """A text input for a Jalali date, with a calendar beside it where the browser runs scripts.

    The script reads its words from the `data-jalali-picker` attribute; typing works without it.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        mine = {
            "data-jalali-picker": lazy(_picker_labels, str)(),
            "dir": "ltr",
            "inputmode": "numeric",
            "autocomplete": "off",
        }
        super().__init__(mine | (attrs or {}))

    class Media:
        css = {"all": ["css/jalali-picker.css"]}
        js = [forms.Script("js/jalali-picker.js", type="module")]

    def format_value(self, value: Any) -> str | None:
        """`۱۴۰۵/۰۹/۰۱` for a date; what was typed comes back as it was."""
        if isinstance(value, datetime):
            value = tehran_date(value)
        if isinstance(value, date) and EARLIEST <= value <= LATEST:
            return format_date(value, "numeric")
        return super().format_value(value)


class JalaliDateField(forms.DateField):
    """A form field that shows and takes Jalali dates and gives `datetime.date`."""

    widget = JalaliDateInput

    def to_python(self, value: Any) -> date | None:
        """The date that was typed, or None for nothing; raises `ValidationError` with the code of `JalaliError`."""
        if value in self.empty_values:
            return None
        try:
            if isinstance(value, datetime):
                return check_range(tehran_date(value))
            if isinstance(value, date):
                return check_range(value)
            return parse_jalali(str(value))
        except JalaliError as error:
            raise ValidationError(str(error), code=error.code) from error


class TomanInput(forms.TextInput):
    """A text input for an amount in toman."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"} | (attrs or {}))

    def format_value(self, value: Any) -> str | None:
        """`۴٬۸۰۰٬۰۰۰` for an amount in rial; what was typed comes back as it was."""
        return toman_digits(value) if isinstance(value, int) else super().format_value(value)


class TomanField(forms.Field):
    """A form field that shows and takes toman, with any digits and separators, and gives rial (`int`) above nought."""

    widget = TomanInput

    def to_python(self, value: Any) -> int | None:
        """The amount in rial, or None for nothing; raises `ValidationError` with the code of `MoneyError`."""
        if isinstance(value, int):
            return value
        if value in self.empty_values:
            return None
        try:
            rial = parse_toman(str(value))
        except MoneyError as error:
            raise ValidationError(str(error), code=error.code) from error
        if rial <= 0:
            raise ValidationError(_("The amount must be more than nought."), code="not_positive")
        return rial
