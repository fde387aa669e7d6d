"""What has access to the buyer's account, and how to end it.

These addresses act on POST only; who comes by the address itself (say, after signing in anew) sees the page instead.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from customer.services import sign_in
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor


@buyer_only
def token_revoke(request: BuyerRequest, digest: str) -> HttpResponse:
    """Ends one API token of the buyer's own."""
    if request.method == "POST":
        try:
            sign_in.revoke_token(user=request.user, digest=digest, actor=Actor.of(request), now=timezone.now())
        except AuthToken.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("The access was ended."))
    return redirect("profile")


@buyer_only
def sign_out_everywhere(request: BuyerRequest) -> HttpResponse:
    """Ends every session and token, here too."""
    if request.method != "POST":
        return redirect("profile")
    sign_in.sign_out_everywhere(user=request.user, actor=Actor.of(request), now=timezone.now())
    logout(request)
    messages.success(request, _("You have been signed out on every phone and computer."))
    return redirect("login")
