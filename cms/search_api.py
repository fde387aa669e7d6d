"""Search, for programs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cms.searching import search
from cms.searching.log import note_search
from customer.api.access import BuyerView
from customer.api.lists import checked
from kernel.row_serializer import RowSerializer

LONGEST_SEARCH = 200
KIND_NAMES = ["articles", "tutorials", "notices", "devices", "tickets"]


class HitSerializer(RowSerializer[Any]):
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    title_html = serializers.CharField(
        source="heading", help_text="The title, escaped, with `<mark>` around the words."
    )
    excerpt_html = serializers.CharField(source="excerpt", help_text="Escaped text, with `<mark>` around the words.")
    url = serializers.CharField(help_text="The page on this site.")


class GroupSerializer(RowSerializer[Any]):
    kind = serializers.CharField(source="name", help_text="`articles`, `tutorials`, `notices`, `devices`, `tickets`")
    kind_label = serializers.CharField(source="label")
    count = serializers.IntegerField()
    count_is_more = serializers.BooleanField(source="is_more", help_text="There are more than `count` says.")
    results = HitSerializer(many=True, source="hits")


class FoundSerializer(RowSerializer[Any]):
    query = serializers.CharField(source="text")
    count = serializers.IntegerField()
    suggestion = serializers.CharField(
        help_text="The query in the spelling that was understood; empty if it was right."
    )
    groups = GroupSerializer(many=True)


PARAMETERS = [
    OpenApiParameter("q", {"type": "string", "maxLength": LONGEST_SEARCH}, description="What to look for."),
    OpenApiParameter("kind", enum=KIND_NAMES, description="One group only."),
    OpenApiParameter("device_type", str, description="The slug of a device type, to narrow articles and the like."),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 30}, description="Hits per group, 5."),
    OpenApiParameter("typing", bool, description="The last word may not be complete yet; nothing is counted."),
]


class SearchView(BuyerView):
    """Articles, tutorials, notices, devices and tickets that match, in groups, the best first."""

    @extend_schema(operation_id="search", parameters=PARAMETERS, responses=FoundSerializer)
    def get(self, request: Request) -> Response:
        given = request.query_params
        text = checked(serializers.CharField(allow_blank=True, max_length=LONGEST_SEARCH), "q", given.get("q", ""))
        kind = checked(serializers.ChoiceField(KIND_NAMES), "kind", given["kind"]) if "kind" in given else ""
        slug = checked(
            serializers.CharField(allow_blank=True, max_length=80), "device_type", given.get("device_type", "")
        )
        limit = checked(serializers.IntegerField(min_value=1, max_value=30), "limit", given.get("limit", "5"))
        typing = checked(serializers.BooleanField(), "typing", given.get("typing", "false"))
        kinds = [kind] if kind else None
        found = search(request.user, text, kinds=kinds, device_type=slug, limit=limit, typing=typing)
        if text and not kind and not slug and not typing:
            note_search(self.buyer.user_id, found.text, found=found.count, now=timezone.now())
        return Response(FoundSerializer(found).data)
