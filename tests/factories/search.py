"""Makers of pages: articles, tutorials and notices, published."""

from __future__ import annotations

from itertools import count

from cms.models import (
    ArticlePage,
    ContentPage,
    HomePage,
    KnowledgeIndexPage,
    NoticeIndexPage,
    NoticePage,
    TutorialIndexPage,
    TutorialPage,
)
from cms.searching.index import refresh

_serial = count(1)
SHELVES = {ArticlePage: KnowledgeIndexPage, TutorialPage: TutorialIndexPage, NoticePage: NoticeIndexPage}


def make_page(model: type[ContentPage] = ArticlePage, title: str = "نگهداری", body: str = "", **values) -> ContentPage:
    """A published page of this class, for all buyers unless `device_types` or `device_models` say otherwise."""
    slug = values.pop("slug", f"page-{next(_serial)}")
    sorts = {name: values.pop(name) for name in ("device_types", "device_models", "topics") if name in values}
    stream = [("text", f"<p>{body}</p>")] if body else []
    page = shelf(model).add_child(instance=model(title=title, slug=slug, body=stream, **values))
    for name, things in sorts.items():
        setattr(page, name, things)
    page.save()
    refresh(page.pk)
    return page


def shelf(model: type[ContentPage]):
    index = SHELVES[model]
    found = index.objects.first()
    return found or HomePage.objects.get().add_child(instance=index(title=index.__name__, slug=index.__name__.lower()))
