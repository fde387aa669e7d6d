"""The installation form: the buyer reads it, ticks it, and confirms it with a code; or says what is missing.

The same form can be shown on the technician's phone; the code goes to the buyer's in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customer import papers
from customer.forms import DeclineForm, SignOffForm, show_refusal
from customer.models import SignOff, SignOffPhoto
from customer.services import sign_off as verbs
from customer.views.access import BuyerRequest, buyer_only, staff_may
from customer.views.answers import answer
from kernel.actor import Actor
from kernel.refused import Refused

PER_PAGE = 20
TICKS = "sign_off_ticks"
Status = SignOff.Status
takes_a_form = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the form is shown: its page, its address, those of its photos and of its whole visit."""

    template: str
    page: str
    photo: str
    visit: str


OWN = Door(template="customer/sign_off_detail.html", page="sign_off_detail", photo="sign_off_photo", visit="visit")
IN_PERSON = Door(
    template="customer/sign_off_in_person.html",
    page="sign_off_in_person",
    photo="sign_off_in_person_photo",
    visit="visit_in_person",
)


@require_safe
@buyer_only
def sign_off_list(request: BuyerRequest) -> HttpResponse:
    """All forms of the buyer, those that wait first."""
    page = Paginator(papers.sign_offs_in_order(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "customer/sign_off_list.html", {"nav_current": "profile", "page_obj": page})


@takes_a_form
@buyer_only
def sign_off_detail(request: BuyerRequest, pk: int) -> HttpResponse:
    """One form, in full; while it waits, with what confirms it."""
    return _form_page(request, SignOff.objects.visible_to(request.user), pk, OWN)


@takes_a_form
@staff_may("customer.prepare_signoff")
def sign_off_in_person(request: HttpRequest, pk: int) -> HttpResponse:
    """The form on the technician's phone, for the buyer who stands beside him."""
    return _form_page(request, SignOff.objects.all(), pk, IN_PERSON)


@takes_a_form
@buyer_only
def sign_off_decline(request: BuyerRequest, pk: int) -> HttpResponse:
    """Asks what is missing, before the buyer declines."""
    sign_off = get_object_or_404(SignOff.objects.visible_to(request.user).with_names(), pk=pk)
    if request.method != "POST":
        if sign_off.status != Status.WAITING:
            return redirect("sign_off_detail", pk=pk)
        return _decline_page(request, sign_off, DeclineForm())
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _decline_page(request, sign_off, form, status=400)
    now, reason = timezone.now(), form.cleaned_data["reason"]
    try:
        verbs.decline_sign_off(user=request.user, sign_off_id=pk, reason=reason, actor=Actor.of(request), now=now)
    except Refused as refused:
        show_refusal(form, refused)
        return _decline_page(request, sign_off, form, refused=refused)
    messages.success(request, _("Thank you. Our colleagues will look into it and call you."))
    return redirect("sign_off_detail", pk=pk)


@require_safe
@buyer_only
def sign_off_photo(request: BuyerRequest, pk: int, photo: int) -> FileResponse:
    """A photo of one of the buyer's forms."""
    return _photo(SignOff.objects.visible_to(request.user), pk, photo)


@require_safe
@staff_may("customer.prepare_signoff")
def sign_off_in_person_photo(request: HttpRequest, pk: int, photo: int) -> FileResponse:
    """The same photo on the technician's phone."""
    return _photo(SignOff.objects.all(), pk, photo)


def _photo(sign_offs: Any, pk: int, photo: int) -> FileResponse:
    found = get_object_or_404(SignOffPhoto.objects.filter(sign_off__in=sign_offs.filter(pk=pk)), pk=photo)
    return FileResponse(found.file.open("rb"), content_type="image/jpeg")


def _decline_page(request: BuyerRequest, sign_off: SignOff, form: DeclineForm, **options: Any) -> HttpResponse:
    context = {"nav_current": "profile", "sign_off": sign_off, "form": form}
    return answer(request, "customer/sign_off_decline.html", context, **options)


# --- the form itself -----------------------------------------------------------------------------------------------


def _form_page(request: HttpRequest, sign_offs: Any, pk: int, door: Door) -> HttpResponse:
    sign_off = get_object_or_404(sign_offs.with_paper(), pk=pk)
    if request.method != "POST":
        form = SignOffForm(sign_off=sign_off, initial=kept_ticks(request, sign_off))
        return _render(request, sign_off, form, door)
    confirms = request.POST.get("do") == "confirm"
    form = SignOffForm(request.POST, sign_off=sign_off, needs_code=confirms)
    if not form.is_valid():
        return _render(request, sign_off, form, door, status=400)
    act: Callable[..., HttpResponse] = _confirm if confirms else _send_code
    try:
        return act(request, sign_off, form.cleaned_data, door)
    except SignOff.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        sign_off = get_object_or_404(sign_offs.with_paper(), pk=pk)
        if sign_off.status == Status.WAITING:
            show_refusal(form, refused)
        else:
            messages.error(request, refused.message)
        return _render(request, sign_off, form, door, refused=refused)


def _send_code(request: HttpRequest, sign_off: SignOff, data: dict[str, Any], door: Door) -> HttpResponse:
    verbs.require_complete(sign_off, items=data["items"], all_done=data["all_done"])
    kept = request.session.get(TICKS, {})
    request.session[TICKS] = kept | {str(sign_off.pk): {"items": data["items"], "all_done": True}}
    verbs.send_sign_off_code(user=sign_off.buyer.user, sign_off_id=sign_off.pk, now=timezone.now())
    return redirect(f"{reverse(door.page, args=[sign_off.pk])}#code")


def _confirm(request: HttpRequest, sign_off: SignOff, data: dict[str, Any], door: Door) -> HttpResponse:
    verbs.confirm_sign_off(
        buyer=sign_off.buyer, sign_off_id=sign_off.pk, **data, actor=Actor.of(request), now=timezone.now()
    )
    kept = request.session.get(TICKS, {})
    request.session[TICKS] = {pk: ticks for pk, ticks in kept.items() if pk != str(sign_off.pk)}
    following = next((other for other in papers.visit_of(sign_off) if other.status == Status.WAITING), None)
    if following is None:
        messages.success(request, _("The installation was confirmed. Thank you."))
        return redirect(door.page, pk=sign_off.pk)
    device = following.device.model
    messages.success(request, _("Confirmed. Now the form of %(device)s, please.") % {"device": device})
    return redirect(door.page, pk=following.pk)


def kept_ticks(request: HttpRequest, sign_off: SignOff) -> dict[str, Any]:
    """What was ticked before the code was asked for."""
    kept: dict[str, Any] = request.session.get(TICKS, {}).get(str(sign_off.pk), {})
    return kept


def _render(request: HttpRequest, sign_off: SignOff, form: SignOffForm, door: Door, **options: Any) -> HttpResponse:
    visit = papers.visit_of(sign_off)
    several_wait = sum(form.status == Status.WAITING for form in visit) > 1
    context: dict[str, Any] = {
        "nav_current": "profile",
        "sign_off": sign_off,
        "items": papers.items_of(sign_off),
        "visit": visit,
        "whole": reverse(door.visit, args=[sign_off.visit]) if several_wait else "",
        "door": door,
        "form": form,
        "ticks": form["items"].value() or [],
    }
    if sign_off.status == Status.WAITING:
        purpose, phone = verbs.purpose_of(sign_off), sign_off.buyer.phone
        context["code"] = papers.code_state(purpose=purpose, phone=phone, now=timezone.now())
    return answer(request, door.template, context, **options)
