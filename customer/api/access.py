"""Who may come into the REST face: buyers with a token or with the session of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from customer.models import Buyer
from kernel.actor import client_ip
from kernel.throttle import hit

if TYPE_CHECKING:
    from customer.models import User


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer <token>`; tokens are kept hashed, expire and can be revoked."""


class PageSessionAuthentication(SessionAuthentication):
    """The session of the pages, with CSRF; without it the answer is 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsBuyer(BasePermission):
    """Buyers only: staff work in the admin."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated and request.user.as_buyer is not None)


class Pages(PageNumberPagination):
    """`?page=`, `?page_size=` up to 100."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100


class PerPersonThrottle(BaseThrottle):
    """So many calls a minute per person, or per address for those who have not signed in."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        limits = settings.API_LIMITS
        person = request.user.pk if request.user and request.user.is_authenticated else None
        key, limit = (str(person), limits["person"]) if person else (client_ip(request) or "", limits["anonymous"])
        hit("api.person" if person else "api.anonymous", key, limit=limit, window=limits["window"])
        return True


class BuyerView(APIView):
    """The ground of every buyer's resource; `self.buyer` is who asks."""

    authentication_classes = [BearerAuthentication, PageSessionAuthentication]
    permission_classes = [IsBuyer]
    throttle_classes = [PerPersonThrottle]
    pagination_class = Pages

    @property
    def buyer(self) -> Buyer:
        """The buyer behind the request (the permission has made sure that there is one)."""
        user: User = self.request.user
        return user.buyer
