"""The one door for buyers and staff."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from customer.forms import SignInForm, show_refusal
from customer.models import User
from customer.services.sign_in import verify_credentials
from kernel.refused import Refused, Throttled


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Buyers go on to `next` or their dashboard, staff to the admin with a shorter session."""
    if isinstance(request.user, User):
        return redirect(_way_on(request, request.user))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = verify_credentials(request=request, **form.cleaned_data, now=timezone.now())
        except Refused as refused:
            show_refusal(form, refused)
            return _page(request, form, refused)
        login(request, user)
        if user.as_buyer is None:
            request.session.set_expiry(settings.STAFF_SESSION_AGE)
        return redirect(_way_on(request, user))
    return _page(request, form)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this session."""
    logout(request)
    messages.success(request, _("You have signed out."))
    return redirect("login")


def _page(request: HttpRequest, form: SignInForm, refused: Refused | None = None) -> HttpResponse:
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    response = render(request, "portal/sign_in.html", context, status=refused.status if refused else 200)
    if isinstance(refused, Throttled):
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _way_on(request: HttpRequest, user: User) -> str:
    """The page that was asked for, when it is ours and on the person's own side of the house."""
    is_staff, admin = user.as_buyer is None, reverse("wagtailadmin_home")
    if is_staff and not user.has_perm("wagtailadmin.access_admin"):
        raise PermissionDenied
    asked = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    # The admin sends a buyer back here: to send him there again would never end.
    if ours and asked.startswith(admin) == is_staff:
        return asked
    return admin if is_staff else reverse("dashboard")
