"""What the lists of content show: the knowledge base, its sections, the tutorials, the first page, the dashboard."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page as ListPage
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Substr
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page

from cms.models import ArticlePage, ContentPage, SectionPage, Topic, TutorialPage
from cms.models.content import is_staff
from cms.page_cache import kept
from cms.preload import images_with_renditions
from cms.reading import IN_LISTS, Line, frame_for, line_of, shares_watched
from customer.models import Device, DeviceModel, DeviceType
from customer.models.buyer import buyer_behind
from kernel.paging import CountingPaginator

PER_PAGE = 12
MINE = 6
OPEN = 6
ON_DASHBOARD = 3
NEWEST = ("-first_published_at", "-pk")
TYPES, MODELS, TOPICS = (
    ContentPage.device_types.through,
    ContentPage.device_models.through,
    ContentPage.topics.through,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value by which a list is narrowed, or a section with the number of its pages."""

    value: str
    label: str
    url: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the address asks for. Unknown values find nothing, as a list should say."""

    device_type: str
    topic: str
    model: str

    @classmethod
    def of(cls, request: HttpRequest) -> Filters:
        asked = {name: request.GET.get(name, "")[:80].replace("\0", "") for name in ("device_type", "topic", "model")}
        model = asked["model"]
        return cls(**asked | {"model": model if model.isascii() and model.isdecimal() and len(model) < 18 else ""})

    def __bool__(self) -> bool:
        return bool(self.device_type or self.topic or self.model)

    def apply(self, pages: QuerySet[Any]) -> QuerySet[Any]:
        """Only pages for this type (or a model of it), this model (or its type), this topic."""
        if self.device_type:
            kind = {"devicetype__slug": self.device_type}
            models = MODELS.objects.filter(devicemodel__device_type__slug=self.device_type)
            pages = pages.filter(_pages_of(TYPES.objects.filter(**kind)) | _pages_of(models))
        if self.model:
            pages = pages.filter(_for_models([self.model]))
        if self.topic:
            pages = pages.filter(_pages_of(TOPICS.objects.filter(topic__slug=self.topic)))
        return pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A tutorial in a list: what is shown of it to all its readers."""

    pk: int
    face: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a list, and the models that are his today. `audience` is the same for all who may read the same."""

    user: Any
    models: list[Choice]
    audience: str

    @classmethod
    def of(cls, request: HttpRequest) -> Reader:
        """One query for a buyer, none for others."""
        user = request.user
        if buyer_behind(user) is None:
            audience = "staff" if is_staff(user) else "nobody" if user.is_authenticated else "visitor"
            return cls(user=user, models=[], audience=audience)
        owned = Device.objects.visible_to(user).order_by("model__brand__name", "model__name")
        rows = list(owned.values_list("model_id", "model__brand__name", "model__name").distinct())
        name = hashlib.sha256(repr(sorted(row[0] for row in rows)).encode()).hexdigest()[:24]
        models = [Choice(value=str(pk), label=f"{brand} {model}") for pk, brand, model in rows]
        return cls(user=user, models=models, audience=name)


def _pages_of(rows: QuerySet[Any]) -> Q:
    return Q(pk__in=rows.values("contentpage_id"))


def _for_models(models: Iterable[int | str]) -> Q:
    """Pages that are meant for one of these models or for its type, not for everybody."""
    types = DeviceModel.objects.filter(pk__in=models).values("device_type")
    return _pages_of(TYPES.objects.filter(devicetype_id__in=types)) | _pages_of(
        MODELS.objects.filter(devicemodel_id__in=models)
    )


# --- the lists -------------------------------------------------------------------------------------------------------


def knowledge_index(request: HttpRequest) -> dict[str, Any]:
    """The index: what is for the buyer's devices, the sections, the newest; or what the filters leave."""
    reader, filters = Reader.of(request), Filters.of(request)
    articles = ArticlePage.objects.visible_to(reader.user).only(*IN_LISTS).order_by(*NEWEST)
    page = _kept_page(filters.apply(articles), request, f"articles.{reader.audience}.{filters}", _lines)
    is_first = not filters and page.number == 1
    mine = _mine(articles, reader) if reader.models and is_first else []
    names = _names()
    return frame_for(request) | {
        "nav_current": "knowledge",
        "page_obj": page,
        "filters": filters,
        "mine": mine,
        "my_models": reader.models,
        "sections": _with_counts(names["section"], reader) if is_first else [],
        "narrowing": _narrowing(request, reader, filters, names),
    }


def section(page: SectionPage, request: HttpRequest) -> dict[str, Any]:
    """The articles of one section."""
    reader, filters = Reader.of(request), Filters.of(request)
    articles = ArticlePage.objects.visible_to(reader.user).descendant_of(page).only(*IN_LISTS).order_by(*NEWEST)
    names = _names()
    return frame_for(request) | {
        "nav_current": "knowledge",
        "page_obj": _kept_page(
            filters.apply(articles), request, f"section.{page.pk}.{reader.audience}.{filters}", _lines
        ),
        "filters": filters,
        "narrowing": _narrowing(request, reader, filters, names),
    }


def tutorial_index(request: HttpRequest) -> dict[str, Any]:
    """All tutorials with their posters and how far the buyer has come."""
    reader, filters = Reader.of(request), Filters.of(request)
    tutorials = TutorialPage.objects.visible_to(reader.user).defer("body").select_related("media").order_by(*NEWEST)
    page = _kept_page(filters.apply(tutorials), request, f"tutorials.{reader.audience}.{filters}", _films)
    shares = shares_watched(reader.user, [film.pk for film in page.object_list])
    names = _names()
    return frame_for(request) | {
        "nav_current": "tutorials",
        "page_obj": page,
        "cards": [(film, shares.get(film.pk)) for film in page.object_list],
        "filters": filters,
        "narrowing": _narrowing(request, reader, filters, names),
    }


