"""Makers of content; each call makes another one, published."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from PIL import Image as Drawing
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtailmedia import get_media_model

from cms.models import (
    ArticlePage,
    KnowledgeIndexPage,
    SectionPage,
    Topic,
    TutorialIndexPage,
    TutorialPage,
)

_number = count(1)
TO_MANY = ("device_types", "device_models", "topics")


def make_section(title: str = "", **values: Any) -> SectionPage:
    n = next(_number)
    return _under(KnowledgeIndexPage, SectionPage(**{"title": title or f"بخش {n}", "slug": f"section-{n}", **values}))


def make_article(*, under: Page | None = None, **values: Any) -> ArticlePage:
    """An article for all buyers, unless `device_types`, `device_models`, `topics` or `open_to_all` say more."""
    return _content(ArticlePage, under or KnowledgeIndexPage.objects.get(), values)


def make_tutorial(**values: Any) -> TutorialPage:
    return _content(TutorialPage, TutorialIndexPage.objects.get(), values)


def make_topic(name: str = "") -> Topic:
    n = next(_number)
    return Topic.objects.create(name=name or f"موضوع {n}", slug=f"topic-{n}")


def make_image(title: str = "تصویر", *, width: int = 1600, height: int = 900) -> Any:
    data = BytesIO()
    Drawing.new("RGB", (width, height), "#0b6e6e").save(data, "PNG")
    name = f"picture-{next(_number)}.png"
    return get_image_model().objects.create(title=title, file=ImageFile(BytesIO(data.getvalue()), name=name))


def make_document(title: str = "راهنما", *, name: str = "", content: bytes = b"%PDF-1.7") -> Any:
    name = name or f"manual-{next(_number)}.pdf"
    file = ContentFile(content, name=name)
    return get_document_model().objects.create(title=title, file=file, file_size=len(content))


def make_media(title: str = "فیلم", *, content: bytes = b"webm", duration: float = 300, name: str = "") -> Any:
    file = ContentFile(content, name=name or f"film-{next(_number)}.webm")
    return get_media_model().objects.create(title=title, file=file, type="video", duration=duration)


def block(kind: str, value: Any) -> dict[str, Any]:
    """A block as it is stored."""
    return {"type": kind, "value": value, "id": f"00000000-0000-4000-8000-{next(_number):012d}"}


def items(*values: Any) -> list[dict[str, Any]]:
    """The stored form of a list block."""
    return [block("item", value) for value in values]


def table(*rows: list[str], headings: list[str], caption: str = "") -> dict[str, Any]:
    return {
        "columns": [{"type": "text", "heading": heading} for heading in headings],
        "rows": [{"values": row} for row in rows],
        "caption": caption,
    }


def _content(kind: type, parent: Page, values: dict[str, Any]) -> Any:
    n = next(_number)
    chosen = {name: values.pop(name) for name in TO_MANY if name in values}
    page = kind(**{"title": f"صفحهٔ {n}", "slug": f"page-{n}", **values})
    parent.add_child(instance=page)
    for name, rows in chosen.items():
        getattr(page, name).set(rows)
    page.save_revision().publish()
    return kind.objects.get(pk=page.pk)


def _under(kind: type, page: Page) -> Any:
    kind.objects.get().add_child(instance=page)
    page.save_revision().publish()
    return type(page).objects.get(pk=page.pk)
