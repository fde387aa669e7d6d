"""The buyer's own password, where the company lets buyers change it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from customer.forms import PasswordForm, show_refusal
from customer.services.sign_in import change_password
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor
from kernel.refused import Refused, Throttled
from portal.context import current_brand


@sensitive_post_parameters("old", "new", "again")
@buyer_only
def password(request: BuyerRequest) -> HttpResponse:
    """A new password ends every other session; this one goes on."""
    if not current_brand().buyers_change_password:
        raise PermissionDenied
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        try:
            user = change_password(user=request.user, old=old, new=new, actor=Actor.of(request), now=timezone.now())
        except Throttled:
            raise
        except Refused as refused:
            show_refusal(form, refused)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password was changed. Other phones and computers were signed out."))
            return redirect("profile")
    return render(request, "portal/password.html", {"nav_current": "profile", "form": form})
