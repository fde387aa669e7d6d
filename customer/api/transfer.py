"""The buyer's requests to hand a device over."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from customer.api.lists import Ordering, Pages, chosen
from customer.api.sign_off import CodeSentSerializer
from customer.models import Transfer
from customer.services.transfer import (
    NewOwner,
    cancel_transfer,
    request_transfer,
    send_transfer_code,
    submit_transfer,
)
from kernel.actor import Actor
from kernel.identity import mask_mobile, mask_national_code
from kernel.serializer_fields import MomentField


class NewOwnerSerializer(serializers.Serializer[Any]):
    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    national_code = serializers.CharField(max_length=20)
    phone = serializers.CharField(max_length=20)


class NewTransferSerializer(serializers.Serializer[Any]):
    device = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    new_owner = NewOwnerSerializer()
    statement_accepted = serializers.BooleanField(help_text="The buyer's formal word that the ownership ends.")


class NamedOwnerSerializer(serializers.Serializer[Transfer]):
    first_name = serializers.CharField(source="new_first_name")
    last_name = serializers.CharField(source="new_last_name")
    national_code_masked = serializers.SerializerMethodField()
    phone = serializers.CharField(source="new_phone")

    def get_national_code_masked(self, transfer: Transfer) -> str:
        return mask_national_code(transfer.new_national_code)


class TransferSerializer(serializers.Serializer[Transfer]):
    id = serializers.IntegerField()
    device = serializers.IntegerField(source="device_id")
    new_owner = NamedOwnerSerializer(source="*")
    reason_kind = serializers.ChoiceField(Transfer.Reason.choices, source="reason")
    reason_kind_label = serializers.CharField(source="get_reason_display")
    statement = serializers.CharField()
    status = serializers.ChoiceField(Transfer.Status.choices)
    status_label = serializers.CharField(source="get_status_display")
    acceptance = serializers.ChoiceField(Transfer.Acceptance.choices)
    acceptance_label = serializers.CharField(source="get_acceptance_display")
    created_at = MomentField()
    submitted_at = MomentField(allow_null=True)
    decided_at = MomentField(allow_null=True)
    reason = serializers.CharField(source="decision_reason", help_text="Of the decision; empty while it waits.")
    deed_url = serializers.SerializerMethodField()

    def get_deed_url(self, transfer: Transfer) -> str | None:
        return f"/transfers/{transfer.pk}/deed.pdf" if transfer.record_id else None


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20)


class TransferListView(BuyerView, ListAPIView[Transfer]):
    """The buyer's requests, newest first."""

    serializer_class = TransferSerializer
    pagination_class = Pages
    filter_backends = [Ordering]
    ordering_fields = {"created_at": "created_at", "decided_at": "decided_at"}

    def get_queryset(self) -> QuerySet[Transfer]:
        mine = Transfer.objects.visible_to(self.request.user)
        word = chosen(self.request, "status", Transfer.Status)
        return mine.filter(status=word) if word else mine

    @extend_schema(parameters=[OpenApiParameter("status", enum=Transfer.Status.values)])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="request_transfer",
        parameters=IDEMPOTENCY_PARAMETERS,
        request=NewTransferSerializer,
        responses={201: TransferSerializer},
        description=(
            "Files a draft (a sale); it is submitted by the code. A request that needs a document is filed on the "
            "pages. 400 on the field at fault; 404 for somebody else's device; 409 `transfer.already_under_way`."
        ),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        form = NewTransferSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = request_transfer(
            buyer=self.buyer,
            device_id=form.validated_data["device"],
            new_owner=NewOwner(**form.validated_data["new_owner"]),
            reason=Transfer.Reason.SALE,
            document=None,
            statement_accepted=form.validated_data["statement_accepted"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
        return Response(TransferSerializer(made).data, status=status.HTTP_201_CREATED)


class TransferView(BuyerView):
    """One of the buyer's requests."""

    @extend_schema(operation_id="transfer", responses=TransferSerializer)
    def get(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(Transfer.objects.visible_to(request.user), pk=pk)
        return Response(TransferSerializer(found).data)


class TransferCodeView(BuyerView):
    """The code for submitting a draft."""

    @extend_schema(operation_id="send_transfer_code", request=None, responses=CodeSentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        found = send_transfer_code(user=request.user, transfer_id=pk, now=timezone.now())
        return Response({"phone_masked": mask_mobile(found.owner.phone)})


class TransferConfirmView(BuyerView):
    """Submitting a draft."""

    @extend_schema(
        operation_id="submit_transfer",
        request=CodeSerializer,
        responses=TransferSerializer,
        description="409: `transfer.already_submitted`…, `code.missing`, `code.wrong`, `code.expired`, `code.used`.",
    )
    def post(self, request: Request, pk: int) -> Response:
        form = CodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = submit_transfer(
            user=request.user,
            transfer_id=pk,
            code=form.validated_data["code"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
        return Response(TransferSerializer(found).data)


class TransferCancelView(BuyerView):
    """Taking a request back before it is carried out."""

    @extend_schema(
        operation_id="cancel_transfer",
        request=None,
        responses=TransferSerializer,
        description="409 `transfer.already_approved`…",
    )
    def post(self, request: Request, pk: int) -> Response:
        found = cancel_transfer(user=request.user, transfer_id=pk, actor=Actor.of(request), now=timezone.now())
        return Response(TransferSerializer(found).data)
