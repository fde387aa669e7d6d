"""A draft in the shape of a published page, for who has a link from its editor."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from cms.api.serializers import TEXTS, drafted
from cms.models import ArticlePage, NoticePage, TutorialPage
from cms.preview import previewed
from customer.api.access import Door

SHAPE = PolymorphicProxySerializer(
    component_name="Preview",
    serializers={"article": TEXTS[ArticlePage], "tutorial": TEXTS[TutorialPage], "notice": TEXTS[NoticePage]},
    resource_type_field_name="type",
)


class PreviewView(Door):
    """A draft, by the token that its editor made in the admin: for 30 minutes, while the editor may edit the page."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="content_preview", auth=[], responses=SHAPE)
    def get(self, request: Request, token: str) -> Response:
        found = previewed(token, now=timezone.now())
        if found is None:
            raise Http404
        draft, editor = found
        return Response(drafted(draft, editor), headers={"Cache-Control": "private, no-store"})
