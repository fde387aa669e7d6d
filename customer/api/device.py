"""The buyer's devices."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from customer.api.access import BuyerView
from customer.api.lists import Ordering, Pages, Search, chosen
from customer.models import Device
from customer.models.device import DeviceQuerySet
from customer.queries import DeviceEvent, timeline
from customer.rules import ServiceMode, ServiceStatus
from kernel.jalali import jalali_iso, tehran_date, tehran_today
from kernel.row_serializer import RowSerializer
from kernel.serializer_fields import JalaliTwinField, LabelField, MomentField


class DeviceSerializer(RowSerializer[Device]):
    id = serializers.IntegerField()
    brand = serializers.CharField(source="brand_name")
    model = serializers.CharField(source="model_name")
    device_type = serializers.CharField(source="type_name")
    device_type_slug = serializers.CharField(source="type_slug")
    identifier_kind = serializers.ChoiceField(Device.IdentifierKind.choices)
    identifier_kind_label = LabelField(Device.IdentifierKind, source="identifier_kind")
    identifier = serializers.CharField()
    installed_on = serializers.DateField(allow_null=True)
    installed_on_jalali = JalaliTwinField(source="installed_on", allow_null=True)
    warranty_ends_on = serializers.DateField(allow_null=True)
    warranty_ends_on_jalali = JalaliTwinField(source="warranty_ends_on", allow_null=True)
    service_ends_on = serializers.DateField(source="standing.service_ends_on", allow_null=True)
    service_ends_on_jalali = JalaliTwinField(source="standing.service_ends_on", allow_null=True)
    service_status = serializers.ChoiceField(ServiceStatus.choices, source="standing.status")
    service_status_label = LabelField(ServiceStatus, source="standing.status")
    service_mode = serializers.ChoiceField(ServiceMode.choices, source="standing.mode")
    service_mode_label = LabelField(ServiceMode, source="standing.mode")
    days_left = serializers.IntegerField(
        source="standing.days_left", allow_null=True, help_text="0 when the service is over; null before it began."
    )


class DeviceSearch(Search):
    """In brand, model, type and identifier, as the pages do it."""

    def matching(self, queryset: QuerySet[Any], text: str, view: APIView) -> QuerySet[Any]:
        return cast(DeviceQuerySet, queryset).matching(text)


def devices_of(request: Request) -> DeviceQuerySet:
    """The devices that this person owns, as `DeviceSerializer` reads them: names as columns, one object per row."""
    names = {"brand_name": "brand__name", "model_name": "name", "type_name": "device_type__name"}
    columns = {name: F(f"model__{path}") for name, path in (names | {"type_slug": "device_type__slug"}).items()}
    return Device.objects.visible_to(request.user).with_standing(tehran_today()).annotate(**columns)


class DeviceListView(BuyerView, ListAPIView[Device]):
    """The buyer's devices with their service as it stands today."""

    serializer_class = DeviceSerializer
    pagination_class = Pages
    filter_backends = [DeviceSearch, Ordering]
    ordering_fields = {
        "id": "pk",
        "installed_on": "installed_on",
        "warranty_ends_on": "warranty_ends_on",
        "service_ends_on": "last_ends_on",
    }

    def get_queryset(self) -> QuerySet[Device]:
        word = chosen(self.request, "service_status", ServiceStatus)
        devices = devices_of(self.request)
        return devices.in_status(word, tehran_today()) if word else devices

    @extend_schema(parameters=[OpenApiParameter("service_status", enum=ServiceStatus.values)])
    def get(self, request: Request) -> Response:
        return self.list(request)


class DeviceView(BuyerView):
    """One of the buyer's devices."""

    @extend_schema(operation_id="device", responses=DeviceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(DeviceSerializer(get_object_or_404(devices_of(request), pk=pk)).data)


class EventSerializer(RowSerializer[Any]):
    at = MomentField()
    on = serializers.SerializerMethodField(help_text="The date in Tehran.")
    on_jalali = serializers.SerializerMethodField()
    kind = serializers.CharField(help_text="E.g. `sold`, `installed`, `period_renewal`, `choice_pay_per_case`.")
    title = serializers.CharField()
    detail = serializers.CharField()
    url = serializers.CharField(help_text="The page that tells more; may be empty.")

    def get_on(self, event: DeviceEvent) -> date:
        return tehran_date(event.at)

    def get_on_jalali(self, event: DeviceEvent) -> str:
        return jalali_iso(tehran_date(event.at))


class DeviceTimelineView(BuyerView, GenericAPIView[Any]):
    """What happened to one of the buyer's devices, newest first."""

    pagination_class = Pages
    serializer_class = EventSerializer

    @extend_schema(operation_id="device_timeline", responses=EventSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        device = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
        page = self.paginate_queryset(timeline(device))
        return self.get_paginated_response(EventSerializer(page or [], many=True).data)
