"""The buyer's own password, through the REST face."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BuyerView
from customer.services.sign_in import change_password
from kernel.actor import Actor
from kernel.refused import Refused
from portal.context import current_brand


class NewPasswordSerializer(serializers.Serializer[Any]):
    old = serializers.CharField(max_length=256, trim_whitespace=False, style={"input_type": "password"})
    new = serializers.CharField(max_length=256, trim_whitespace=False, style={"input_type": "password"})


class PasswordView(BuyerView):
    """Where the company lets buyers change it; 403 `password.kept_by_company` where it does not."""

    @extend_schema(
        operation_id="change_password",
        request=NewPasswordSerializer,
        responses={204: OpenApiResponse(description="Changed; every token and session has ended.")},
    )
    def post(self, request: Request) -> Response:
        if not current_brand().buyers_change_password:
            message = _("Please ask the company for a new password.")
            raise Refused("password.kept_by_company", message, status=403)
        form = NewPasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        change_password(user=self.person, actor=Actor.of(request), now=timezone.now(), **form.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
