"""The buyer's installation forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.api.lists import Ordering, Pages, chosen
from customer.models import SignOff
from customer.models.sign_off import SignOffQuerySet, Standing
from customer.services.sign_off import confirm_sign_off, decline_sign_off, send_sign_off_code
from customer.services.visit import Ticks, confirm_visit, send_visit_code
from kernel.actor import Actor
from kernel.identity import mask_mobile
from kernel.serializer_fields import JalaliTwinField, MomentField


class SignOffItemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    note = serializers.CharField(help_text="The technician's remark; may be empty.")
    done = serializers.BooleanField(help_text="Whether the buyer has confirmed it.")


class CertificateSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    sha256 = serializers.CharField()
    pdf_url = serializers.CharField()
    record_url = serializers.CharField()
    verify_url = serializers.CharField(help_text="Public: whoever has the paper can check it there.")


class SignOffSerializer(serializers.Serializer[SignOff]):
    id = serializers.IntegerField()
    visit = serializers.UUIDField(help_text="Forms of one visit can be confirmed together.")
    device = serializers.IntegerField(source="device_id")
    status = serializers.ChoiceField(Standing.choices, source="standing")
    status_label = serializers.CharField(source="standing_label")
    installed_on = serializers.DateField()
    installed_on_jalali = JalaliTwinField(source="installed_on")
    items = serializers.SerializerMethodField()
    all_done_label = serializers.CharField()
    text = serializers.CharField(source="statement")
    text_version = serializers.CharField()
    prepared_at = MomentField()
    confirmed_at = MomentField(allow_null=True)
    declined_at = MomentField(allow_null=True)
    decline_reason = serializers.CharField()
    supersedes = serializers.IntegerField(source="supersedes_id", allow_null=True)
    certificate = serializers.SerializerMethodField()

    def get_items(self, sign_off: SignOff) -> list[dict[str, Any]]:
        done = sign_off.status == SignOff.Status.CONFIRMED
        return list(SignOffItemSerializer([{**item, "done": done} for item in sign_off.items], many=True).data)

    @extend_schema(responses=CertificateSerializer)
    def get_certificate(self, sign_off: SignOff) -> dict[str, str] | None:
        record = sign_off.record
        if record is None:
            return None
        return {
            "code": record.code,
            "sha256": record.sha256,
            "pdf_url": f"/sign-offs/{sign_off.pk}/certificate.pdf",
            "record_url": f"/sign-offs/{sign_off.pk}/record.json",
            "verify_url": f"/verify/{record.code}/",
        }


class CodeSentSerializer(serializers.Serializer[Any]):
    phone_masked = serializers.CharField()


class ConfirmSerializer(serializers.Serializer[Any]):
    items = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)
    all_done = serializers.BooleanField()
    code = serializers.CharField(max_length=20)


class VisitFormSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    items = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)
    all_done = serializers.BooleanField()


class ConfirmVisitSerializer(serializers.Serializer[Any]):
    forms = serializers.ListField(child=VisitFormSerializer(), max_length=200, help_text="Every form that waits.")
    code = serializers.CharField(max_length=20)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000)


def sign_offs_of(request: Request) -> SignOffQuerySet:
    """The buyer's forms, as `SignOffSerializer` reads them."""
    return SignOff.objects.visible_to(request.user).select_related("record", "superseded_by", "buyer")


class SignOffListView(BuyerView, ListAPIView[SignOff]):
    """The buyer's installation forms, newest first."""

    serializer_class = SignOffSerializer
    pagination_class = Pages
    filter_backends = [Ordering]
    ordering_fields = {"prepared_at": "prepared_at", "confirmed_at": "confirmed_at"}

    def get_queryset(self) -> QuerySet[SignOff]:
        word = chosen(self.request, "status", Standing)
        return sign_offs_of(self.request).in_standing(word) if word else sign_offs_of(self.request)

    @extend_schema(parameters=[OpenApiParameter("status", enum=Standing.values)])
    def get(self, request: Request) -> Response:
        return self.list(request)


class SignOffView(BuyerView):
    """One installation form, exactly as it is to be confirmed."""

    @extend_schema(operation_id="sign_off", responses=SignOffSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(SignOffSerializer(get_object_or_404(sign_offs_of(request), pk=pk)).data)


class SignOffCodeView(BuyerView):
    """The code for confirming a form."""

    @extend_schema(
        operation_id="send_sign_off_code",
        request=None,
        responses=CodeSentSerializer,
        description="Sends a code to the registered phone; an earlier one is void. 409 `signoff.already_confirmed`…",
    )
    def post(self, request: Request, pk: int) -> Response:
        sign_off = send_sign_off_code(user=request.user, sign_off_id=pk, now=timezone.now())
        return Response({"phone_masked": mask_mobile(sign_off.buyer.phone)})


class SignOffConfirmView(BuyerView):
    """Confirming a form: final."""

    @extend_schema(
        operation_id="confirm_sign_off",
        request=ConfirmSerializer,
        responses=SignOffSerializer,
        description=(
            "Every item and `all_done` must be ticked. 409: `signoff.already_confirmed`, `signoff.already_declined`, "
            "`code.missing`, `code.wrong`, `code.expired`, `code.used`, `code.spent`."
        ),
    )
    def post(self, request: Request, pk: int) -> Response:
        form = ConfirmSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        confirm_sign_off(
            buyer=self.buyer, sign_off_id=pk, actor=Actor.of(request), now=timezone.now(), **form.validated_data
        )
        return Response(SignOffSerializer(sign_offs_of(request).get(pk=pk)).data)


class VisitCodeView(BuyerView):
    """One code for all forms of a visit that wait."""

    @extend_schema(
        operation_id="send_visit_code",
        request=None,
        responses=CodeSentSerializer,
        description="Sends a code to the registered phone; an earlier one is void. 409 `signoff.visit_answered`.",
    )
    def post(self, request: Request, visit: UUID) -> Response:
        forms = send_visit_code(user=request.user, visit=visit, now=timezone.now())
        return Response({"phone_masked": mask_mobile(forms[0].buyer.phone)})


class VisitConfirmView(BuyerView):
    """Confirming all forms of a visit that wait, or none: final."""

    @extend_schema(
        operation_id="confirm_visit",
        request=ConfirmVisitSerializer,
        responses=SignOffSerializer(many=True),
        description=(
            "Every item and `all_done` of every form must be ticked. 409: `signoff.visit_answered`, "
            "`signoff.visit_changed`, `code.missing` (also when a form was answered since the code was asked for), "
            "`code.wrong`, `code.expired`, `code.used`, `code.spent`."
        ),
    )
    def post(self, request: Request, visit: UUID) -> Response:
        form = ConfirmVisitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        confirmed = confirm_visit(
            buyer=self.buyer,
            visit=visit,
            ticks={each["id"]: Ticks(items=each["items"], all_done=each["all_done"]) for each in data["forms"]},
            code=data["code"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
        rows = sign_offs_of(request).filter(pk__in=[each.pk for each in confirmed]).order_by("pk")
        return Response([SignOffSerializer(row).data for row in rows])


class SignOffDeclineView(BuyerView):
    """Saying what has not been done."""

    @extend_schema(
        operation_id="decline_sign_off",
        request=ReasonSerializer,
        responses=SignOffSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        decline_sign_off(
            user=request.user,
            sign_off_id=pk,
            reason=form.validated_data["reason"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
        return Response(SignOffSerializer(sign_offs_of(request).get(pk=pk)).data)
