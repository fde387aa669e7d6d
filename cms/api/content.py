"""Articles, tutorials and notices for other front ends: what this buyer may read today, and nothing else.

What is open to all is listed here too, but only for somebody who has signed in: visitors have the pages.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cms.api.conditional import ConditionalView
from cms.api.searching import matching
from cms.api.serializers import SERIALIZERS, TEXTS, listed, whole
from cms.file_views import send_document, send_media, send_picture
from cms.models import ArticlePage, ContentPage, NoticePage, TutorialPage
from customer.api.access import BuyerView, PerPersonThrottle
from customer.api.lists import Ordering, Pages, Search
from kernel.throttle import pace

FILTERS = [
    OpenApiParameter("device_type", str, description="The slug of a type: what is marked for it or for its models."),
    OpenApiParameter("topic", str, description="The slug of a topic."),
]
ETAG = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an answer: 304.")
UNCHANGED = OpenApiResponse(description="Not changed since the `ETag` that was sent.")
FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class FileThrottle(PerPersonThrottle):
    """An article may show many pictures, and a video is asked for in pieces: files have a limit of their own."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limits: dict[str, Any] = settings.API_LIMITS
        pace("api.files", str(request.user.pk), limit=limits["files"], window=limits["window"])
        return True


class FileView(BuyerView):
    throttle_classes = [FileThrottle]


class ContentSearch(Search):
    """In titles and summaries."""

    def matching(self, queryset: QuerySet[Any], text: str, view: APIView) -> QuerySet[Any]:
        return matching(queryset, text) if text else queryset


def content_of(kind: type[ContentPage], user: Any) -> QuerySet[Any]:
    """Published pages of a kind that this person may read, with the films of tutorials."""
    pages: QuerySet[Any] = kind.objects.visible_to(user)
    return pages.select_related("media", "subtitles") if issubclass(kind, TutorialPage) else pages


class ContentListView(ConditionalView, GenericAPIView[Any]):
    kind: ClassVar[type[ContentPage]]
    pagination_class = Pages
    filter_backends = [ContentSearch, Ordering]
    ordering_fields = {"published_at": "first_published_at", "updated_at": "last_published_at", "title": "title"}

    def get_queryset(self) -> QuerySet[Any]:
        asked = self.request.query_params
        pages = content_of(self.kind, self.request.user).order_by("-first_published_at", "-pk")
        if slug := asked.get("device_type"):
            of_models = ContentPage.device_models.through.objects.filter(devicemodel__device_type__slug=slug)
            of_types = ContentPage.device_types.through.objects.filter(devicetype__slug=slug)
            pages = pages.filter(
                Q(pk__in=of_types.values("contentpage_id")) | Q(pk__in=of_models.values("contentpage_id"))
            )
        if slug := asked.get("topic"):
            marked = ContentPage.topics.through.objects.filter(topic__slug=slug)
            pages = pages.filter(pk__in=marked.values("contentpage_id"))
        return pages

    def get(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(listed(rows or []))


class ContentView(ConditionalView):
    kind: ClassVar[type[ContentPage]]

    def get(self, request: Request, pk: int) -> Response:
        return Response(whole(get_object_or_404(content_of(self.kind, request.user), id=pk), request.user))


def _described(operation: str, kind: type[ContentPage], *, many: bool, text: str) -> Any:
    shape = SERIALIZERS[kind](many=True) if many else TEXTS[kind]
    parameters = [*(FILTERS if many else []), ETAG]
    get = extend_schema(
        operation_id=operation,
        description=text,
        parameters=parameters,
        responses={200: shape, 304: UNCHANGED},
    )
    return extend_schema_view(get=get)


@_described("articles", ArticlePage, many=True, text="Articles of the knowledge base, newest first, without bodies.")
class ArticleListView(ContentListView):
    kind = ArticlePage
    serializer_class = SERIALIZERS[ArticlePage]


@_described("article", ArticlePage, many=False, text="One article with its body as typed blocks.")
class ArticleView(ContentView):
    kind = ArticlePage


@_described("tutorials", TutorialPage, many=True, text="Tutorial videos, newest first, without bodies.")
class TutorialListView(ContentListView):
    kind = TutorialPage
    serializer_class = SERIALIZERS[TutorialPage]


@_described("tutorial", TutorialPage, many=False, text="One tutorial with its body as typed blocks.")
class TutorialView(ContentView):
    kind = TutorialPage


@_described("notices", NoticePage, many=True, text="Notices, newest first, without bodies.")
class NoticeListView(ContentListView):
    kind = NoticePage
    serializer_class = SERIALIZERS[NoticePage]


@_described("notice", NoticePage, many=False, text="One notice with its body as typed blocks.")
class NoticeView(ContentView):
    kind = NoticePage


class ContentPictureView(FileView):
    """A picture in one of its sizes, as a page that the buyer may read shows it."""

    @extend_schema(operation_id="content_picture", responses=FILE)
    def get(self, request: Request, name: str) -> HttpResponseBase:
        return send_picture(request, name)


class ContentDocumentView(FileView):
    """A document of a page that the buyer may read. Answers ranges of bytes."""

    @extend_schema(operation_id="content_document", responses=FILE)
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        return send_document(request, pk)


class ContentMediaView(FileView):
    """A video or a sound of a page that the buyer may read. Answers ranges of bytes."""

    @extend_schema(operation_id="content_media", responses=FILE)
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        return send_media(request, pk)


class ContentPosterView(FileView):
    """The picture before a video of a page that the buyer may read."""

    @extend_schema(operation_id="content_poster", responses=FILE)
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        return send_media(request, pk, "thumbnail")
