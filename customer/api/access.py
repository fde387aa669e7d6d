"""Who may come into the REST face: buyers with a token or with the session of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from customer.api.wire import AlwaysJson, JsonObjectParser
from customer.models import Buyer
from kernel.actor import client_ip
from kernel.refused import Refused
from kernel.throttle import pace

if TYPE_CHECKING:
    from customer.models import User


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer <token>`; tokens are kept hashed, expire and can be revoked."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        """The person and the token, in one query: the row is found by the token's hash."""
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error
        alive = AuthToken.objects.filter(digest=digest, expiry__gt=timezone.now(), user__is_active=True)
        row = alive.select_related("user__buyer").first()
        if row is None:
            raise AuthenticationFailed
        return row.user, row


class PageSessionAuthentication(SessionAuthentication):
    """The session of the pages, with CSRF; without it the answer is 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def enforce_csrf(self, request: Request) -> None:
        """Raises Refused `csrf.failed`."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            message = _("The request does not carry the page's CSRF token.")
            raise Refused("csrf.failed", message, status=403) from error


class IsBuyer(BasePermission):
    """Buyers only: staff work in the admin."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated and request.user.as_buyer is not None)


class PerPersonThrottle(BaseThrottle):
    """So many calls a minute per person, or per address for those who have not signed in; without a cache, any."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limits: dict[str, Any] = settings.API_LIMITS
        person = request.user.pk if request.user and request.user.is_authenticated else None
        key, limit = (str(person), limits["person"]) if person else (client_ip(request) or "", limits["anonymous"])
        pace("api.person" if person else "api.anonymous", key, limit=limit, window=limits["window"])
        return True


class Door(APIView):
    """What every view of the REST face has in common, public ones too: JSON in and out, and a limit of calls."""

    authentication_classes = [BearerAuthentication, PageSessionAuthentication]
    throttle_classes = [PerPersonThrottle]
    parser_classes = [JsonObjectParser]
    content_negotiation_class = AlwaysJson
    metadata_class = None  # OPTIONS tells nothing that the schema does not tell better

    @property
    def person(self) -> User:
        """Who has signed in (the permission has made sure that somebody has)."""
        return cast("User", self.request.user)


class BuyerView(Door):
    """The ground of every buyer's resource; `self.buyer` is who asks."""

    permission_classes = [IsBuyer]

    @property
    def buyer(self) -> Buyer:
        """The buyer behind the request (the permission has made sure that there is one)."""
        return self.person.buyer
