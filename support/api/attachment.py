"""Files: uploaded first, then named in a ticket or a message."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.api.idempotency import IDEMPOTENCY_PARAMETERS, idempotent
from customer.api.wire import JsonObjectParser
from kernel.row_serializer import RowSerializer
from support.file_kinds import KINDS
from support.models import Attachment
from support.queries import FileLine
from support.services.attachment import store_upload
from support.serving import serve


class AttachmentSerializer(RowSerializer[Attachment | FileLine]):
    id = serializers.CharField(source="pk")
    name = serializers.CharField()
    size = serializers.IntegerField()
    content_type = serializers.CharField()
    url = serializers.SerializerMethodField()

    def get_url(self, attachment: Attachment | FileLine) -> str:
        return f"/api/v1/attachments/{attachment.pk}/"


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()


class AttachmentsView(BuyerView):
    """Uploading a file."""

    parser_classes = [MultiPartParser, JsonObjectParser]  # the second only to say that a file is missing

    @extend_schema(
        operation_id="upload",
        parameters=IDEMPOTENCY_PARAMETERS,
        request={"multipart/form-data": UploadSerializer},
        responses={201: AttachmentSerializer},
        description=(
            "Pictures (drawn anew: place and camera do not come along), PDF, text, video and sound. 400 with "
            "`attachment.lying_type`, `attachment.unknown_type`, `attachment.too_large`, `attachment.broken`… What no "
            "ticket takes within a day is dropped."
        ),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = store_upload(owner_id=self.person.pk, upload=form.validated_data["file"], now=timezone.now())
        return Response(AttachmentSerializer(made).data, status=status.HTTP_201_CREATED)


class AttachmentView(BuyerView):
    """One file of the buyer's own tickets, as a download."""

    @extend_schema(
        operation_id="attachment",
        responses={(200, kind.content_type): OpenApiTypes.BINARY for kind in KINDS.values()},
    )
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        rows = Attachment.objects.visible_to(request.user, timezone.now()).filter(state=Attachment.State.READY)
        return serve(request, get_object_or_404(rows, pk=pk))
