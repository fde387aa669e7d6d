"""The buyer's orders."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.api.payment import PaymentSerializer
from commerce.models import Order, OrderLine, Payment
from commerce.services.order import cancel_order
from customer.api.access import BuyerView
from customer.api.lists import Ordering, Pages, Search, chosen
from customer.models import ServicePeriod
from kernel.actor import Actor
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import JalaliTwinField, LabelField, MomentField


class OrderLineSerializer(RowSerializer[OrderLine]):
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_rial = serializers.IntegerField()
    net_rial = serializers.IntegerField()


class PeriodSerializer(RowSerializer[ServicePeriod]):
    starts_on = serializers.DateField()
    starts_on_jalali = JalaliTwinField(source="starts_on")
    ends_on = serializers.DateField()
    ends_on_jalali = JalaliTwinField(source="ends_on")


class OrderSerializer(RowSerializer[Order]):
    number = serializers.CharField()
    kind = serializers.ChoiceField(Order.Kind.choices)
    kind_label = LabelField(Order.Kind, source="kind")
    status = serializers.ChoiceField(Order.Status.choices)
    status_label = LabelField(Order.Status, source="status")
    device = serializers.IntegerField(source="device_id", allow_null=True)
    years = serializers.IntegerField(allow_null=True)
    lines = OrderLineSerializer(source="its_lines", many=True)
    net_rial = serializers.IntegerField()
    vat_rial = serializers.IntegerField()
    total_rial = serializers.IntegerField()
    payments = PaymentSerializer(source="its_payments", many=True)
    created_at = MomentField()
    expires_at = MomentField(help_text="Until then the price holds.")
    paid_at = MomentField(allow_null=True)
    receipt_number = serializers.CharField(allow_null=True)
    service_period = PeriodSerializer(allow_null=True, help_text="The days that were paid for; null until then.")


def orders_of(request: Request) -> QuerySet[Order]:
    """The orders of this person, as `OrderSerializer` reads them: three queries whatever their number."""
    lines = Prefetch("lines", to_attr="its_lines")
    payments = Prefetch("payments", Payment.objects.order_by("-created_at", "-pk"), to_attr="its_payments")
    mine = Order.objects.visible_to(request.user).select_related("service_period")
    return mine.prefetch_related(lines, payments)


class OrderListView(BuyerView, ListAPIView[Order]):
    """The buyer's orders, newest first."""

    serializer_class = OrderSerializer
    pagination_class = Pages
    filter_backends = [Search, Ordering]
    search_fields = ["number", "receipt_number", "device__identifier", "device__model__name"]
    ordering_fields = {"created_at": "created_at", "total_rial": "total_rial", "number": "number"}

    def get_queryset(self) -> QuerySet[Order]:
        word = chosen(self.request, "status", Order.Status)
        orders = orders_of(self.request)
        return orders.filter(status=word) if word else orders

    @extend_schema(parameters=[OpenApiParameter("status", enum=Order.Status.values)])
    def get(self, request: Request) -> Response:
        return self.list(request)


class OrderView(BuyerView):
    """One of the buyer's orders."""

    @extend_schema(operation_id="order", responses=OrderSerializer)
    def get(self, request: Request, number: str) -> Response:
        return Response(OrderSerializer(get_object_or_404(orders_of(request), number=number)).data)


class OrderCancelView(BuyerView):
    """Giving an open order up. 409 `order.not_open`, `payment.in_doubt`."""

    @extend_schema(operation_id="cancel_order", request=None, responses=OrderSerializer)
    def post(self, request: Request, number: str) -> Response:
        cancel_order(buyer=self.buyer, number=number, actor=Actor.of(request), now=timezone.now())
        return Response(OrderSerializer(orders_of(request).get(number=number)).data)
