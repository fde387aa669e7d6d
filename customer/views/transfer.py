"""Handing a device over: the owner's request, and the public page on which the new owner answers it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from customer import papers
from customer.forms import CodeForm, NewOwnerForm, TransferForm, show_refusal
from customer.models import Device, Transfer
from customer.services import transfer as verbs
from customer.services.document import TYPES
from customer.services.new_owner import NewOwner, checked_new_owner
from customer.views.access import BuyerRequest, buyer_only
from customer.views.answers import answer
from customer.views.sign_off import takes_a_form
from kernel import throttle
from kernel.actor import Actor, client_ip
from kernel.refused import Refused

PER_PAGE = 20
RECEIVED = 20
# Many people share one address of a mobile network; a token cannot be guessed anyway.
LINK_LIMIT, LINK_WINDOW = 60, timedelta(minutes=10)
ON_TEXT_PAGE = {"document", "statement_accepted"}
Status = Transfer.Status


@require_safe
@buyer_only
def transfer_list(request: BuyerRequest) -> HttpResponse:
    """The buyer's own requests, his papers even after the device has gone; and the deeds of what came to him."""
    rows = Transfer.objects.visible_to(request.user).select_related("device__model__brand")
    received = Transfer.objects.received_by(request.user).select_related("device__model__brand")
    context = {
        "nav_current": "profile",
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "received": received.order_by("-decided_at", "-pk")[:RECEIVED],
    }
    return render(request, "customer/transfer_list.html", context)


# --- a new request -------------------------------------------------------------------------------------------------


@takes_a_form
@buyer_only
def transfer_new(request: BuyerRequest) -> HttpResponse:
    """First who gets which device, then the formal text; nothing is kept before that is accepted."""
    devices = _devices_to_hand_over(request)
    if request.method == "POST":
        act = {"file": _file, "review": _review}.get(request.POST.get("do", ""), _edit)
        return act(request, devices)
    wanted = request.GET.get("device", "")
    if wanted.isdecimal():
        device = get_object_or_404(Device.objects.visible_to(request.user), pk=wanted)
        under_way = Transfer.objects.visible_to(request.user).under_way().filter(device=device).first()
        if under_way is not None:
            return redirect("transfer_detail", pk=under_way.pk)
    return _first_page(request, NewOwnerForm(devices=devices, initial={"device": wanted}))


def _devices_to_hand_over(request: BuyerRequest) -> list[Device]:
    under_way = Transfer.objects.under_way().filter(device=OuterRef("pk"))
    return list(Device.objects.visible_to(request.user).with_names().exclude(Exists(under_way)))


def _edit(request: BuyerRequest, devices: list[Device]) -> HttpResponse:
    """Back from the text to what it says."""
    return _first_page(request, NewOwnerForm(devices=devices, initial=request.POST.dict()))


def _review(request: BuyerRequest, devices: list[Device]) -> HttpResponse:
    form = NewOwnerForm(request.POST, devices=devices)
    if not form.is_valid():
        return _first_page(request, form, status=400)
    try:
        return _text_page(request, TransferForm(devices=devices, initial=request.POST.dict()), form.cleaned_data)
    except Refused as refused:
        show_refusal(form, refused)
        return _first_page(request, form, refused=refused)


def _file(request: BuyerRequest, devices: list[Device]) -> HttpResponse:
    form = TransferForm(request.POST, request.FILES, devices=devices)
    if not form.is_valid() and set(form.errors) - ON_TEXT_PAGE:
        return _first_page(request, form, status=400)
    data = form.cleaned_data
    try:
        if not form.is_valid():
            return _text_page(request, form, data, status=400)
        made = _request(request, data)
    except Device.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        show_refusal(form, refused)
        if refused.field in ON_TEXT_PAGE:
            return _text_page(request, form, data, refused=refused)
        return _first_page(request, form, refused=refused)
    return redirect("transfer_detail", pk=made.pk)


def _request(request: BuyerRequest, data: dict[str, Any]) -> Transfer:
    return verbs.request_transfer(
        buyer=request.buyer,
        device_id=data["device"],
        new_owner=_named(data),
        reason=data["reason"],
        document=data["document"],
        statement_accepted=data["statement_accepted"],
        actor=Actor.of(request),
        now=timezone.now(),
    )


def _named(data: dict[str, Any]) -> NewOwner:
    names = ("first_name", "last_name", "national_code", "phone")
    return NewOwner(**{name: data[name] for name in names})


def _first_page(request: BuyerRequest, form: NewOwnerForm, **options: Any) -> HttpResponse:
    context = {"nav_current": "profile", "form": form, "steps": _steps()}
    return answer(request, "customer/transfer_new.html", context, **options)


def _text_page(request: BuyerRequest, form: TransferForm, data: dict[str, Any], **options: Any) -> HttpResponse:
    """The formal text, word for word as it will be signed. Raises Refused when the new owner cannot be one."""
    named = checked_new_owner(request.buyer, _named(data))
    device = get_object_or_404(Device.objects.visible_to(request.user).with_names(), pk=data["device"])
    context = {
        "nav_current": "profile",
        "form": form,
        "carried": [form[name] for name in NewOwnerForm.base_fields],
        "device": device,
        "named": named,
        "reason": Transfer.Reason(data["reason"]).label,
        "needs_document": data["reason"] in Transfer.NEEDS_DOCUMENT,
        "statement": verbs.statement_of(device, named),
        "steps": _steps(),
    }
    return answer(request, "customer/transfer_review.html", context, **options)


def _steps() -> list[str]:
    return [_("New owner"), _("Formal text"), _("Code"), _("Review"), _("Hand-over")]


