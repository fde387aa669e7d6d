"""What content looks like outside: how the OpenAPI document describes it, and how it is made from pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import CharField, F, Value
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cms.api.blocks import BODY, MediaFileSerializer, PictureSerializer
from cms.api.body import IMAGE, Raw, document_url, found_in, images, medium, picture, raw_blocks, shown
from cms.models import ArticlePage, ContentPage, NoticePage, TutorialPage
from kernel.jalali import jalali_iso, tehran_date
from kernel.serializer_fields import JalaliTwinField, LabelField, MomentField

TYPES = {ArticlePage: "article", TutorialPage: "tutorial", NoticePage: "notice"}


class TermSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField(help_text="For `?device_type=` and `?topic=`.")


class NamedModelSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ContentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    type = serializers.CharField(help_text="`article`, `tutorial` or `notice`.")
    title = serializers.CharField()
    slug = serializers.CharField()
    summary = serializers.CharField()
    url = serializers.CharField(help_text="The page of the portal.")
    open_to_all = serializers.BooleanField(help_text="Whether visitors may read the page without signing in.")
    device_types = TermSerializer(many=True, help_text="With `device_models`, whom it is for; both empty: everybody.")
    device_models = NamedModelSerializer(many=True)
    topics = TermSerializer(many=True)
    published_at = MomentField(allow_null=True)
    published_on = serializers.DateField(allow_null=True)
    published_on_jalali = JalaliTwinField(allow_null=True)
    updated_at = MomentField(allow_null=True)
    image = PictureSerializer(allow_null=True)


class ArticleSerializer(ContentSerializer):
    pass


class ChapterSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    starts_at = serializers.FloatField(help_text="Seconds from the start.")


class SubtitleSerializer(serializers.Serializer[Any]):
    language = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name outside; nothing reads the field's own
    url = serializers.CharField(help_text="WebVTT.")


class TutorialSerializer(ContentSerializer):
    duration = serializers.FloatField(allow_null=True, help_text="Seconds.")
    media = MediaFileSerializer(allow_null=True)
    video_url = serializers.CharField(help_text="Of a video elsewhere; may be empty.")
    chapters = ChapterSerializer(many=True)
    subtitles = SubtitleSerializer(many=True)


class NoticeSerializer(ContentSerializer):
    kind = serializers.ChoiceField(NoticePage.Kind.choices)
    kind_label = LabelField(NoticePage.Kind)
    must_acknowledge = serializers.BooleanField()


def _with_body(kind: type[ContentSerializer]) -> type[ContentSerializer]:
    def get_body(self: Any, page: Any) -> Any:
        return page["body"]

    described = extend_schema_field(BODY)(get_body)
    name = kind.__name__.replace("Serializer", "TextSerializer")
    return type(name, (kind,), {"body": serializers.SerializerMethodField(), "get_body": described})


SERIALIZERS = {ArticlePage: ArticleSerializer, TutorialPage: TutorialSerializer, NoticePage: NoticeSerializer}
TEXTS = {kind: _with_body(serializer) for kind, serializer in SERIALIZERS.items()}


def listed(pages: Sequence[ContentPage]) -> list[Raw]:
    """Pages without their bodies: three queries for all of them."""
    terms = _terms([page.pk for page in pages])
    heads = {page.pk: _head_image(page) for page in pages}
    found = images(number for number, _alt in heads.values())
    shapes = []
    for page in pages:
        number, alt = heads[page.pk]
        shapes.append(_metadata(page, terms[page.pk]) | {"image": picture(found.get(number), alt)} | _own(page))
    return shapes


def whole(page: ContentPage, user: Any) -> Raw:
    """A page with its body, as this person may read it."""
    return _with_text(page, _terms([page.pk])[page.pk], user)


def drafted(page: ContentPage, editor: Any) -> Raw:
    """A draft as it would look to its editor, its types, models and topics included."""
    terms = {
        "device_types": [{"id": row.pk, "name": row.name, "slug": row.slug} for row in page.device_types.all()],
        "device_models": [{"id": row.pk, "name": row.name} for row in page.device_models.all()],
        "topics": [{"id": row.pk, "name": row.name, "slug": row.slug} for row in page.topics.all()],
    }
    return _with_text(page, terms, editor)


def _with_text(page: ContentPage, terms: dict[str, list[Raw]], user: Any) -> Raw:
    blocks = raw_blocks(page.body)
    number, alt = _head_image(page)
    found = found_in([*blocks, {IMAGE: number}], user)
    shape = _metadata(page, terms) | {"image": picture(found.images.get(number), alt)}
    return shape | _own(page) | {"body": shown(blocks, found)}


def _metadata(page: ContentPage, terms: dict[str, list[Raw]]) -> Raw:
    published = page.first_published_at
    return {
        "id": page.pk,
        "type": TYPES[type(page)],
        "title": page.title,
        "slug": page.slug,
        "summary": page.summary,
        "url": page.get_url() or "",
        "open_to_all": page.open_to_all,
        "device_types": terms["device_types"],
        "device_models": terms["device_models"],
        "topics": terms["topics"],
        "published_at": _moment(published),
        "published_on": _day(published),
        "published_on_jalali": jalali_iso(tehran_date(published)) if published else None,
        "updated_at": _moment(page.last_published_at),
    }


def _own(page: ContentPage) -> Raw:
    """What only this kind of page has."""
    if isinstance(page, NoticePage):
        return {"kind": page.kind, "kind_label": page.get_kind_display(), "must_acknowledge": page.must_acknowledge}
    if isinstance(page, TutorialPage):
        return _film(page)
    return {}


def _film(page: Any) -> Raw:
    film = getattr(page, "media", None)
    return {
        "duration": getattr(page, "duration", None) or (film.duration if film else None) or None,
        "media": medium(film),
        "video_url": getattr(page, "video_url", ""),
        "chapters": [{"title": row.title, "starts_at": float(row.start_seconds)} for row in _rows(page, "chapters")],
        "subtitles": [
            {"language": "fa", "label": "فارسی", "url": document_url(pk)}
            for pk in [getattr(page, "subtitles_id", None)]
            if pk
        ],
    }


def _rows(page: Any, name: str) -> Iterable[Any]:
    related = getattr(page, name, None)
    return related.all() if related is not None else ()


def _head_image(page: ContentPage) -> tuple[int, str]:
    """The picture that stands for a page: its own, else the first of its text; 0 for none."""
    own: int | None = getattr(page, "image_id", None)
    if own:
        return own, ""
    figures = (block["value"] for block in page.body.raw_data if block["type"] == "figure")
    first = next(figures, None)
    return (first.get(IMAGE) or 0, first.get("alt") or "") if first else (0, "")


def _terms(ids: Iterable[int]) -> dict[int, dict[str, list[Raw]]]:
    """Types, models and topics of pages, in one query."""
    sides = {"device_types": "devicetype", "device_models": "devicemodel", "topics": "topic"}
    parts = []
    for name, side in sides.items():
        rows = getattr(ContentPage, name).through.objects.filter(contentpage_id__in=list(ids))
        columns = {"side": Value(name), "of": F(f"{side}_id"), "term_name": F(f"{side}__name")}
        slug = Value("", CharField()) if side == "devicemodel" else F(f"{side}__slug")
        named = rows.annotate(**columns, term_slug=slug)
        parts.append(named.values_list("contentpage_id", "side", "of", "term_name", "term_slug"))
    found: dict[int, dict[str, list[Raw]]] = defaultdict(lambda: {name: [] for name in sides})
    for page, name, number, words, slug in parts[0].union(*parts[1:], all=True).order_by("contentpage_id", "term_name"):
        found[page][name].append({"id": number, "name": words} | ({"slug": slug} if slug else {}))
    return found


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _day(at: datetime | None) -> date | None:
    return tehran_date(at) if at else None
