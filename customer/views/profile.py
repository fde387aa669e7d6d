"""What is registered about the buyer, and the requests to put it right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from customer import queries
from customer.forms import CorrectionForm, show_refusal
from customer.models import CorrectionRequest
from customer.services.correction import request_correction
from customer.views.access import BuyerRequest, buyer_only
from kernel.actor import Actor
from kernel.refused import Refused

SHOWN = 10


@buyer_only
def profile(request: BuyerRequest) -> HttpResponse:
    """Identity (read-only), corrections, and what has access to the account."""
    corrections = list(CorrectionRequest.objects.visible_to(request.user)[:SHOWN])
    context = {
        "nav_current": "profile",
        "identity": queries.identity(request.buyer, corrections),
        "corrections": [(row, queries.shown(row.field, row.proposed)) for row in corrections],
        "tokens": queries.live_tokens(request.user, timezone.now()),
        "sign_ins": list(queries.sign_ins(request.user)[:SHOWN]),
    }
    return render(request, "customer/profile.html", context)


@buyer_only
def correction_new(request: BuyerRequest) -> HttpResponse:
    """The form for one field, named by `?field=`; without a known one, the choice of fields."""
    field = request.POST.get("field") or request.GET.get("field", "")
    if field not in CorrectionRequest.Field.values:
        return _choice_of_fields(request)
    form = CorrectionForm(request.POST or None, field=field, initial={"field": field})
    if request.method == "POST" and form.is_valid():
        try:
            request_correction(buyer=request.buyer, **form.cleaned_data, actor=Actor.of(request), now=timezone.now())
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("Your request was sent. An administrator will look into it."))
            return redirect("profile")
    label = CorrectionRequest.Field(field).label
    current = queries.shown(field, getattr(request.buyer, field))
    context = {"nav_current": "profile", "form": form, "label": label, "current": current, "field": field}
    return render(request, "customer/correction_new.html", context)


def _choice_of_fields(request: BuyerRequest) -> HttpResponse:
    waiting = CorrectionRequest.objects.visible_to(request.user).filter(status=CorrectionRequest.Status.WAITING)
    context = {"nav_current": "profile", "identity": queries.identity(request.buyer, list(waiting))}
    return render(request, "customer/correction_choose.html", context)
