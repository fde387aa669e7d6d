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
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from kernel import vault
from kernel.jalali import EARLIEST, LATEST, TEHRAN, JalaliError, check_range, format_date, parse_jalali, tehran_date
from kernel.money import MoneyError, parse_toman, toman_digits
from kernel.persian import ascii_digits


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


REFUSED = "؛؛"  # between the day and the hour of what is no moment: no parser takes it for one


class JalaliMomentInput(forms.MultiWidget):
    """A Jalali day and an hour of Tehran's clocks, for a `DateTimeField`; no hour means midnight."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        hour = {"dir": "ltr", "inputmode": "numeric", "autocomplete": "off", "placeholder": "09:30", "maxlength": "5"}
        hour["class"] = "moment-hour"
        words = {"aria-label": lazy(_hour_label, str)()}
        super().__init__([JalaliDateInput(attrs), forms.TextInput({**(attrs or {}), **hour, **words})])

    def decompress(self, value: datetime | None) -> list[Any]:
        """The day and the hour as they are shown; nothing for nothing. Django's field hands on Tehran's naive clock."""
        if not value:
            return [None, None]
        local = value.astimezone(TEHRAN) if is_aware(value) else value
        return [local.date(), f"{local:%H:%M}"]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """ISO for Django's field; what is no moment as it was typed, so that the field refuses it."""
        day, hour = (ascii_digits(part or "").strip() for part in super().value_from_datadict(data, files, name))
        if not day and not hour:
            return None
        try:
            return f"{parse_jalali(day).isoformat()} {hour or '00:00'}"
        except JalaliError:
            return f"{day}{REFUSED}{hour}"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """What was typed and refused comes back as a text; it is divided again."""
        return super().get_context(name, _divided(value) if isinstance(value, str) else value, attrs)


def _hour_label() -> str:
    return _("at the hour")


def _divided(typed: str) -> list[Any]:
    day, refused, hour = typed.partition(REFUSED)
    if refused:
        return [day, hour]
    day, _space, hour = typed.partition(" ")
    return [date.fromisoformat(day), hour]


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
