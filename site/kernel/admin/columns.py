"""How the admin writes a cell: dates, money, states, codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from kernel.jalali import EARLIEST, LATEST, format_date, format_moment, tehran_date
from kernel.money import format_rial_as_toman
from kernel.persian import persian_digits

NOTHING = "—"


def column(label: str | Promise, order: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Names a method as a column of a list; `order` is the field by which a click on its head sorts."""

    def named(method: Any) -> Any:
        method.short_description = label
        method.admin_order_field = order or None
        return method

    return named


def day(value: date | None) -> str:
    """`۳ تیر ۱۴۰۶`, or a dash. A strange date is shown as it is stored."""
    if value is None:
        return NOTHING
    return format_date(value) if EARLIEST <= value <= LATEST else value.isoformat()


def plain_day(value: date | None) -> str:
    """`۱۴۰۶/۰۴/۰۳` for a sheet, or nothing."""
    return format_date(value, "numeric") if value is not None and EARLIEST <= value <= LATEST else ""


def plain_date_of(value: datetime | None) -> str:
    """The day of a moment in Tehran, for a sheet, or nothing."""
    return plain_day(tehran_date(value)) if value is not None else ""


def moment(value: datetime | None) -> str:
    """`۱ آذر ۱۴۰۵، ساعت ۱۴:۳۰`, or a dash."""
    return format_moment(value) if value else NOTHING


def toman(rial: int | None) -> SafeString | str:
    """`۴٬۸۰۰٬۰۰۰ تومان` that never breaks in two."""
    return NOTHING if rial is None else format_html('<span class="amount">{}</span>', format_rial_as_toman(rial))


def count(number: int | None) -> str:
    """A number with Persian digits."""
    return NOTHING if number is None else persian_digits(str(number))


def code(text: str | None) -> SafeString | str:
    """A serial, number or id: left to right, in one piece."""
    return format_html('<bdi dir="ltr" class="code">{}</bdi>', text) if text else NOTHING


def block(text: str) -> SafeString | str:
    """Text of several lines for a technician's eye."""
    return format_html('<pre dir="ltr" class="code-block">{}</pre>', text) if text else NOTHING


def lines(text: str) -> SafeString | str:
    """Text of several lines as a person wrote it."""
    return linebreaksbr(text, autoescape=True) if text else NOTHING


def pill(text: str | Promise, kind: str = "") -> SafeString:
    """A state; `kind` is `ok`, `warn`, `late`, `new` or nothing."""
    return format_html('<span class="pill{}">{}</span>', f" pill-{kind}" if kind else "", text)


def link(url: str, text: object) -> SafeString:
    """A link to another screen."""
    return format_html('<a href="{}">{}</a>', url, text)


def read_url(model: type[Model], pk: object) -> str:
    """The read page of a record whose model has a ModelAdmin."""
    return reverse(f"{model._meta.app_label}_{model._meta.model_name}_modeladmin_inspect", args=[pk])


def list_url(model: type[Model], **filters: str) -> str:
    """The list of a model, narrowed by filters."""
    url = reverse(f"{model._meta.app_label}_{model._meta.model_name}_modeladmin_index")
    return f"{url}?{urlencode(filters)}" if filters else url


def record(obj: Model) -> SafeString:
    """A record's name, leading to its read page."""
    return link(read_url(type(obj), obj.pk), obj)


def record_named(obj: Model, name: object) -> SafeString:
    """A record under another name, leading to its read page."""
    return link(read_url(type(obj), obj.pk), name)
