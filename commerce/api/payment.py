"""Paying an order through a gateway."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.models import Payment
from commerce.services.payment import start_payment
from customer.api.access import BuyerView
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from kernel.actor import Actor
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import LabelField, MomentField


class PaymentSerializer(RowSerializer[Payment]):
    id = serializers.UUIDField()
    order = serializers.CharField(source="order.number", help_text="The order's number.")
    gateway = serializers.CharField()
    status = serializers.ChoiceField(Payment.Status.choices)
    status_label = LabelField(Payment.Status, source="status")
    amount_rial = serializers.IntegerField()
    reference = serializers.CharField(allow_null=True, help_text="The bank's, once it is paid.")
    card_masked = serializers.CharField(help_text="Empty until it is paid.")
    created_at = MomentField()
    paid_at = MomentField(allow_null=True)


class StartedPaymentSerializer(PaymentSerializer):
    redirect_url = serializers.URLField(help_text="The bank's page, to be opened in the buyer's browser.")


class NewPaymentSerializer(serializers.Serializer[None]):
    gateway = serializers.CharField(
        max_length=20, required=False, allow_null=True, help_text="One of those offered; the first one if left out."
    )


class OrderPaymentsView(BuyerView):
    """Attempts to pay an order."""

    @extend_schema(
        operation_id="start_payment",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewPaymentSerializer,
        responses={201: StartedPaymentSerializer},
        description=(
            "Begins a payment. 409 `payment.in_doubt` while the bank is being asked about an earlier one, "
            "`order.not_open`, `order.lapsed`; 503 `payment.gateway_unavailable` when the gateway does not answer: the "
            "order stays open."
        ),
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        form = NewPaymentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        payment = start_payment(
            buyer=self.buyer,
            number=number,
            gateway=form.validated_data.get("gateway"),
            callback_url=f"{settings.PUBLIC_URL}/payments/return/{{gateway}}/{{payment_id}}/",
            actor=Actor.of(request),
            now=timezone.now(),
        )
        return Response(StartedPaymentSerializer(payment).data, status=status.HTTP_201_CREATED)


class PaymentView(BuyerView):
    """One payment. `unknown` means that the bank is being asked: neither paid nor failed."""

    @extend_schema(operation_id="payment", responses=PaymentSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        payments = Payment.objects.visible_to(request.user).select_related("order")
        return Response(PaymentSerializer(get_object_or_404(payments, pk=pk)).data)
