"""What the page of an article or a tutorial shows, and for how many queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import F, Field, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from wagtail.documents import get_document_model
from wagtail.models import Page

from cms import preload
from cms.embeds import embed_address
from cms.models import (
    ArticleDownload,
    ArticlePage,
    ArticleVote,
    ContentPage,
    NoticePage,
    RelatedItem,
    TutorialPage,
    WatchPosition,
)
from cms.outline import Heading, minutes_of, outline_of
from cms.page_cache import kept
from customer.models.buyer import buyer_behind
from kernel.subselect import SubSelect

RELATED = 4
CANDIDATES = 40  # so many of the newest pages of a topic or device are looked at
IN_LISTS = ("title", "summary", "url_path", "content_type", "last_published_at", "first_published_at")
LABELS = ("device_types", "device_models", "topics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A device type, a model or a topic that a page is about; `key` is its slug or, for a model, its number."""

    kind: str
    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file of an article. `size` in bytes."""

    title: str
    url: str
    size: int
    device_model: str
    software_version: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The part of a page that is the same for all its readers. `files` shows the downloads.

    It is kept in the cache: whoever changes the fields gives it another name in `_text_for`.
    """

    html: SafeString
    headings: list[Heading]
    minutes: int
    labels: list[Label]
    downloads: list[Download]
    files: SafeString
    chosen: list[int]
    sharing: list[int]
    poster: Any = None

    @property
    def devices(self) -> list[Label]:
        return [label for label in self.labels if label.kind != "topics"]

    @property
    def topics(self) -> list[Label]:
        return [label for label in self.labels if label.kind == "topics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A page as a list shows it. `kind` is the name of its class, in small letters."""

    kind: str
    title: str
    summary: str
    url: str
    last_published_at: datetime | None


def line_of(page: ContentPage) -> Line:
    """The line of a page that was read with `IN_LISTS`."""
    return Line(
        kind=page.cached_content_type.model,
        title=page.title,
        summary=page.summary,
        url=page.url,
        last_published_at=page.last_published_at,
    )


# --- who reads -------------------------------------------------------------------------------------------------------


def rows_for(kind: type[ContentPage], user: Any) -> QuerySet[Any]:
    """Pages of one kind that this person may read, each with what he left there: his vote, his place in the video."""
    pages: QuerySet[Any] = kind.objects.visible_to(user)
    buyer = buyer_behind(user)
    if issubclass(kind, TutorialPage):
        pages = pages.select_related("media", "subtitles")
    if buyer is None:
        return pages
    pages = pages.annotate(
        my_vote=_mine("helpful", ArticleVote, buyer.pk), my_reason=_mine("reason", ArticleVote, buyer.pk)
    )
    return with_position(pages, buyer.pk) if issubclass(kind, TutorialPage) else pages


def with_position(pages: QuerySet[Any], buyer_id: int) -> QuerySet[Any]:
    """Annotates `watched_seconds` and `watched_of`: the place and the length, in seconds; None if never played."""
    return pages.annotate(
        watched_seconds=_mine("seconds", WatchPosition, buyer_id), watched_of=_mine("duration", WatchPosition, buyer_id)
    )


def shares_watched(user: Any, keys: list[int]) -> dict[int, int | None]:
    """How much of these tutorials a buyer has seen, in percent, by key; one query, none for others."""
    buyer = buyer_behind(user)
    if buyer is None or not keys:
        return {}
    rows = WatchPosition.objects.filter(buyer=buyer, page_id__in=keys).values_list("page_id", "seconds", "duration")
    return {key: percent(seconds, of) for key, seconds, of in rows}


def _mine(column: str, kind: type[ArticleVote] | type[WatchPosition], buyer_id: int) -> SubSelect:
    """One column of what this buyer left at a page."""
    sql = f'SELECT "{column}" FROM "{kind._meta.db_table}" WHERE page_id = {{}} AND buyer_id = {{}}'  # noqa: S608
    return SubSelect(sql, F("pk"), Value(buyer_id), output_field=cast("Field[Any, Any]", kind._meta.get_field(column)))


def frame_for(request: HttpRequest) -> dict[str, Any]:
    """The frame round a page: a buyer's own, or the open one of visitors and staff."""
    user = getattr(request, "user", None)
    buyer = buyer_behind(user) if user is not None else None
    return {"frame": "base.html" if buyer else "base_open.html"}


# --- the pages -------------------------------------------------------------------------------------------------------


def article(page: ArticlePage, request: HttpRequest) -> dict[str, Any]:
    """The context of an article."""
    return _content(page, request) | {"nav_current": "knowledge"}


def tutorial(page: TutorialPage, request: HttpRequest) -> dict[str, Any]:
    """The context of a tutorial."""
    context = _content(page, request)
    start = request.GET.get("at", "")
    chapters = sorted(page.chapters.all(), key=lambda chapter: chapter.start_seconds)
    return context | {
        "nav_current": "tutorials",
        "embed": embed_address(page.video_url) if page.video_url else "",
        "chapters": chapters,
        "start": int(start) if start.isdecimal() and len(start) < 7 else getattr(page, "watched_seconds", None) or 0,
        "percent": percent(getattr(page, "watched_seconds", None), getattr(page, "watched_of", None)),
    }


def notice(page: NoticePage, request: HttpRequest) -> dict[str, Any]:
    """The text of a notice; the rest of its page stands with the buyer's message."""
    return {"text": _text_for(page, request)}


def percent(seconds: int | None, of: int | None) -> int | None:
    """How much was watched, None where nothing was; the last moments count as all."""
    if not seconds or not of:
        return None
    share = round(seconds * 100 / of)
    return 100 if share >= 95 else share


def _content(page: Any, request: HttpRequest) -> dict[str, Any]:
    text, user = _text_for(page, request), getattr(request, "user", None)
    related = related_to(page, text, user) if _is_stored(page, request) and user is not None else []
    return {**frame_for(request), "text": text, "related": related, "updated_on": page.last_published_at}


def _is_stored(page: Any, request: HttpRequest) -> bool:
    return bool(page.pk) and not getattr(request, "is_preview", False)


def _text_for(page: Any, request: HttpRequest) -> Text:
    """As it is published, kept until the content changes; a preview as it stands."""
    if _is_stored(page, request):
        found: Text = kept(f"text.2.{page.pk}", lambda: _text(page, stored=True))
        return found
    return _text(page, stored=False)


def _text(page: Any, *, stored: bool) -> Text:
    """Renders the text; what is `stored` is read in bulk, an unsaved preview from the page in memory."""
    raw = list(page.body.raw_data)
    needs = preload.needs_of(page.body.stream_block, raw)
    poster_id = getattr(page, "poster_id", None)
    if poster_id:
        needs.images.add(poster_id)
    if stored:
        labels, pages, chosen, sharing = _labels_and_links(page, needs.pages)
        downloads, documents = _downloads_and_files(page, needs.documents)
        shelf = preload.fill(needs, documents=documents, pages=pages)
    else:
        labels, downloads = _labels_in_memory(page), _downloads_in_memory(page)
        chosen, sharing = [], []
        shelf = preload.fill(needs)
    headings, downloads = outline_of(raw), _newest_first(downloads)
    anchors = {heading.position: heading.anchor for heading in headings}
    with preload.using(shelf):
        pieces = [(block, anchors.get(position, "")) for position, block in enumerate(page.body)]
        html = render_to_string("cms/partials/body.html", {"pieces": pieces})
    files = render_to_string("cms/partials/files.html", {"files": downloads})
    return Text(
        html=mark_safe(html),  # noqa: S308 - a template has escaped it
        headings=headings,
        minutes=minutes_of(raw),
        labels=labels,
        downloads=downloads,
        files=mark_safe(files),  # noqa: S308 - a template has escaped it
        chosen=chosen,
        sharing=sharing,
        poster=shelf.images.get(poster_id) if poster_id else None,
    )


# --- labels and files ------------------------------------------------------------------------------------------------


def _labels_and_links(page: Any, linked: set[int]) -> tuple[list[Label], dict[int, Page], list[int], list[int]]:
    """What the page is about, where the pages stand that its text links to, and which pages are related: one query."""
    types = page.device_types.through.objects.filter(contentpage_id=page.pk)
    models = page.device_models.through.objects.filter(contentpage_id=page.pk)
    topics = page.topics.through.objects.filter(contentpage_id=page.pk)
    columns = [
        _columns(types, "device_types", "devicetype_id", "devicetype__name", "devicetype__slug"),
        _columns(models, "device_models", "devicemodel_id", "devicemodel__name", "devicemodel__brand__name"),
        _columns(topics, "topics", "topic_id", "topic__name", "topic__slug"),
        _columns(RelatedItem.objects.filter(page_id=page.pk), "chosen", "target_id", "page__slug", "target__slug"),
        _columns(ContentPage.objects.filter(_sharing(page), live=True), "sharing", "pk", "slug", "title"),
    ]
    if linked:
        columns.append(_columns(Page.objects.filter(pk__in=linked), "page", "pk", "url_path", "title"))
    labels: list[Label] = []
    pages: dict[int, Page] = {}
    keys: dict[str, list[tuple[int, int]]] = {"chosen": [], "sharing": []}
    for kind, key, at, name, more in columns[0].union(*columns[1:], all=True):
        if kind == "page":
            pages[key] = Page(pk=key, url_path=name)
        elif kind in keys:
            keys[kind].append((at, key))
        elif kind == "device_models":
            labels.append(Label(kind=kind, key=str(key), name=f"{more} {name}"))
        else:
            labels.append(Label(kind=kind, key=more, name=name))
    labels.sort(key=lambda label: (LABELS.index(label.kind), label.name))
    chosen, sharing = ([key for _at, key in sorted(keys[kind])] for kind in ("chosen", "sharing"))
    return labels, pages, chosen, sharing


def _columns(rows: QuerySet[Any], kind: str, key: str, name: str, more: str) -> QuerySet[Any, Any]:
    at = Coalesce("sort_order", 0) if issubclass(rows.model, RelatedItem) else Value(0)
    named = rows.order_by().annotate(kind=Value(kind), key=F(key), at=at, text=F(name), more=F(more))
    return named.values_list("kind", "key", "at", "text", "more")


def _labels_in_memory(page: Any) -> list[Label]:
    return [
        *(Label(kind="device_types", key=one.slug, name=one.name) for one in page.device_types.all()),
        *(Label(kind="device_models", key=str(one.pk), name=str(one)) for one in page.device_models.all()),
        *(Label(kind="topics", key=one.slug, name=one.name) for one in page.topics.all()),
    ]


FILE = ("pk", "collection_id", "title", "file", "file_size")


def _downloads_and_files(page: Any, needed: set[int]) -> tuple[list[Download], dict[int, Any]]:
    """The downloads of an article, and the files to which its text points: one query, none where there is neither."""
    document = get_document_model()
    files = document.objects.filter(pk__in=needed).order_by()
    blank = Value("")
    rows = files.annotate(listed=Value(0), brand=blank, model=blank, version=blank, note=blank)
    columns = ("listed", "brand", "model", "version", "note")
    union: Any = rows.values_list(*FILE, *columns)
    if isinstance(page, ArticlePage):
        own = ArticleDownload.objects.filter(page_id=page.pk).order_by()
        listed = own.values_list(
            *(f"document__{name}" for name in FILE),
            Value(1),
            F("device_model__brand__name"),
            F("device_model__name"),
            "software_version",
            "note",
        )
        union = listed.union(union, all=True) if needed else listed
    elif not needed:
        return [], {}
    downloads, documents = [], {}
    for pk, collection_id, title, file, size, is_listed, brand, model, version, note in union:
        one = document(pk=pk, collection_id=collection_id, title=title, file=file, file_size=size)
        if is_listed:
            named = f"{brand} {model}" if model else ""
            downloads.append(_download(one, device_model=named, version=version, note=note))
        else:
            documents[pk] = one
    return downloads, documents


def _downloads_in_memory(page: Any) -> list[Download]:
    rows = page.downloads.all() if isinstance(page, ArticlePage) else []
    return [
        _download(
            row.document,
            device_model=str(row.device_model) if row.device_model else "",
            version=row.software_version,
            note=row.note,
        )
        for row in rows
        if row.document_id
    ]


def _download(document: Any, *, device_model: str, version: str, note: str) -> Download:
    return Download(
        title=document.title,
        url=document.url,
        size=document.file_size or 0,
        device_model=device_model,
        software_version=version,
        note=note,
    )


def _newest_first(downloads: list[Download]) -> list[Download]:
    """By model, then the newest version first."""

    def version(download: Download) -> tuple[int, ...]:
        return ArticleDownload(software_version=download.software_version).version_key

    return sorted(sorted(downloads, key=version, reverse=True), key=lambda download: download.device_model)


# --- related pages ---------------------------------------------------------------------------------------------------


def related_to(page: Any, text: Text, user: Any) -> list[Line]:
    """What the editor chose; else the newest pages that share a topic or a device with this one. One query."""
    keys = text.chosen or text.sharing
    if not keys:
        return []
    pages = ContentPage.objects.visible_to(user).filter(pk__in=keys).only(*IN_LISTS)
    if text.chosen:
        found = sorted(pages, key=lambda one: text.chosen.index(one.pk))[:RELATED]
    else:
        found = list(pages.order_by("-pk")[:RELATED])
    return [line_of(one) for one in found]


def _sharing(page: Any) -> Q:
    """Pages that share a topic, a type or a model, out of the newest of each: the cost does not grow with the rest."""
    shares = Q()
    for name, column in (
        ("topics", "topic_id"),
        ("device_types", "devicetype_id"),
        ("device_models", "devicemodel_id"),
    ):
        through = getattr(ContentPage, name).through.objects
        mine = through.filter(contentpage_id=page.pk).values(column)
        others = through.filter(**{f"{column}__in": mine}).exclude(contentpage_id=page.pk)
        shares |= Q(pk__in=others.order_by("-contentpage_id").values("contentpage_id")[:CANDIDATES])
    return shares
