"""A buyer's tickets: the list, a new one, the conversation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import F, OuterRef, Subquery
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customer.forms import show_refusal
from customer.models import Device
from customer.views.access import BuyerRequest, buyer_only
from customer.views.answers import answer
from kernel.actor import Actor
from kernel.once import form_key, made_before, made_once
from kernel.paging import CountingPaginator
from kernel.persian import left_to_right, persian_digits
from kernel.refused import Refused
from support import queries, suggestions
from support.forms import CHOOSE_DEVICE, MessageForm, RatingForm, TicketForm, TicketSearchForm
from support.models import Attachment, Message, Ticket, TicketDraft
from support.rules import can_rate, can_reopen, closes_at
from support.services import conversation
from support.services import ticket as verbs
from support.services.ticket import NewTicket
from support.uploading import take_files

PER_PAGE = 20
takes_a_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@buyer_only
def ticket_list(request: BuyerRequest) -> HttpResponse:
    """The tickets, what was last spoken of first."""
    form = TicketSearchForm(request.GET)
    form.is_valid()  # what cannot be read is not asked for
    wish = form.cleaned_data
    state = request.GET.get("status", "")
    wanted = queries.Wanted(
        state=state if state in queries.STATES else "",
        importance=wish.get("importance") or "",
        device_id=wish.get("device"),
        search=wish.get("q") or "",
    )
    now = timezone.now()
    tickets = CountingPaginator(queries.tickets_of(request.user, wanted, now=now), PER_PAGE)
    page = tickets.get_page(request.GET.get("page"))
    context = {
        "nav_current": "ticket_list",
        "page_obj": page,
        "lines": [queries.ticket_line(ticket, now=now) for ticket in page],
        "wanted": wanted,
        "is_narrowed": wanted != queries.Wanted(),
        "rest": _rest_of(request, "status", "page"),
        "devices": queries.device_names(request.user),
    }
    return render(request, "support/ticket_list.html", context)


def _rest_of(request: BuyerRequest, *without: str) -> str:
    """The query of the address without some of its parts, to be put behind others."""
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return f"&{query.urlencode()}" if query else ""


# --- a new ticket ----------------------------------------------------------------------------------------------------


@takes_a_form
@buyer_only
def ticket_new(request: BuyerRequest) -> HttpResponse:
    """Device, importance, title, description and files; each device with the answer of the gate."""
    if request.method != "POST":
        draft = TicketDraft.objects.filter(author=request.user, ticket__isnull=True).first()
        initial = {"device": request.GET.get("device", ""), "title": draft and draft.title}
        return _new_page(request, TicketForm(initial={**initial, "description": draft.body if draft else ""}))
    mine, key = Ticket.objects.filter(opened_by=request.user).only("number"), form_key(request)
    if (before := made_before(mine, key)) is not None:
        return _opened(request, before)
    form = TicketForm(request.POST, request.FILES)
    is_valid, kept = form.is_valid(), take_files(request, form)
    if not is_valid or not form.is_valid():
        return _new_page(request, form, kept=kept, status=400)
    try:
        made = made_once(mine, key, lambda: _open(request, form.cleaned_data, kept, key))
    except Device.DoesNotExist:
        form.add_error("device", CHOOSE_DEVICE)
        return _new_page(request, form, kept=kept, status=400)
    except Refused as refused:
        show_refusal(form, refused)
        return _new_page(request, form, kept=kept, refused=refused)
    return _opened(request, made)


def _opened(request: BuyerRequest, made: Ticket) -> HttpResponse:
    messages.success(
        request,
        _("Your ticket was sent. Its number is %(number)s.") % {"number": left_to_right(persian_digits(made.number))},
    )
    return _taken(request, redirect("ticket_detail", made.number), "ticket-new")


def _taken(request: BuyerRequest, response: HttpResponse, form: str) -> HttpResponse:
    """Tells the browser that what was typed into this form has arrived, so that it forgets its own copy."""
    response.set_cookie("draft_sent", form, path="/tickets/", secure=request.is_secure(), samesite="Lax")
    return response


def _open(request: BuyerRequest, data: dict[str, Any], kept: list[Attachment], key: str) -> Ticket:
    wish = NewTicket(
        device_id=data["device"],
        title=data["title"],
        description=data["description"],
        importance=data["importance"],
        accept_tariff=data["accept_tariff"],
        attachment_ids=[attachment.pk for attachment in kept],
        form_key=key,
    )
    return verbs.open_ticket(buyer=request.buyer, wish=wish, actor=Actor.of(request), now=timezone.now())


def _new_page(
    request: BuyerRequest, form: TicketForm, *, kept: list[Attachment] | None = None, **options: Any
) -> HttpResponse:
    now = timezone.now()
    choices = queries.device_choices(request.buyer, now=now)
    chosen = str(form["device"].value() or "")
    open_ones = [choice for choice in choices if choice.gate.is_open]
    if not chosen and len(open_ones) == 1:
        chosen = str(open_ones[0].device.pk)
    context = {
        "nav_current": "ticket_list",
        "form": form,
        "choices": choices,
        "chosen": chosen,
        "has_open": bool(open_ones),
        "needs_consent": any(choice.gate.needs_consent for choice in open_ones),
        "kept": kept or [],
        "hours": queries.desk_hours(now=now),
        "suggests": bool(settings.TICKET_SUGGESTIONS),
        "limits": settings.ATTACHMENT_LIMITS,
    }
    return answer(request, "support/ticket_new.html", context, **options)


@require_safe
@buyer_only
def ticket_suggestions(request: BuyerRequest) -> JsonResponse:
    """What to read before asking, for the text typed so far."""
    wanted = request.GET.get("device", "")
    device = None
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:
        device = Device.objects.visible_to(request.user).with_names().filter(pk=wanted).first()
    found = suggestions.suggestions(request.GET.get("text", ""), device=device, buyer=request.buyer)
    rows = [{"key": one.key, "title": one.title, "url": one.url, "summary": one.summary} for one in found]
    return JsonResponse({"suggestions": rows})


@require_POST
@buyer_only
def ticket_solved(request: BuyerRequest) -> HttpResponse:
    """An article answered the question: no ticket is needed, and what was typed may go."""
    now = timezone.now()
    suggestions.note_solved(key=request.POST.get("key", ""), buyer=request.buyer, actor=Actor.of(request), now=now)
    conversation.save_draft(author_id=request.user.pk, ticket=None, body="", now=now)
    messages.success(request, _("Glad that it is solved. You can open a ticket at any time."))
    return _taken(request, redirect("ticket_list"), "ticket-new")


# --- a ticket of one's own -------------------------------------------------------------------------------------------


@takes_a_form
@buyer_only
def ticket_detail(request: BuyerRequest, number: str) -> HttpResponse:
    """The conversation, and what may be done with it; looking at it notes that it was read."""
    ticket = _own(request, number)
    if request.method != "POST":
        if ticket.merged_number:
            return redirect("ticket_detail", ticket.merged_number)
        if request.method == "GET":  # before the page, whose navigation tells what is unread
            conversation.mark_read(ticket=ticket, by_staff=False, now=timezone.now())
        return _detail_page(request, ticket, MessageForm(initial={"body": ticket.draft_body or ""}))
    mine, key = Message.objects.filter(author=request.user).only("pk"), form_key(request)
    if (before := made_before(mine, key)) is not None:
        return _replied(request, number, before)
    form = MessageForm(request.POST, request.FILES)
    is_valid, kept = form.is_valid(), take_files(request, form)
    if not is_valid or not form.is_valid():
        return _detail_page(request, ticket, form, kept=kept, status=400)
    try:
        made = made_once(mine, key, lambda: _reply(request, number, form.cleaned_data["body"], kept, key))
    except Refused as refused:
        show_refusal(form, refused)
        return _detail_page(request, _own(request, number), form, kept=kept, refused=refused)
    return _replied(request, number, made)


def _reply(request: BuyerRequest, number: str, body: str, kept: list[Attachment], key: str) -> Message:
    return conversation.add_message(
        buyer=request.buyer,
        number=number,
        body=body,
        attachment_ids=[attachment.pk for attachment in kept],
        form_key=key,
        actor=Actor.of(request),
        now=timezone.now(),
    )


def _replied(request: BuyerRequest, number: str, made: Message) -> HttpResponse:
    answered = redirect(f"{reverse('ticket_detail', args=[number])}#m{made.pk}")
    return _taken(request, answered, f"ticket-{number}")


def _own(request: BuyerRequest, number: str) -> Any:
    """One's own ticket, with the number of the one that goes on instead, and what is being typed in it."""
    draft = TicketDraft.objects.filter(author=request.user, ticket=OuterRef("pk")).values("body")[:1]
    tickets = Ticket.objects.visible_to(request.user).with_names().defer("search_text", "staff_text")
    found = tickets.annotate(merged_number=F("merged_into__number"), draft_body=Subquery(draft))
    return get_object_or_404(found, number=number)


