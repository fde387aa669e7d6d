"""Who the buyer is, and saying that it is wrong."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from customer.api.lists import Ordering, Pages, chosen
from customer.models import Buyer, CorrectionRequest
from customer.services.correction import request_correction
from kernel.actor import Actor
from kernel.identity import mask_national_code
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import LabelField, MomentField


class AddressSerializer(RowSerializer[Buyer]):
    city = serializers.CharField()
    street = serializers.CharField()
    building = serializers.CharField()


class BuyerSerializer(RowSerializer[Buyer]):
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    national_code_masked = serializers.CharField(help_text="All but the last four digits are hidden.")
    main_operator = serializers.CharField()
    address = AddressSerializer(source="*")
    phone = serializers.CharField(help_text="E.164, e.g. +989121234567.")
    username = serializers.CharField(source="user.username")


class MeView(BuyerView):
    """The buyer's identity; an administrator keeps it."""

    @extend_schema(operation_id="me", responses=BuyerSerializer)
    def get(self, request: Request) -> Response:
        return Response(BuyerSerializer(self.buyer).data)


class NewCorrectionSerializer(serializers.Serializer[Any]):
    field = serializers.ChoiceField(CorrectionRequest.Field.choices)
    proposed = serializers.CharField(max_length=200)
    note = serializers.CharField(max_length=1000, allow_blank=True, default="")


class CorrectionSerializer(RowSerializer[CorrectionRequest]):
    id = serializers.IntegerField()
    field = serializers.ChoiceField(CorrectionRequest.Field.choices)
    field_label = LabelField(CorrectionRequest.Field, source="field")
    current = serializers.SerializerMethodField(help_text="What was registered when the request was filed.")
    proposed = serializers.SerializerMethodField()
    note = serializers.CharField()
    status = serializers.ChoiceField(CorrectionRequest.Status.choices)
    status_label = LabelField(CorrectionRequest.Status, source="status")
    reason = serializers.CharField(help_text="Of the decision; empty while it waits.")
    created_at = MomentField()
    decided_at = MomentField(allow_null=True)

    def get_current(self, correction: CorrectionRequest) -> str:
        return _masked(correction, correction.current)

    def get_proposed(self, correction: CorrectionRequest) -> str:
        return _masked(correction, correction.proposed)


def _masked(correction: CorrectionRequest, value: str) -> str:
    """Of a national code only the last four digits are shown."""
    return mask_national_code(value) if correction.field == CorrectionRequest.Field.NATIONAL_CODE else value


class CorrectionListView(BuyerView, ListAPIView[CorrectionRequest]):
    """Requests to correct the buyer's identity, newest first."""

    serializer_class = CorrectionSerializer
    pagination_class = Pages
    filter_backends = [Ordering]
    ordering_fields = {"created_at": "created_at", "decided_at": "decided_at"}

    def get_queryset(self) -> QuerySet[CorrectionRequest]:
        mine = CorrectionRequest.objects.visible_to(self.request.user)
        status_word = chosen(self.request, "status", CorrectionRequest.Status)
        return mine.filter(status=status_word) if status_word else mine

    @extend_schema(parameters=[OpenApiParameter("status", enum=CorrectionRequest.Status.values)])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="request_correction",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewCorrectionSerializer,
        responses={201: CorrectionSerializer},
        description="Files a request. 409 `correction.already_waiting` while one for the same field waits.",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        form = NewCorrectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        correction = request_correction(
            buyer=self.buyer, actor=Actor.of(request), now=timezone.now(), **form.validated_data
        )
        return Response(CorrectionSerializer(correction).data, status=status.HTTP_201_CREATED)
