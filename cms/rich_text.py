"""Formatted words, made safe: whatever stands in the database, only harmless elements reach a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from wagtail.documents.rich_text import DocumentLinkHandler
from wagtail.rich_text import RichText, expand_db_html
from wagtail.rich_text.pages import PageLinkHandler

from cms import preload

ELEMENTS = {"p", "br", "b", "strong", "i", "em", "a", "ol", "ul", "li", "code"}
SCHEMES = {"http", "https", "mailto", "tel"}


def safe_html(words: RichText | str | None) -> SafeString:
    """The HTML of formatted words: links to pages and files made out, everything else but simple text taken away."""
    source = words.source if isinstance(words, RichText) else str(words or "")
    html = nh3.clean(
        expand_db_html(source),
        tags=ELEMENTS,
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"code": {"dir": "ltr"}},
    )
    return mark_safe(html)  # noqa: S308 - nh3 has just cleaned it


class FromShelf:
    """Links take what the page has read beforehand; one without a target is only a word."""

    kind: str

    @classmethod
    def get_many(cls, attrs_list: list[dict[str, Any]]) -> list[Any]:
        shelf = preload.shelf()
        if shelf is None:
            return super().get_many(attrs_list)  # type: ignore[misc]
        found = getattr(shelf, cls.kind)
        return [found.get(int(attrs["id"])) if str(attrs.get("id", "")).isdecimal() else None for attrs in attrs_list]

    @classmethod
    def extract_references(cls, attrs: dict[str, Any]) -> Iterator[Any]:
        if str(attrs.get("id", "")).isdecimal():
            yield from super().extract_references(attrs)  # type: ignore[misc]


class PageLink(FromShelf, PageLinkHandler):
    kind = "pages"


class DocumentLink(FromShelf, DocumentLinkHandler):
    kind = "documents"