def _detail_page(
    request: BuyerRequest,
    ticket: Ticket,
    form: MessageForm,
    *,
    kept: list[Attachment] | None = None,
    rating: RatingForm | None = None,
    **options: Any,
) -> HttpResponse:
    now = timezone.now()
    bubbles = queries.conversation(ticket, now=now)
    context = {
        "nav_current": "ticket_list",
        **_state(ticket, now=now),
        "bubbles": bubbles,
        "last": max(bubble.key for bubble in bubbles),
        "form": form,
        "kept": kept or [],
        "rating": rating or RatingForm(),
        "closes_at": closes_at(ticket),
        "can_rate": can_rate(ticket),
        "can_reopen": can_reopen(ticket, now=now),
        "hours": queries.desk_hours(now=now),
        "limits": settings.ATTACHMENT_LIMITS,
    }
    return answer(request, "support/ticket_detail.html", context, **options)


def _state(ticket: Ticket, *, now: datetime) -> dict[str, Any]:
    return {"ticket": ticket, "status": "closed" if ticket.is_closed else ticket.shown_status(now)}


@require_safe
@buyer_only
def ticket_news(request: BuyerRequest, number: str) -> JsonResponse:
    """What was said after the message `?after=`, as it stands on the page; with another `stamp` the page is another."""
    ticket, now = _own(request, number), timezone.now()
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    bubbles = queries.conversation(ticket, now=now, after=after)
    html = "".join(render_to_string("support/partials/_bubble.html", {"bubble": bubble}) for bubble in bubbles)
    if bubbles:
        conversation.mark_read(ticket=ticket, by_staff=False, now=now)
    read_at = ticket.staff_read_at.isoformat() if ticket.staff_read_at else ""
    return JsonResponse(
        {
            "html": html,
            "last": max([after, *(bubble.key for bubble in bubbles)]),
            "state": render_to_string(
                "support/partials/_state.html", _state(ticket, now=now) | {"importance": ticket.importance}
            ),
            "due": render_to_string("support/partials/_due.html", {"ticket": ticket}).strip(),
            "read_at": read_at,
            "stamp": f"{ticket.is_closed}:{ticket.merged_into_id or ''}",
        }
    )


