"""Signing in and out of the REST face."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.models import AuthToken
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from customer.api.access import BearerAuthentication, BuyerView, Door
from customer.api.lists import Pages
from customer.services.sign_in import revoke_token, sign_out_everywhere, verify_credentials
from customer.services.token import issue_token
from kernel.actor import Actor, client_ip
from kernel.serializer_fields import MomentField


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=256, trim_whitespace=False, style={"input_type": "password"})


class IssuedTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown this once; it is kept as a hash only.")
    expires_at = MomentField()


class TokenSerializer(serializers.Serializer[AuthToken]):
    key = serializers.CharField(source="token_key", help_text="The first characters of the token.")
    created_at = MomentField(source="created")
    expires_at = MomentField(source="expiry")
    is_current = serializers.SerializerMethodField(help_text="Whether this very request carries it.")

    def get_is_current(self, token: AuthToken) -> bool:
        return bool(token == self.context["request"].auth)


class TokenView(Door):
    """One token: made with username and password, ended by itself."""

    authentication_classes = [BearerAuthentication]

    def get_authenticators(self) -> list[BaseAuthentication]:
        """A client that signs in may still carry an old token: it does not count."""
        return [] if self.request and self.request.method == "POST" else super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.request and self.request.method == "POST" else IsAuthenticated()]

    @extend_schema(
        operation_id="sign_in",
        auth=[],
        request=CredentialsSerializer,
        responses={200: IssuedTokenSerializer},
        description="Unknown name, wrong password and closed account get one and the same 401 `sign_in.failed`.",
    )
    def post(self, request: Request) -> Response:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        user = verify_credentials(request=request, now=now, **form.validated_data)
        actor = Actor(user_id=user.pk, ip=client_ip(request), agent=request.headers.get("User-Agent", "")[:300])
        row, text = issue_token(user=user, actor=actor, now=now)
        return Response(IssuedTokenSerializer({"token": text, "expires_at": row.expiry}).data)

    @extend_schema(operation_id="sign_out", request=None, responses={204: OpenApiResponse(description="Revoked.")})
    def delete(self, request: Request) -> Response:
        """Revokes the token that the request carries."""
        token = cast(AuthToken, request.auth)
        revoke_token(user=self.person, digest=token.digest, actor=Actor.of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenListView(BuyerView, ListAPIView[AuthToken]):
    """The buyer's tokens that are still good, newest first."""

    serializer_class = TokenSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[AuthToken]:
        return AuthToken.objects.filter(user=self.buyer.user_id, expiry__gt=timezone.now()).order_by("-created")

    @extend_schema(operation_id="sign_out_everywhere", responses={204: OpenApiResponse(description="Signed out.")})
    def delete(self, request: Request) -> Response:
        """Ends every token and every session of the pages, this one included."""
        sign_out_everywhere(user=self.person, actor=Actor.of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenDetailView(BuyerView):
    """One of the buyer's tokens."""

    @extend_schema(operation_id="revoke_token", responses={204: OpenApiResponse(description="Revoked.")})
    def delete(self, request: Request, key: str) -> Response:
        """Revokes the token of this key."""
        token = get_object_or_404(AuthToken, user=self.buyer.user_id, token_key=key)
        revoke_token(user=self.person, digest=token.digest, actor=Actor.of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
