"""What a buyer wants to be told, for programs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cms.models import Campaign, NoticePage
from cms.services.preference import CHANNELS, KINDS, mute_only, muted_by
from customer.api.access import BuyerView
from kernel.actor import Actor
from kernel.serializer_fields import LabelField


class PreferenceSerializer(serializers.Serializer[Any]):
    """One kind of notice."""

    kind = serializers.ChoiceField(NoticePage.Kind.choices)
    kind_label = LabelField(NoticePage.Kind, source="kind", read_only=True)
    sms = serializers.BooleanField()
    whatsapp = serializers.BooleanField()
    can_mute = serializers.BooleanField(read_only=True, help_text="Legal kinds are always sent.")


class PreferencesSerializer(serializers.Serializer[Any]):
    """Every kind with its channels; dashboard and inbox always tell everything."""

    preferences = PreferenceSerializer(many=True)


class NoticePreferencesView(BuyerView):
    """Which notices also come to the buyer's phone. Kinds that are left out stay as they are."""

    @extend_schema(operation_id="notice_preferences", responses=PreferencesSerializer)
    def get(self, _request: Request) -> Response:
        return self._answer(muted_by(self.buyer))

    @extend_schema(
        operation_id="set_notice_preferences",
        request=PreferencesSerializer,
        responses=PreferencesSerializer,
        description="400 `preference.legal` for switching off what is always sent.",
    )
    def put(self, request: Request) -> Response:
        form = PreferencesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        muted = muted_by(self.buyer)
        for row in form.validated_data["preferences"]:
            for channel in CHANNELS:
                pair = (row["kind"], channel.value)
                muted = muted - {pair} if row[channel.value] else muted | {pair}
        saved = mute_only(buyer=self.buyer, pairs=muted, actor=Actor.of(request), now=timezone.now())
        return self._answer(saved)

    def _answer(self, muted: set[tuple[str, str]]) -> Response:
        rows = [
            {
                "kind": kind.value,
                "can_mute": kind not in Campaign.LEGAL_KINDS,
                **{channel.value: (kind.value, channel.value) not in muted for channel in CHANNELS},
            }
            for kind in (*KINDS, *sorted(NoticePage.Kind(kind) for kind in Campaign.LEGAL_KINDS))
        ]
        return Response(PreferencesSerializer({"preferences": rows}).data)
