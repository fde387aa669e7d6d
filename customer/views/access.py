"""Who may open a buyer's page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from customer.models import Buyer, User


class BuyerRequest(HttpRequest):
    """A request of a buyer who has signed in; `buyer_only` sees to it."""

    user: User
    buyer: Buyer


def buyer_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages that speak of "my devices": puts `request.buyer` there; staff, who have none, get 403.

    Visitors do not come this far: the middleware has sent them to sign in.
    """

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        buyer = request.user.as_buyer
        if buyer is None:
            raise PermissionDenied
        request.buyer = buyer
        return view(request, *args, **kwargs)

    return guarded
