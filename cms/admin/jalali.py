"""Wagtail's own admin screens speak of Jalali days too: in filters, in messages, in the schedule of a page.

Wagtail writes dates by Django's formats, which know the Gregorian calendar alone, and offers no place to put another
one. So the three names below are exchanged once, when the house starts; `tests/admin/test_schedule.py` notices when a
new Wagtail no longer reads them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from wagtail.admin import active_filters, filters
from wagtail.utils import timestamps

from kernel.fields import JalaliDateInput
from kernel.jalali import JalaliError, format_date, format_moment, parse_jalali


class JalaliFormats:
    """Stands where Wagtail looks for `django.utils.formats`."""

    @staticmethod
    def date_format(value: date | datetime, _format: str | None = None, _use_l10n: bool | None = None) -> str:
        return format_moment(value) if isinstance(value, datetime) else format_date(value)


class JalaliFilterInput(JalaliDateInput):
    """One end of a span of days: hands a Gregorian day to the filter, what is none as it was typed."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        if not typed:
            return typed
        try:
            return parse_jalali(typed)
        except JalaliError:
            return typed


def speak_jalali() -> None:
    """Exchanges Wagtail's Gregorian writing and its calendar for ours."""
    timestamps.formats = JalaliFormats
    active_filters.date_format = lambda day: format_date(day.date() if isinstance(day, datetime) else day)
    filters.AdminDateInput = JalaliFilterInput
