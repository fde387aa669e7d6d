"""Who may open a buyer's page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from customer.models import Buyer, User


class BuyerRequest(HttpRequest):
    """A request of a buyer who has signed in; `buyer_only` sees to it."""

    user: User
    buyer: Buyer


def buyer_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For pages that speak of "my devices": puts `request.buyer` there; staff, who have none, get 403.

    Visitors do not come this far: the middleware has sent them to sign in.
    """

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        buyer = request.user.as_buyer
        if buyer is None:
            raise PermissionDenied
        request.buyer = buyer
        return view(request, *args, **kwargs)

    return guarded


def staff_may(permission: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """For the few pages outside the admin that staff use: who lacks the permission (every buyer does) gets 403."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
