"""Looks through all published texts for links that lead nowhere.

Only what lies in the house is looked at: addresses of other sites are not called, because the house speaks to its
providers alone (`OUTBOUND_HOSTS`), and an editor's link is no reason to open that list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import Resolver404, resolve
from wagtail.blocks import RichTextBlock
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, Site
from wagtailmedia.models import get_media_model

from cms import preload
from cms.models import BrokenLink, ContentPage, RelatedItem
from cms.models.content import published
from cms.models.link import LONGEST_TARGET

AT_ONCE = 200  # pages whose links are looked up together
HREF = re.compile(r'\bhref=\\?"([^"\\]+)')
Kind, Reason = BrokenLink.Kind, BrokenLink.Reason
Found = dict[tuple[str, str], str]  # (kind, target) → reason


def find_broken_links(*, now: datetime) -> int:
    """Brings the table up to date; gives the number of broken links. Each piece of work is a transaction of its own."""
    live = ContentPage.objects.filter(published()).order_by("pk")
    for some in _in_pieces(live.values_list("pk", flat=True).iterator(chunk_size=AT_ONCE)):
        _look_through(some, now)
    BrokenLink.objects.exclude(page__in=live.values("pk")).delete()
    return BrokenLink.objects.count()


def _in_pieces(keys: Iterable[int]) -> Iterator[list[int]]:
    piece: list[int] = []
    for key in keys:
        piece.append(key)
        if len(piece) == AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece


@transaction.atomic
def _look_through(keys: list[int], now: datetime) -> None:
    """The links of these pages, for the same number of queries however many there are."""
    pages = list(ContentPage.objects.filter(pk__in=keys).only("pk", "body"))
    points = {page.pk: _points_of(page) for page in pages}
    for page_id, target_id in RelatedItem.objects.filter(page__in=keys).values_list("page_id", "target_id"):
        points[page_id].add((Kind.PAGE, str(target_id)))
    wrong = _wrong({point for some in points.values() for point in some})
    found = {(key, *point): wrong[point] for key, some in points.items() for point in some if point in wrong}
    known = {(row.page_id, row.kind, row.target): row for row in BrokenLink.objects.filter(page__in=keys)}
    mended = [row.pk for name, row in known.items() if found.get(name) != row.reason]
    BrokenLink.objects.filter(pk__in=mended).delete()
    BrokenLink.objects.bulk_create(
        BrokenLink(page_id=key, kind=kind, target=target, reason=reason, found_at=now)
        for (key, kind, target), reason in found.items()
        if (row := known.get((key, kind, target))) is None or row.reason != reason
    )


def _points_of(page: ContentPage) -> set[tuple[str, str]]:
    """Whatever the text of a page points at."""
    raw = list(page.body.raw_data)
    needs = preload.needs_of(page.body.stream_block, raw)
    points: set[tuple[str, str]] = set()
    for kind, keys in (
        (Kind.PAGE, needs.pages),
        (Kind.DOCUMENT, needs.documents),
        (Kind.IMAGE, needs.images),
        (Kind.MEDIA, needs.media),
    ):
        points |= {(kind, str(key)) for key in keys if key}
    addresses = {path for words in _texts(page.body.stream_block, raw) for path in _own_addresses(words)}
    return points | {(Kind.ADDRESS, path[:LONGEST_TARGET]) for path in addresses}


def _texts(block: Any, value: Any) -> Iterator[str]:
    """The formatted words anywhere in a raw value."""
    if isinstance(block, RichTextBlock):
        yield str(value or "")
    elif isinstance(value, list):
        for child in value:
            inner = child.get("value") if isinstance(child, dict) else child
            kind = block.child_blocks.get(child["type"]) if hasattr(block, "child_blocks") else block.child_block
            yield from _texts(kind, inner)
    elif isinstance(value, dict) and hasattr(block, "child_blocks"):
        for name, child_block in block.child_blocks.items():
            yield from _texts(child_block, value.get(name))


def _own_addresses(words: str) -> Iterator[str]:
    """The paths of addresses in the portal itself, written by hand."""
    own = urlsplit(settings.WAGTAILADMIN_BASE_URL).netloc
    for written in HREF.findall(words):
        parts = urlsplit(unescape(written))
        if parts.path.startswith("/") and parts.netloc in {"", own} and parts.scheme in {"", "http", "https"}:
            yield unquote(parts.path)


def _wrong(points: set[tuple[str, str]]) -> Found:
    """Which of these lead nowhere, and why: one query a kind."""
    by_kind = {kind: {target for own, target in points if own == kind} for kind in Kind}
    out = dict(Page.objects.filter(pk__in=by_kind[Kind.PAGE]).values_list("pk", "live"))
    wrong: Found = {}
    for target in by_kind[Kind.PAGE]:
        if not out.get(int(target)):
            wrong[Kind.PAGE, target] = Reason.UNPUBLISHED if int(target) in out else Reason.GONE
    models = {Kind.DOCUMENT: get_document_model(), Kind.IMAGE: get_image_model(), Kind.MEDIA: get_media_model()}
    for kind, model in models.items():
        there = {str(key) for key in model.objects.filter(pk__in=by_kind[kind]).values_list("pk", flat=True)}
        wrong |= {(kind, target): Reason.GONE for target in by_kind[kind] - there}
    return wrong | _wrong_addresses(by_kind[Kind.ADDRESS])


def _wrong_addresses(paths: set[str]) -> Found:
    pages = {path for path in paths if _name_of(path) == "wagtail_serve"}
    wrong: Found = {(Kind.ADDRESS, path): Reason.NOWHERE for path in paths if not _name_of(path)}
    if not pages:
        return wrong
    root = Site.get_site_root_paths()[0].root_path
    wanted = {path: f"{root}{path.strip('/')}/" if path.strip("/") else root for path in pages}
    live = Page.objects.filter(url_path__in=wanted.values()).values_list("url_path", "live")
    there = dict(live)
    for path, url_path in wanted.items():
        if not there.get(url_path):
            wrong[Kind.ADDRESS, path] = Reason.UNPUBLISHED if url_path in there else Reason.NOWHERE
    return wrong


def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
