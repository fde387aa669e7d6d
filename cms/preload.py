"""Reads all that the texts of a page point at in one query a kind, instead of one for each block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from wagtail.blocks import ListBlock, RichTextBlock, StreamBlock, StructBlock
from wagtail.documents import get_document_model
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageChooserBlock
from wagtail.models import Page
from wagtailmedia import get_media_model
from wagtailmedia.blocks import AbstractMediaChooserBlock

# The widths in which a picture of a text is served; the browser chooses.
WIDTHS = (400, 800, 1400)
LINKS = re.compile(r"<a\b[^>]*>")
LINK_KIND, LINK_KEY = re.compile(r'\blinktype="(page|document)"'), re.compile(r'\bid="(\d{1,18})"')
SPECS = tuple(f"width-{width}|format-webp" for width in WIDTHS)


@dataclass(slots=True, kw_only=True)
class Needs:
    """The keys of what a text points at."""

    images: set[int] = field(default_factory=set)
    documents: set[int] = field(default_factory=set)
    media: set[int] = field(default_factory=set)
    pages: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Shelf:
    """What was read, by key. What is missing from it does not exist any more."""

    images: dict[int, Any] = field(default_factory=dict)
    documents: dict[int, Any] = field(default_factory=dict)
    media: dict[int, Any] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)


_shelf: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


def shelf() -> Shelf | None:
    """The shelf of the page that is being rendered, if it has one."""
    return _shelf.get()


@contextmanager
def using(shelf: Shelf) -> Iterator[None]:
    """Blocks and links take from this shelf meanwhile."""
    token = _shelf.set(shelf)
    try:
        yield
    finally:
        _shelf.reset(token)


def needs_of(block: Any, value: Any, needs: Needs | None = None) -> Needs:
    """Goes through the raw value of a block (`StreamValue.raw_data`, what is stored) and notes its keys."""
    needs = needs or Needs()
    if not value:
        return needs
    if isinstance(block, StreamBlock):
        for child in value:
            if child["type"] in block.child_blocks:
                needs_of(block.child_blocks[child["type"]], child["value"], needs)
    elif isinstance(block, StructBlock):
        for name, child_block in block.child_blocks.items():
            needs_of(child_block, value.get(name), needs)
    elif isinstance(block, ListBlock):
        for child in value:
            needs_of(
                block.child_block, child["value"] if isinstance(child, dict) and "value" in child else child, needs
            )
    else:
        _note(block, value, needs)
    return needs


def _note(block: Any, value: Any, needs: Needs) -> None:
    if isinstance(block, ImageChooserBlock):
        needs.images.add(value)
    elif isinstance(block, DocumentChooserBlock):
        needs.documents.add(value)
    elif isinstance(block, AbstractMediaChooserBlock):
        needs.media.add(value)
    elif isinstance(block, RichTextBlock) and "linktype" in value:
        for link in LINKS.findall(value):
            kind, key = LINK_KIND.search(link), LINK_KEY.search(link)
            if kind and key:
                (needs.pages if kind[1] == "page" else needs.documents).add(int(key[1]))


def fill(needs: Needs, *, documents: dict[int, Any] | None = None, pages: dict[int, Page] | None = None) -> Shelf:
    """Reads what is needed: at most four queries, none for a kind of which nothing is needed or which is given."""
    return Shelf(
        images=images_with_renditions(needs.images),
        documents=get_document_model().objects.in_bulk(needs.documents) if documents is None else documents,
        media=get_media_model().objects.in_bulk(needs.media) if needs.media else {},
        pages=Page.objects.in_bulk(needs.pages) if pages is None else pages,
    )


def images_with_renditions(keys: Iterable[int]) -> dict[int, Any]:
    """Images with those of their cuts that exist; one query while every image has one, else one more."""
    wanted = set(keys)
    if not wanted:
        return {}
    images = get_image_model()
    cuts = images.get_rendition_model().objects.filter(image_id__in=wanted, filter_spec__in=SPECS)
    found: dict[int, Any] = {}
    for cut in cuts.select_related("image").order_by("pk"):
        image = found.setdefault(cut.image_id, cut.image)
        image.prefetched_renditions = [*getattr(image, "prefetched_renditions", []), cut]
    for key, image in images.objects.in_bulk(wanted - found.keys()).items() if wanted - found.keys() else ():
        image.prefetched_renditions = []
        found[key] = image
    return found
