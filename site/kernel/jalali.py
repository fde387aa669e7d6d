"""Jalali dates at the edges: rows hold Gregorian dates, people read and type Jalali ones.

The house knows the Jalali years 1300 to 1500 (1921 to 2122); outside them every function raises `JalaliError`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from persiantools.jdatetime import JalaliDate

from kernel.persian import ascii_digits, persian_digits

TEHRAN = ZoneInfo("Asia/Tehran")
FIRST_YEAR, LAST_YEAR = 1300, 1500
GREGORIAN_YEARS = range(1900, 2101)
MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")  # as date.weekday() counts

EARLIEST: date = JalaliDate(FIRST_YEAR, 1, 1).to_gregorian()
LATEST: date = JalaliDate(LAST_YEAR + 1, 1, 1).to_gregorian() - timedelta(days=1)

Style = Literal["long", "weekday", "numeric"]

_UNSEEN = re.compile("[\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TYPED = re.compile(r"([0-9]{1,4})\s*[/.\-\s؍]\s*([0-9]{1,2})\s*[/.\-\s؍]\s*([0-9]{1,2})")
_TYPED_TOGETHER = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


class JalaliError(ValueError):
    """A text or date that is no Jalali date of this house. The message is fit to be shown.

    `code`: `empty`, `format`, `two_digit_year`, `gregorian_year`, `out_of_range` or `no_such_day`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def tehran_today(now: datetime | None = None) -> date:
    """The date in Tehran, at `now` (aware) or at this moment."""
    return tehran_date(now or timezone.now())


def tehran_date(moment: datetime) -> date:
    """The date in Tehran at an aware moment."""
    return _in_tehran(moment).date()


def check_range(day: date) -> date:
    """The same day, if it lies in the years that the house knows; raises `JalaliError("out_of_range")`."""
    if not EARLIEST <= day <= LATEST:
        raise _out_of_range()
    return day


def jalali_year(day: date) -> int:
    """The Jalali year in which a day lies."""
    return int(_jalali(day).year)


def jalali_iso(day: date) -> str:
    """The day for programs, in ASCII digits: `1406/04/03`."""
    jalali = _jalali(day)
    return f"{jalali.year:04d}/{jalali.month:02d}/{jalali.day:02d}"


def format_date(day: date, style: Style = "long") -> str:
    """The day for people: `۳ تیر ۱۴۰۶`, with its weekday `پنجشنبه ۳ تیر ۱۴۰۶`, or `numeric` `۱۴۰۶/۰۴/۰۳`."""
    if style == "numeric":
        return persian_digits(jalali_iso(day))
    jalali = _jalali(day)
    text = persian_digits(f"{jalali.day} {MONTHS[jalali.month - 1]} {jalali.year}")
    return f"{WEEKDAYS[day.weekday()]} {text}" if style == "weekday" else text


def format_moment(moment: datetime) -> str:
    """An aware moment as Tehran's clocks show it: `۱ آذر ۱۴۰۵، ساعت ۱۴:۳۰`."""
    local = _in_tehran(moment)
    return f"{format_date(local.date())}، ساعت {persian_digits(f'{local:%H:%M}')}"


def parse_jalali(text: str) -> date:
    """What a person typed, year first: `۱۴۰۵/۹/۱`, `1405-09-01`, `1405 9 1`, `14050901`. Raises `JalaliError` only."""
    plain = _UNSEEN.sub("", ascii_digits(text)).strip()
    if not plain:
        raise JalaliError("empty", _("Write a date."))
    match = _TYPED.fullmatch(plain) or _TYPED_TOGETHER.fullmatch(plain)
    if match is None:
        raise JalaliError("format", _example(_("Write the date as year, month and day, for example %(example)s.")))
    if len(match[1]) <= 2:
        raise JalaliError("two_digit_year", _example(_("Write all four digits of the year, for example %(example)s.")))
    return _from_parts(int(match[1]), int(match[2]), int(match[3]))


def contract_end(starts_on: date, years: int) -> date:
    """The last day of a contract of whole Jalali years: the day before the same Jalali day `years` later.

    Where that year has no 30 Esfand, 29 Esfand stands for it. Raises `JalaliError` beyond the last known year.
    """
    if years < 1:
        raise ValueError("a contract lasts at least one year")
    start = _jalali(starts_on)
    year = start.year + years
    if year > LAST_YEAR:
        raise _out_of_range()
    day = min(start.day, JalaliDate.days_in_month(start.month, year))
    return _gregorian(JalaliDate(year, start.month, day)) - timedelta(days=1)


def months_end(starts_on: date, months: int) -> date:
    """The last day of a span of Jalali months: the day before the same day `months` later (or that month's last)."""
    if months < 1:
        raise ValueError("a span lasts at least one month")
    start = _jalali(starts_on)
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    if year > LAST_YEAR:
        raise _out_of_range()
    day = min(start.day, JalaliDate.days_in_month(month + 1, year))
    return _gregorian(JalaliDate(year, month + 1, day)) - timedelta(days=1)


def _from_parts(year: int, month: int, day: int) -> date:
    if year in GREGORIAN_YEARS:
        raise JalaliError(
            "gregorian_year",
            _example(_("This looks like a Gregorian date. Write the Jalali date, for example %(example)s.")),
        )
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _out_of_range()
    if not JalaliDate.check_date(year, month, day):
        raise JalaliError("no_such_day", _("There is no such day in the calendar."))
    return _gregorian(JalaliDate(year, month, day))


def _jalali(day: date) -> JalaliDate:
    return JalaliDate(check_range(day))


def _gregorian(jalali: JalaliDate) -> date:
    day: date = jalali.to_gregorian()
    return day


def _in_tehran(moment: datetime) -> datetime:
    if timezone.is_naive(moment):
        raise ValueError("a moment must know its time zone")
    return moment.astimezone(TEHRAN)


def _example(message: str) -> str:
    return message % {"example": format_date(tehran_today(), "numeric")}


def _out_of_range() -> JalaliError:
    message = _("The year must lie between %(first)s and %(last)s.")
    years = {"first": persian_digits(str(FIRST_YEAR)), "last": persian_digits(str(LAST_YEAR))}
    return JalaliError("out_of_range", message % years)