@require_POST
@buyer_only
def ticket_draft(request: BuyerRequest, number: str = "") -> JsonResponse:
    """Keeps what is being typed: in a ticket, or for a new one."""
    conversation.save_draft(
        author_id=request.user.pk,
        ticket=_own(request, number) if number else None,
        title=request.POST.get("title", ""),
        body=request.POST.get("body", ""),
        now=timezone.now(),
    )
    return JsonResponse({})


@takes_a_form
@buyer_only
def ticket_close(request: BuyerRequest, number: str) -> HttpResponse:
    """The matter is settled. Opened by its address, it shows the ticket."""
    return _act(request, number, _close, _("The ticket was closed."))


@takes_a_form
@buyer_only
def ticket_reopen(request: BuyerRequest, number: str) -> HttpResponse:
    """The matter was not settled after all."""
    return _act(request, number, _reopen, _("The ticket is open again. Please tell us what is still wrong."))


def _act(request: BuyerRequest, number: str, act: Callable[[BuyerRequest, str], Ticket], done: str) -> HttpResponse:
    ticket = _own(request, number)
    if request.method == "POST":
        act(request, number)
        messages.success(request, done)
    return redirect("ticket_detail", ticket.number)


def _close(request: BuyerRequest, number: str) -> Ticket:
    return verbs.close_ticket(
        number=number,
        why=Ticket.ClosedWhy.BY_BUYER,
        buyer=request.buyer,
        actor=Actor.of(request),
        now=timezone.now(),
    )


def _reopen(request: BuyerRequest, number: str) -> Ticket:
    return verbs.reopen_ticket(number=number, buyer=request.buyer, actor=Actor.of(request), now=timezone.now())


@takes_a_form
@buyer_only
def ticket_rate(request: BuyerRequest, number: str) -> HttpResponse:
    """The buyer's verdict, after closing."""
    ticket = _own(request, number)
    if request.method != "POST":
        return redirect("ticket_detail", ticket.number)
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _detail_page(request, ticket, MessageForm(), rating=form, status=400)
    verbs.rate_ticket(
        buyer=request.buyer,
        number=number,
        stars=form.cleaned_data["stars"],
        note=form.cleaned_data["note"],
        actor=Actor.of(request),
        now=timezone.now(),
    )
    messages.success(request, _("Thank you for your rating."))
    return redirect("ticket_detail", ticket.number)


@require_safe
@buyer_only
def ticket_print(request: BuyerRequest, number: str) -> HttpResponse:
    """The conversation, made for paper."""
    ticket = _own(request, number)
    now = timezone.now()
    context = {
        "nav_current": "ticket_list",
        "ticket": ticket,
        "status": Ticket.Status(ticket.shown_status(now)),
        "bubbles": queries.conversation(ticket, now=now),
        "now": now,
    }
    return render(request, "support/ticket_print.html", context)
