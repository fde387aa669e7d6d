"""How templates write the pieces of a text: formatted words, pictures, sizes, places in a video."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.images.models import SourceImageIOError

from cms import fields, rich_text
from cms.embeds import embed_address
from cms.pictures import NotCutYetError, cuts_of
from kernel.persian import persian_digits

logger = logging.getLogger(__name__)
register = template.Library()


@register.filter
def words(value: Any) -> SafeString:
    """Formatted words as safe HTML."""
    return rich_text.safe_html(value)


@register.filter
def clock(seconds: float | None) -> str:
    """`150` → `۲:۳۰`."""
    return "" if seconds is None else persian_digits(fields.clock(int(seconds)))


@register.filter
def file_size(size: int | None) -> str:
    """`5242880` → `۵ مگابایت`."""
    if not size:
        return ""
    if size < 1_000_000:
        return _("%(number)s kB") % {"number": persian_digits(str(max(1, round(size / 1000))))}
    text = f"{size / 1_000_000:.1f}".removesuffix(".0").replace(".", "٫")
    return _("%(number)s MB") % {"number": persian_digits(text)}


@register.filter
def player_address(url: str) -> str:
    """Where the player of an allowed video stands; "" for any other address."""
    return embed_address(url or "")


@register.filter
def labelled_rows(table: Any) -> list[list[tuple[str, Any]]]:
    """The rows of a typed table, each cell with the heading of its column."""
    headings = [column["heading"] for column in table.columns]
    return [list(zip(headings, row, strict=True)) for row in table.rows]


@register.simple_tag
def picture(image: Any, alt: str = "", sizes: str = "(min-width: 48rem) 42rem, 100vw", lazy: bool = True) -> SafeString:
    """A picture in the widths of `preload.SPECS`; the words that describe it where there is none to show."""
    cuts = _cuts(image)
    if not cuts:
        return format_html('<span class="pic-missing">{}</span>', alt or image.title)
    largest = cuts[-1]
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}"{} decoding="async">',
        _middle(cuts).url,
        ", ".join(f"{cut.url} {cut.width}w" for cut in cuts),
        sizes,
        largest.width,
        largest.height,
        alt,
        SafeString(' loading="lazy"') if lazy else "",
    )


@register.filter
def picture_address(image: Any) -> str:
    """The address of a picture in its middle width, for the poster of a video; "" where its file is missing."""
    cuts = _cuts(image)
    return str(_middle(cuts).url) if cuts else ""


def _cuts(image: Any) -> list[Any]:
    """None where the file is missing or the background worker has not been there."""
    try:
        return cuts_of(image)
    except NotCutYetError:
        return []
    except (SourceImageIOError, OSError) as error:
        logger.warning("picture %s cannot be cut: %s", image.pk, error)
        return []


def _middle(cuts: list[Any]) -> Any:
    return cuts[min(1, len(cuts) - 1)]
