"""The body of a page as typed blocks. Everything that the blocks point to is read in a few queries beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from wagtail.blocks import StreamValue
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.models import SourceImageIOError
from wagtailmedia.models import get_media_model

from cms.api.words import links_of, safe_html
from cms.file_views import content_type_of
from cms.models import ContentPage
from cms.pictures import FOR_PROGRAMS, NotCutYetError, cuts_of

# Renditions of a picture, from the smallest on; none is larger than the picture is.
IMAGE, DOCUMENT, MEDIA = "image", "document", "media"
WORDS = {"text", "answer"}

Raw = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Found:
    """What the bodies of some pages point to, by id."""

    images: Mapping[int, Any] = field(default_factory=dict)
    documents: Mapping[int, Any] = field(default_factory=dict)
    media: Mapping[int, Any] = field(default_factory=dict)
    links: Mapping[tuple[str, int], str] = field(default_factory=dict)


def raw_blocks(body: StreamValue) -> list[Raw]:
    """The blocks as they are stored."""
    return list(body.stream_block.get_prep_value(body))


def found_in(blocks: Iterable[Raw], user: Any) -> Found:
    """Everything that these blocks point to, in five queries at most; of pages, those that the person may read."""
    pointers = list(_pointers(list(blocks)))
    ids = {kind: {number for name, number in pointers if name == kind} for kind in (IMAGE, DOCUMENT, MEDIA)}
    linked = {link for name, text in pointers if name in WORDS for link in links_of(text)}
    documents = _in_bulk(get_document_model(), ids[DOCUMENT] | {number for kind, number in linked if kind == DOCUMENT})
    links = {(DOCUMENT, number): document_url(number) for number in documents}
    pages = {number for kind, number in linked if kind == "page"}
    if pages:
        readable = ContentPage.objects.visible_to(user).filter(pk__in=pages).only("url_path", "locale")
        links |= {("page", page.pk): page.get_url() for page in readable}
    return Found(
        images=images(ids[IMAGE]), documents=documents, media=_in_bulk(get_media_model(), ids[MEDIA]), links=links
    )


def images(ids: Iterable[int]) -> dict[int, Any]:
    """Pictures with their renditions, in two queries; the first time they are asked for, they are cut."""
    wanted = {number for number in ids if number}
    if not wanted:
        return {}
    rows = get_image_model().objects.filter(pk__in=wanted).prefetch_renditions(*FOR_PROGRAMS)
    return {row.pk: row for row in rows}


def _in_bulk(kind: Any, ids: Iterable[int]) -> dict[int, Any]:
    wanted = set(ids)
    return dict(kind.objects.in_bulk(wanted)) if wanted else {}


def _pointers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(name of the field, id or text) of every chooser and every formatted text, however deep."""
    if isinstance(value, dict):
        if name == "" and value.get("type") == "text":
            yield "text", value.get("value") or ""
        for key, inner in value.items():
            yield from _pointers(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _pointers(inner)
    elif (name in {IMAGE, DOCUMENT, MEDIA} and isinstance(value, int)) or (name in WORDS and isinstance(value, str)):
        yield name, value


# --- what the blocks look like outside -------------------------------------------------------------------------------


def picture(image: Any, alt: str = "") -> Raw | None:
    """A picture: its words and its renditions; None when it is gone."""
    if image is None:
        return None
    return {"id": image.pk, "alt": alt or image.description, "renditions": _renditions(image)}


def _renditions(image: Any) -> list[Raw]:
    try:
        cuts = cuts_of(image, FOR_PROGRAMS)
    except (NotCutYetError, SourceImageIOError):  # not cut yet, or the original is gone: the rest of the page is shown
        return []
    return [
        {"url": picture_url(one.file.name.rpartition("/")[2]), "width": one.width, "height": one.height} for one in cuts
    ]


def picture_url(name: str) -> str:
    return reverse("api:content_picture", args=[name])


def document_url(number: int) -> str:
    return reverse("api:content_document", args=[number])


def document(row: Any) -> Raw | None:
    """A file to download; None when it is gone."""
    if row is None:
        return None
    return {
        "id": row.pk,
        "title": row.title,
        "url": document_url(row.pk),
        "size": row.file_size or 0,
        "content_type": content_type_of(row.filename),
    }


def medium(row: Any) -> Raw | None:
    """A video or a sound; None when it is gone."""
    if row is None:
        return None
    return {
        "id": row.pk,
        "title": row.title,
        "type": row.type,
        "content_type": content_type_of(row.filename),
        "url": reverse("api:content_media", args=[row.pk]),
        "poster_url": reverse("api:content_poster", args=[row.pk]) if row.thumbnail else None,
        "duration": row.duration or None,
    }


def shown(blocks: Iterable[Raw], found: Found) -> list[Raw]:
    """The blocks in the form that `cms.api.blocks` describes."""
    return [
        {"type": block["type"], "id": block["id"], "value": SHAPES[block["type"]](block["value"], found)}
        for block in blocks
    ]


def _items(value: Any) -> list[Any]:
    """The values of a list block, as it is stored since Wagtail 2.16 or before."""
    return [item["value"] if isinstance(item, dict) and item.get("type") == "item" else item for item in value]


def _plain(value: str, _found: Found) -> str:
    return value


def _text(value: str, found: Found) -> str:
    return safe_html(value or "", found.links)


def _callout(value: Raw, found: Found) -> Raw:
    return {"title": value.get("title") or "", "text": _text(value.get("text", ""), found)}


def _steps(value: Any, found: Found) -> list[Raw]:
    return [
        {
            "title": step["title"],
            "text": _text(step.get("text", ""), found),
            "image": picture(found.images.get(step.get("image") or 0), step.get("alt") or ""),
        }
        for step in _items(value)
    ]


def _figure(value: Raw, found: Found) -> Raw:
    image = picture(found.images.get(value.get("image") or 0), value.get("alt") or "")
    return {"image": image, "caption": value.get("caption") or ""}


def _gallery(value: Any, found: Found) -> list[Raw]:
    return [_figure(item, found) for item in _items(value)]


def _table(value: Raw, _found: Found) -> Raw:
    return {
        "caption": value.get("caption") or "",
        "columns": [column["heading"] for column in value["columns"]],
        "rows": [[str(cell) for cell in row["values"]] for row in value["rows"]],
    }


def _video(value: Raw, found: Found) -> Raw:
    media = medium(found.media.get(value.get("media") or 0))
    return {"media": media, "url": value.get("url") or "", "caption": value.get("caption") or ""}


def _download(value: Raw, found: Found) -> Raw:
    return {
        "document": document(found.documents.get(value.get("document") or 0)),
        "title": value.get("title") or "",
        "software_version": value.get("software_version") or "",
    }


def _code(value: Raw, _found: Found) -> Raw:
    return {"code": value["code"], "caption": value.get("caption") or ""}


def _part(value: Raw, _found: Found) -> Raw:
    return {"number": value["number"], "name": value["name"]}


def _faq(value: Any, found: Found) -> list[Raw]:
    return [{"question": one["question"], "answer": _text(one.get("answer", ""), found)} for one in _items(value)]


SHAPES: dict[str, Callable[[Any, Found], Any]] = {
    "heading": _plain,
    "subheading": _plain,
    "text": _text,
    "steps": _steps,
    "warning": _callout,
    "note": _callout,
    "table": _table,
    "figure": _figure,
    "gallery": _gallery,
    "video": _video,
    "download": _download,
    "code": _code,
    "part": _part,
    "faq": _faq,
}
