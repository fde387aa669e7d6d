"""What a buyer can choose for a device, and choosing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.api.order import OrderSerializer, orders_of
from commerce.models import Order
from commerce.queries import renewal_quotes
from commerce.rules import Quote
from commerce.services.renewal import request_renewal
from customer.api.access import BuyerView
from customer.api.device import devices_of
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from customer.models import ServiceChoice
from customer.rules import can_choose, can_renew
from customer.services.service import choose_mode
from kernel.actor import Actor
from kernel.jalali import tehran_date, tehran_today
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import JalaliTwinField, LabelField, MomentField

Choice = ServiceChoice.Choice


class QuoteSerializer(RowSerializer[Quote]):
    years = serializers.IntegerField(min_value=1, max_value=3)
    net_rial = serializers.IntegerField()
    vat_rial = serializers.IntegerField()
    total_rial = serializers.IntegerField()
    starts_on = serializers.DateField()
    starts_on_jalali = JalaliTwinField(source="starts_on")
    ends_on = serializers.DateField()
    ends_on_jalali = JalaliTwinField(source="ends_on")


class TariffSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    unit_rial = serializers.IntegerField()


class PayPerCaseSerializer(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()
    tariff = TariffSerializer(many=True, help_text="Empty as long as no tariff is published.")


class WithdrawSerializer(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()


class ServiceOptionsSerializer(serializers.Serializer[Any]):
    renewals = QuoteSerializer(many=True, help_text="Today's prices; empty when the device cannot be renewed.")
    pay_per_case = PayPerCaseSerializer()
    withdraw = WithdrawSerializer()


class ServiceOptionsView(BuyerView):
    """The choices that are open for a device now, with prices."""

    @extend_schema(operation_id="service_options", responses=ServiceOptionsSerializer)
    def get(self, request: Request, pk: int) -> Response:
        device = get_object_or_404(devices_of(request), pk=pk)
        standing = device.standing
        options = {
            "renewals": renewal_quotes(device, today=tehran_today()) if can_renew(standing) else [],
            "pay_per_case": {"allowed": can_choose(standing, Choice.PAY_PER_CASE), "tariff": []},
            "withdraw": {"allowed": can_choose(standing, Choice.WITHDRAW)},
        }
        return Response(ServiceOptionsSerializer(options).data)


class NewChoiceSerializer(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(Choice.choices)
    years = serializers.IntegerField(min_value=1, max_value=3, required=False, help_text="Only for `renew`: 1, 2 or 3.")
    expected_total_rial = serializers.IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="Only for `renew`: the price that the buyer saw; another one today is refused.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["choice"] == Choice.RENEW and "years" not in attrs:
            raise serializers.ValidationError({"years": [_("Choose a term of 1, 2 or 3 years.")]}, code="required")
        return attrs


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeChoice:
    """What came of a choice; `order` only for a renewal."""

    device_id: int
    choice: Choice
    made_at: datetime
    years: int | None = None
    order: Order | None = None

    @property
    def made_on(self) -> date:
        return tehran_date(self.made_at)


class MadeChoiceSerializer(RowSerializer[MadeChoice]):
    device = serializers.IntegerField(source="device_id")
    choice = serializers.ChoiceField(Choice.choices)
    choice_label = LabelField(Choice, source="choice")
    years = serializers.IntegerField(allow_null=True)
    made_at = MomentField()
    made_on = serializers.DateField()
    made_on_jalali = JalaliTwinField(source="made_on")
    order = OrderSerializer(allow_null=True, help_text="What to pay now; only for `renew`.")


class ServiceChoicesView(BuyerView):
    """The buyer's choices for a device."""

    @extend_schema(
        operation_id="choose_service",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewChoiceSerializer,
        responses={201: MadeChoiceSerializer},
        description=(
            "`renew` opens an order, or finds the open one of the same term and price. 409: "
            "`service.awaiting_sign_off`, `service.still_running`, `service.already_chosen`, "
            "`renewal.not_offered`, `renewal.price_changed`, `payment.in_doubt`."
        ),
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        form = NewChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wish = form.validated_data
        made = self._renew(pk, wish) if wish["choice"] == Choice.RENEW else self._choose_mode(pk, wish["choice"])
        return Response(MadeChoiceSerializer(made).data, status=status.HTTP_201_CREATED)

    def _renew(self, device_id: int, wish: dict[str, Any]) -> MadeChoice:
        order = request_renewal(
            buyer=self.buyer,
            device_id=device_id,
            years=wish["years"],
            expected_total_rial=wish.get("expected_total_rial"),
            actor=Actor.of(self.request),
            now=timezone.now(),
        )
        order = orders_of(self.request).get(pk=order.pk)
        return MadeChoice(
            device_id=device_id, choice=Choice.RENEW, years=order.years, made_at=order.created_at, order=order
        )

    def _choose_mode(self, device_id: int, choice: str) -> MadeChoice:
        made = choose_mode(
            buyer=self.buyer, device_id=device_id, choice=choice, actor=Actor.of(self.request), now=timezone.now()
        )
        return MadeChoice(device_id=device_id, choice=Choice(made.choice), made_at=made.made_at)
