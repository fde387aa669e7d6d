"""How templates write money, dates, numbers and icons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from threading import Lock
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from customer.queries import device_card, inbox_line
from kernel import identity, jalali, money
from kernel.persian import left_to_right, persian_digits

register = template.Library()

PLAIN = (str, int, float, Decimal, date, timedelta, tuple, type(None))
MOST_PIECES, LONGEST_PIECE = 2048, 8000  # a few megabytes at most
_pieces: dict[Any, SafeString] = {}  # by template and values, the oldest first
_pieces_lock = Lock()

MANY = 100  # messages or answers; above 99 the navigation tells no number


@register.filter
def toman(rial: int | None) -> str:
    """`{{ order.total_rial|toman }}` → `۱۲٬۵۰۰٬۰۰۰ تومان`; nothing for None."""
    return "" if rial in (None, "") else money.format_rial_as_toman(int(rial or 0))


@register.filter
def toman_digits(rial: int | None) -> str:
    """The same without the unit, for columns whose head names it."""
    return "" if rial in (None, "") else money.toman_digits(int(rial or 0))


@register.filter
def in_words(rial: int | None) -> str:
    """`یک میلیون و دویست هزار تومان`, as a receipt spells it."""
    return "" if rial in (None, "") else money.amount_in_words(int(rial or 0))


@register.filter(name="jalali")
def jalali_long(day: date | None) -> str:
    """`{{ device.ends_on|jalali }}` → `۳ تیر ۱۴۰۶`; a moment counts as its day in Tehran."""
    return _written(day, "long")


@register.filter
def jalali_numeric(day: date | None) -> str:
    """`۱۴۰۶/۰۴/۰۳`, for tables."""
    return _written(day, "numeric")


@register.filter
def jalali_weekday(day: date | None) -> str:
    """`پنجشنبه ۳ تیر ۱۴۰۶`, where the weekday helps."""
    return _written(day, "weekday")


@register.filter
def moment(at: datetime | None) -> str:
    """`۱ آذر ۱۴۰۵، ساعت ۱۴:۳۰`."""
    return jalali.format_moment(at) if at else ""


@register.filter
def persian(value: object) -> str:
    """Any text or number with Persian digits."""
    return "" if value is None else persian_digits(str(value))


@register.filter
def ltr(text: str) -> str:
    """A number with dashes inside a sentence; in an element of its own use `<bdi dir="ltr">`."""
    return left_to_right(text)


@register.filter
def number(value: int | None) -> str:
    """`30000` → `۳۰٬۰۰۰`, for counts."""
    return "" if value is None else persian_digits(f"{value:,}".replace(",", money.THOUSANDS))


@register.filter
def file_size(size: int) -> str:
    """`36352` → `۳۶ کیلوبایت`."""
    kilobytes = size / 1024
    if kilobytes < 1:
        text, value = _("%(number)s bytes"), f"{size}"
    elif kilobytes < 1024:
        text, value = _("%(number)s kilobytes"), f"{kilobytes:.0f}"
    else:
        text, value = _("%(number)s megabytes"), f"{kilobytes / 1024:.1f}".removesuffix(".0")
    return text % {"number": persian_digits(value.replace(".", "٫"))}


@register.filter
def mobile(number: str | None) -> str:
    """`+989121234567` → `09121234567`. Wrap it in `<bdi dir="ltr">`."""
    return identity.local_mobile(number or "")


@register.simple_tag
def icon(name: str) -> SafeString:
    """One drawing of the sprite, for the eye only: the words beside it or the button's label carry the meaning."""
    return _icon(name)


@cache
def _icon(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>',
        _sprite(),
        name,
    )


@register.simple_tag
def piece(template_name: str, **values: Any) -> SafeString:
    """`{% piece "components/pill.html" label=_("open") kind="new" %}`: as an include with `only`, but remembered.

    A piece that was rendered with the same values is not rendered again, if all of them are plain: texts, numbers,
    days and moments, frozen dataclasses of them. So its template may depend on nothing but its values, and not on the
    time or the person.
    """
    plain = [(name, *_plain(value)) for name, value in values.items()]
    if not all(isinstance(value, PLAIN) or _is_frozen(value) for _name, value, _type in plain):
        return render_to_string(template_name, values)
    return _piece(template_name, tuple(plain))


def _plain(value: Any) -> tuple[Any, type]:
    """A value to remember by, with its type: equal ones may differ there, safe HTML from a text and 1 from True."""
    if isinstance(value, Promise):
        value = str(value)
    elif isinstance(value, SimpleLazyObject):
        value = _unwrapped(value)
    return value, type(value)


def _unwrapped(lazy: Any) -> Any:
    bool(lazy)  # now it has looked
    return lazy._wrapped


def _is_frozen(value: Any) -> bool:
    made_as: Any = getattr(type(value), "__dataclass_params__", None)
    return made_as is not None and bool(made_as.frozen)


def _piece(template_name: str, values: tuple[tuple[str, Any, type], ...]) -> SafeString:
    key = template_name, values
    known = _pieces.get(key)
    if known is None:
        known = render_to_string(template_name, {name: value for name, value, _type in values})
        if len(known) <= LONGEST_PIECE:
            with _pieces_lock:
                _pieces[key] = known
                while len(_pieces) > MOST_PIECES:
                    _pieces.pop(next(iter(_pieces)))
    return known


register.filter("card", device_card)
register.filter("line", inbox_line)


@register.filter
def up_to_99(number: int) -> str:
    """A number for a small round mark: `۹۹+` for what is more."""
    return persian_digits(str(number) if number < MANY else f"{MANY - 1}+")


@cache
def _sprite() -> str:
    """The address of the drawings: asked for dozens of times a page, the same as long as the process lives."""
    return static("icons.svg")


def _written(day: date | None, style: jalali.Style) -> str:
    """A page must not fall over one strange row: a date outside the known years is shown as it is stored."""
    if not day:
        return ""
    if isinstance(day, datetime):
        day = jalali.tehran_date(day)
    return jalali.format_date(day, style) if jalali.EARLIEST <= day <= jalali.LATEST else day.isoformat()
