"""What the house has told the buyer."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.api.lists import Ordering, Pages, Search, checked, chosen
from customer.models import InboxItem
from customer.services.inbox import acknowledge, mark_all_read, mark_read
from kernel.actor import Actor
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import LabelField, MomentField


class InboxItemSerializer(RowSerializer[InboxItem]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(InboxItem.Kind.choices)
    kind_label = LabelField(InboxItem.Kind, source="kind")
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text="The page that it is about; may be empty.")
    created_at = MomentField()
    read_at = MomentField(allow_null=True)
    must_acknowledge = serializers.BooleanField()
    acknowledged_at = MomentField(allow_null=True)


class CountSerializer(serializers.Serializer[None]):
    count = serializers.IntegerField()


class InboxView(BuyerView, ListAPIView[InboxItem]):
    """Messages to the buyer, newest first."""

    serializer_class = InboxItemSerializer
    pagination_class = Pages
    filter_backends = [Search, Ordering]
    search_fields = ["title", "body"]
    ordering_fields = {"created_at": "created_at", "read_at": "read_at"}

    def get_queryset(self) -> QuerySet[InboxItem]:
        items = InboxItem.objects.visible_to(self.request.user)
        if kind := chosen(self.request, "kind", InboxItem.Kind):
            items = items.filter(kind=kind)
        unread = self.request.query_params.get("unread")
        if unread is None:
            return items
        return items.filter(read_at__isnull=checked(serializers.BooleanField(), "unread", unread))

    @extend_schema(parameters=[OpenApiParameter("kind", enum=InboxItem.Kind.values), OpenApiParameter("unread", bool)])
    def get(self, request: Request) -> Response:
        return self.list(request)


class UnreadCountView(BuyerView):
    """How many messages have not been read."""

    @extend_schema(operation_id="inbox_unread_count", responses=CountSerializer)
    def get(self, request: Request) -> Response:
        return Response({"count": InboxItem.objects.visible_to(request.user).unread().count()})


class InboxReadView(BuyerView):
    """Noting that a message was read; again is harmless."""

    @extend_schema(operation_id="inbox_read", request=None, responses=InboxItemSerializer)
    def post(self, request: Request, pk: int) -> Response:
        item = mark_read(user=request.user, item_id=pk, now=timezone.now())
        return Response(InboxItemSerializer(item).data)


class InboxReadAllView(BuyerView):
    """Noting that everything was read that needs no acknowledgement; tells how many messages that was."""

    @extend_schema(operation_id="inbox_read_all", request=None, responses=CountSerializer)
    def post(self, request: Request) -> Response:
        return Response({"count": mark_all_read(user=request.user, now=timezone.now())})


class InboxAcknowledgeView(BuyerView):
    """Confirming that one has been told; again is harmless, 409 `inbox.nothing_to_acknowledge` where none is asked."""

    @extend_schema(operation_id="inbox_acknowledge", request=None, responses=InboxItemSerializer)
    def post(self, request: Request, pk: int) -> Response:
        item = acknowledge(user=request.user, item_id=pk, actor=Actor.of(request), now=timezone.now())
        return Response(InboxItemSerializer(item).data)