# --- a request of one's own ----------------------------------------------------------------------------------------


@takes_a_form
@buyer_only
def transfer_detail(request: BuyerRequest, pk: int) -> HttpResponse:
    """One request: confirmed with a code, then followed until it is decided."""
    found = _own(request, pk)
    if request.method != "POST":
        return _detail_page(request, found, CodeForm())
    confirms = request.POST.get("do") == "confirm"
    form = CodeForm(request.POST if confirms else None)
    if confirms and not form.is_valid():
        return _detail_page(request, found, form, status=400)
    try:
        if not confirms:
            verbs.send_transfer_code(user=request.user, transfer_id=pk, now=timezone.now())
            return redirect(f"{reverse('transfer_detail', args=[pk])}#code")
        verbs.submit_transfer(
            user=request.user,
            transfer_id=pk,
            code=form.cleaned_data["code"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
    except Refused as refused:
        return _refused_detail(request, pk, form, refused)
    messages.success(request, _("Your request was sent. An administrator will look into it."))
    return redirect("transfer_detail", pk=pk)


def _refused_detail(request: BuyerRequest, pk: int, form: CodeForm, refused: Refused) -> HttpResponse:
    found = _own(request, pk)
    if found.status == Status.DRAFT and form.is_bound:
        show_refusal(form, refused)
    else:
        messages.error(request, refused.message)
    return _detail_page(request, found, form, refused=refused)


@buyer_only
def transfer_cancel(request: BuyerRequest, pk: int) -> HttpResponse:
    """Takes the request back; only looked at, it leads to the request."""
    if request.method == "POST":
        try:
            verbs.cancel_transfer(user=request.user, transfer_id=pk, actor=Actor.of(request), now=timezone.now())
        except Transfer.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("The request was cancelled. The device stays yours."))
    return redirect("transfer_detail", pk=_own(request, pk).pk)


@require_safe
@buyer_only
def transfer_document(request: BuyerRequest, pk: int) -> FileResponse:
    """The paper that was sent in with a request."""
    found = _own(request, pk)
    if not found.document:
        raise Http404
    name = str(found.document.name)
    kind = TYPES[name.rpartition(".")[2]]
    return FileResponse(found.document.open("rb"), as_attachment=True, content_type=kind)


def _own(request: BuyerRequest, pk: int) -> Transfer:
    rows = Transfer.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("device__model__brand", "device__owner", "owner", "record"), pk=pk)


def _detail_page(request: BuyerRequest, found: Transfer, form: CodeForm, **options: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "nav_current": "profile",
        "transfer": found,
        "form": form,
        "steps": _steps(),
        "step": {Status.DRAFT: 3, Status.SUBMITTED: 4, Status.APPROVED: 6}.get(Status(found.status)),
        "is_mine": found.device.owner_id == found.owner_id,
    }
    if found.status == Status.DRAFT:
        purpose, phone = verbs.purpose_of(found), found.owner.phone
        context["code"] = papers.code_state(purpose=purpose, phone=phone, now=timezone.now())
    return answer(request, "customer/transfer_detail.html", context, **options)


# --- the new owner -------------------------------------------------------------------------------------------------


# Exempt because authority lies in the address and in the code, not in a cookie; and because a page that names no
# referrer makes browsers send `Origin: null`, which the check would refuse.
@csrf_exempt
@login_not_required
@takes_a_form
def transfer_accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the one-time link: who hands what over, and the new owner's answer."""
    throttle.hit("transfer.accept", client_ip(request) or "", limit=LINK_LIMIT, window=LINK_WINDOW)
    found = verbs.transfer_of_token(token)
    if found is None:
        return _kept_from_others(render(request, "customer/transfer_link_over.html", status=404))
    if request.method != "POST":
        return _accept_page(request, found, CodeForm())
    wish = request.POST.get("do", "")
    form = CodeForm(request.POST if wish in {"accept", "decline"} else None)
    if form.is_bound and not form.is_valid():
        return _accept_page(request, found, form, status=400)
    return _try_answer(request, found, form, token)


def _try_answer(request: HttpRequest, found: Transfer, form: CodeForm, token: str) -> HttpResponse:
    try:
        if not form.is_bound:
            verbs.send_acceptance_code(token=token, now=timezone.now())
            return _kept_from_others(redirect(f"{request.path}#code"))
        answered = verbs.answer_transfer(
            token=token,
            accept=request.POST["do"] == "accept",
            code=form.cleaned_data["code"],
            actor=Actor.of(request),
            now=timezone.now(),
        )
    except Refused as refused:
        if refused.code == "transfer.link_invalid":
            return _kept_from_others(render(request, "customer/transfer_link_over.html", status=404))
        if form.is_bound:
            show_refusal(form, refused)
        return _accept_page(request, found, form, refused=refused)
    return _kept_from_others(render(request, "customer/transfer_answered.html", {"transfer": answered}))


def _accept_page(
    request: HttpRequest, found: Transfer, form: CodeForm, *, status: int = 200, refused: Refused | None = None
) -> HttpResponse:
    purpose, phone = verbs.purpose_of(found, "new_owner"), found.new_phone
    context = {
        "transfer": found,
        "form": form,
        "code": papers.code_state(purpose=purpose, phone=phone, now=timezone.now()),
        "refused": None if form.is_bound else refused,
    }
    page = answer(request, "customer/transfer_accept.html", context, status=status, refused=refused)
    return _kept_from_others(page)


def _kept_from_others(response: HttpResponse) -> HttpResponse:
    """Whoever knows the address can answer: no cache, no search engine and no other site may learn it."""
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
