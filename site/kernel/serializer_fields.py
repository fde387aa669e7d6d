"""Dates in the API: ISO Gregorian, with a Jalali twin beside each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Choices
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.jalali import JalaliError, check_range, jalali_iso


class IsoDateField(serializers.DateField):
    """`2026-11-22`; refuses days outside the years that the house knows."""

    def to_internal_value(self, value: Any) -> date:
        """The date; raises `ValidationError` with code `out_of_range` beside the usual ones."""
        day = super().to_internal_value(value)
        try:
            return check_range(day)
        except JalaliError as error:
            raise serializers.ValidationError(str(error), code=error.code) from error


@extend_schema_field({"type": "string", "pattern": r"^1[345]\d\d/\d\d/\d\d$", "example": "1405/09/01"})
class JalaliTwinField(serializers.ReadOnlyField):
    """The Jalali twin of a date: `ends_on_jalali = JalaliTwinField(source="ends_on")` → `1405/09/01`."""

    def to_representation(self, value: date) -> str:
        """ASCII digits; a moment must be made a date before."""
        if isinstance(value, datetime):
            raise TypeError("a twin belongs to a date")
        return _twin(value)


@lru_cache(maxsize=4096)
def _twin(day: date) -> str:
    return jalali_iso(day)


class MomentField(serializers.DateTimeField):
    """A moment in UTC: `2026-11-22T17:41:07.867946Z`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


class LabelField(serializers.CharField):
    """The Persian twin of a word: `status_label = LabelField(Order.Status, source="status")` → `پرداخت شده`."""

    def __init__(self, choices: type[Choices], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices

    def to_representation(self, value: Any) -> str:
        return _label(self.choices, value, get_language())


@lru_cache(maxsize=1024)
def _label(choices: type[Choices], value: Any, _language: str | None) -> str:
    return str(choices(value).label)
