"""All forms of one visit on one page: read, tick each, confirm them together with one code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customer import papers
from customer.forms import CodeForm, TicksForm, show_refusal
from customer.models import SignOff
from customer.services import visit as verbs
from customer.views.access import BuyerRequest, buyer_only, staff_may
from customer.views.answers import answer
from customer.views.sign_off import IN_PERSON, OWN, TICKS, Door, kept_ticks, takes_a_form
from kernel.actor import Actor
from kernel.persian import persian_digits
from kernel.refused import Refused

Status = SignOff.Status
TEMPLATES = {OWN: "customer/visit.html", IN_PERSON: "customer/visit_in_person.html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One form on the page of its visit."""

    sign_off: SignOff
    items: list[papers.PaperItem]
    form: TicksForm

    @property
    def ticks(self) -> list[str]:
        """The codes of the ticked items."""
        return list(self.form["items"].value() or [])


@takes_a_form
@buyer_only
def visit(request: BuyerRequest, pk: UUID) -> HttpResponse:
    """The forms of a visit that wait for the buyer; what was answered stands below."""
    return _page(request, SignOff.objects.visible_to(request.user), pk, OWN)


@takes_a_form
@staff_may("customer.prepare_signoff")
def visit_in_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same page on the technician's phone, for the buyer who stands beside him."""
    return _page(request, SignOff.objects.exclude(status=Status.WITHDRAWN), pk, IN_PERSON)


def _page(request: HttpRequest, sign_offs: Any, pk: UUID, door: Door) -> HttpResponse:
    rows = sign_offs.filter(visit=pk).with_paper().order_by("pk")
    forms = list(rows)
    if not forms:
        raise Http404
    if request.method != "POST":
        return _render(request, forms, _sheets(request, forms), CodeForm(), door)
    confirms = request.POST.get("do") == "confirm"
    sheets, code = _sheets(request, forms, request.POST), CodeForm(request.POST, needs_code=confirms)
    if not all([*(sheet.form.is_valid() for sheet in sheets), code.is_valid()]):
        return _render(request, forms, sheets, code, door, status=400)
    ticks = {sheet.sign_off.pk: verbs.Ticks(**sheet.form.cleaned_data) for sheet in sheets}
    act: Callable[..., HttpResponse] = _confirm if confirms else _send_code
    try:
        return act(request, forms, ticks, code, door)
    except SignOff.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        fresh = list(rows.all())
        if [form.status for form in fresh] == [form.status for form in forms]:
            _show(refused, sheets, code)
        else:  # answered elsewhere meanwhile: what still waits is to be read anew
            messages.error(request, refused.message)
            sheets, code = _sheets(request, fresh), CodeForm()
        return _render(request, fresh, sheets, code, door, refused=refused)


def _sheets(request: HttpRequest, forms: list[SignOff], asked: Any = None) -> list[Sheet]:
    return [_sheet(request, form, asked) for form in forms if form.status == Status.WAITING]


def _sheet(request: HttpRequest, sign_off: SignOff, asked: Any) -> Sheet:
    form = TicksForm(asked, sign_off=sign_off, prefix=str(sign_off.pk), initial=kept_ticks(request, sign_off))
    return Sheet(sign_off=sign_off, items=papers.items_of(sign_off), form=form)


def _show(refused: Refused, sheets: list[Sheet], code: CodeForm) -> None:
    """Puts a refusal onto the field that it names, `12-items` or `code`; else on top of the code."""
    number, _dash, field = refused.field.partition("-")
    for sheet in sheets:
        if field and number == str(sheet.sign_off.pk):
            sheet.form.add_error(field, refused.message)
            return
    show_refusal(code, refused)


def _send_code(
    request: HttpRequest, forms: list[SignOff], ticks: dict[int, verbs.Ticks], _code: CodeForm, door: Door
) -> HttpResponse:
    buyer, pk = forms[0].buyer, forms[0].visit
    verbs.require_all_complete(verbs.waiting_forms(buyer.user, pk), ticks)
    kept = request.session.get(TICKS, {})
    request.session[TICKS] = kept | {
        str(form): {"items": ticked.items, "all_done": True} for form, ticked in ticks.items()
    }
    verbs.send_visit_code(user=buyer.user, visit=pk, now=timezone.now())
    return redirect(f"{reverse(door.visit, args=[pk])}#code")


def _confirm(
    request: HttpRequest, forms: list[SignOff], ticks: dict[int, verbs.Ticks], code: CodeForm, door: Door
) -> HttpResponse:
    buyer, pk = forms[0].buyer, forms[0].visit
    confirmed = verbs.confirm_visit(
        buyer=buyer,
        visit=pk,
        ticks=ticks,
        code=code.cleaned_data["code"],
        actor=Actor.of(request),
        now=timezone.now(),
    )
    answered = {str(form.pk) for form in confirmed}
    kept = request.session.get(TICKS, {})
    request.session[TICKS] = {form: ticked for form, ticked in kept.items() if form not in answered}
    told = _("%(count)s installations were confirmed. Thank you.") % {"count": persian_digits(str(len(confirmed)))}
    messages.success(request, told)
    return redirect(door.visit, pk=pk)


def _render(
    request: HttpRequest, forms: list[SignOff], sheets: list[Sheet], code_form: CodeForm, door: Door, **options: Any
) -> HttpResponse:
    context: dict[str, Any] = {
        "nav_current": "profile",
        "buyer": forms[0].buyer,
        "visit": forms[0].visit,
        "answered": [form for form in forms if form.status != Status.WAITING],
        "sheets": sheets,
        "door": door,
        "form": code_form,
    }
    if sheets:
        purpose = verbs.purpose_of([sheet.sign_off for sheet in sheets])
        context["code"] = papers.code_state(purpose=purpose, phone=forms[0].buyer.phone, now=timezone.now())
    return answer(request, TEMPLATES[door], context, **options)