def open_pages() -> list[Line]:
    """The newest pages that everybody may read."""
    pages = ContentPage.objects.visible_to(AnonymousUser()).filter(_is_reading()).only(*IN_LISTS).order_by(*NEWEST)
    return [line_of(page) for page in pages[:OPEN]]


def newest_for_models(user: Any, model_ids: Iterable[int]) -> list[Line]:
    """The newest articles and tutorials for these models of the buyer's own, for his dashboard.

    The same for all who own them, and kept for all of them.
    """
    models = sorted(set(model_ids))

    def read() -> list[Line]:
        pages = ContentPage.objects.visible_to(user).filter(_is_reading(), _for_models(models))
        return [line_of(page) for page in pages.only(*IN_LISTS).order_by(*NEWEST)[:ON_DASHBOARD]]

    found: list[Line] = kept(f"newest.{'.'.join(map(str, models))}", read)
    return found


def _is_reading() -> Q:
    """Articles and tutorials; notices have their own way to the reader."""
    return Q(articlepage__isnull=False) | Q(tutorialpage__isnull=False)


# --- pieces ----------------------------------------------------------------------------------------------------------


def _mine(articles: QuerySet[Any], reader: Reader) -> list[Line]:
    """What is meant for this reader's devices: the same for all who own the same models."""

    def read() -> list[Line]:
        return [line_of(page) for page in articles.filter(_for_models([model.value for model in reader.models]))[:MINE]]

    found: list[Line] = kept(f"mine.{reader.audience}", read)
    return found


def _kept_page(
    rows: QuerySet[Any], request: HttpRequest, name: str, show: Callable[[list[Any]], list[Any]]
) -> ListPage[Any]:
    """One page of a list, read once for all who may read the same: `name` says who, and what was asked for."""
    asked = request.GET.get("page", "1")[:12]

    def read() -> tuple[list[Any], int, int]:
        page = CountingPaginator(rows, PER_PAGE).get_page(asked)
        return show(list(page.object_list)), page.number, page.paginator.count

    digest = hashlib.sha256(f"{name}.{asked}".encode()).hexdigest()[:32]
    shown, number, total = kept(f"list.{digest}", read)
    paginator = Paginator(shown, PER_PAGE)
    paginator.count = total
    return ListPage(shown, number, paginator)


def _lines(pages: list[ContentPage]) -> list[Line]:
    return [line_of(page) for page in pages]


def _films(tutorials: list[TutorialPage]) -> list[Film]:
    posters = images_with_renditions({one.poster_id for one in tutorials if one.poster_id})
    faces = [{"item": one, "poster": posters.get(one.poster_id)} for one in tutorials]
    return [
        Film(pk=one.pk, face=mark_safe(render_to_string("cms/partials/film_face.html", face)))  # noqa: S308 - escaped
        for one, face in zip(tutorials, faces, strict=True)
    ]


def _narrowing(request: HttpRequest, reader: Reader, filters: Filters, names: dict[str, list[Choice]]) -> SafeString:
    """How a list is narrowed; kept as long as nothing is asked for, when all who own the same models see the same."""

    def show() -> SafeString:
        context = {
            "filters": filters,
            "my_models": reader.models,
            "topics": names["topic"],
            "device_types": names["device_type"],
        }
        return mark_safe(render_to_string("cms/partials/filters.html", context, request))  # noqa: S308 - escaped

    if request.GET:
        return show()
    found: SafeString = kept(f"narrowing.{reader.audience}", show)
    return found


def _names() -> dict[str, list[Choice]]:
    """Sections, topics and device types by name: one query, kept while the content stays as it is."""
    found: dict[str, list[Choice]] = kept("names", _read_names)
    return found


def _read_names() -> dict[str, list[Choice]]:
    columns = ("kind", "value", "text", "address", "at")
    sections = SectionPage.objects.live().order_by().annotate(value=F("path"), text=F("title"), address=F("url_path"))
    topics = Topic.objects.order_by().annotate(value=F("slug"), text=F("name"), address=Value(""))
    types = DeviceType.objects.order_by().annotate(value=F("slug"), text=F("name"), address=Value(""))
    named = (
        sections.annotate(kind=Value("section"), at=F("path")),
        topics.annotate(kind=Value("topic"), at=F("name")),
        types.annotate(kind=Value("device_type"), at=F("name")),
    )
    first, *others = (rows.values_list(*columns) for rows in named)
    found: dict[str, list[Choice]] = {"section": [], "topic": [], "device_type": []}
    for kind, value, text, address, _at in sorted(first.union(*others, all=True), key=lambda row: row[4]):
        url = Page(url_path=address).url if address else ""
        found[kind].append(Choice(value=value, label=text, url=url))
    return found


def _with_counts(sections: list[Choice], reader: Reader) -> list[Choice]:
    """The sections with the number of articles that this reader finds there; empty ones are left out."""
    counts: dict[str, int] = kept(f"sections.{reader.audience}", lambda: _count_by_parent(reader.user))
    named = [Choice(value=one.value, label=one.label, url=one.url, count=counts.get(one.value, 0)) for one in sections]
    return [one for one in named if one.count]


def _count_by_parent(user: Any) -> dict[str, int]:
    """How many articles stand under each page, by that page's path."""
    articles: Any = ArticlePage.objects.visible_to(user).order_by()
    step = Page.steplen  # the path of a page is its parent's and one step more
    by_parent = articles.annotate(parent=Substr("path", 1, F("depth") * step - step)).values_list("parent")
    return dict(by_parent.annotate(number=Count("pk")))
