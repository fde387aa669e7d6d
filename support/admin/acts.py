"""What agents do with a ticket: each by POST, with its own permission, by calling one verb."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel.actor import Actor
from kernel.once import form_key, made_before, made_once
from kernel.persian import clean_identifier, persian_digits
from kernel.refused import Refused
from support import presence
from support.admin import reads
from support.admin.access import ANSWER, ASSIGN, LOG_WORK, MERGE, READ, SEE, staff_with
from support.admin.forms import (
    AssignForm,
    CloseForm,
    ImportanceForm,
    LinkForm,
    MergeForm,
    RemoteForm,
    SayForm,
    SplitForm,
    WorkForm,
)
from support.admin.ticket import page, ticket_or_404
from support.models import Attachment, Message, Ticket, TicketLink, WorkLog
from support.services import conversation, desk, joining
from support.services import ticket as verbs
from support.uploading import take_files

Perform = Callable[[Actor, dict[str, Any]], str]


def _act(request: HttpRequest, number: str, name: str, form: forms.Form, perform: Perform) -> HttpResponse:
    """Calls the verb with what was sent, and says what came of it; what is refused is shown on its form."""
    found = ticket_or_404(number)
    if not form.is_valid():
        return page(request, found, bound={name: form}, status=400)
    try:
        done = perform(Actor.of(request), form.cleaned_data)
    except Ticket.DoesNotExist:
        form.add_error("into", _("There is no ticket of this number."))
        return page(request, found, bound={name: form}, status=400)
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return page(request, ticket_or_404(number), bound={name: form}, status=refused.status)
    messages.success(request, done)
    return redirect("desk_ticket", number)


def _once(kind: type[Message | WorkLog], key: str, actor: Actor, make: Callable[[], Message | WorkLog]) -> None:
    """Makes what this sending of a form has not made yet."""
    mine = kind._default_manager.filter(author=actor.user_id)
    if made_before(mine, key) is None:
        made_once(mine, key, make)


# --- saying ----------------------------------------------------------------------------------------------------------


@require_POST
@staff_with(SEE, READ, ANSWER)
def say(request: HttpRequest, number: str) -> HttpResponse:
    """A reply, which reaches the buyer when it can no longer be taken back, or an internal note."""
    found = ticket_or_404(number)
    mine, key = Message.objects.filter(author=request.user.pk), form_key(request)
    if (before := made_before(mine, key)) is not None:
        return _said(request, found, before)
    form = SayForm(request.POST, request.FILES)
    is_valid, kept = form.is_valid(), [file.pk for file in take_files(request, form)]
    if not is_valid or not form.is_valid():
        return page(request, found, bound={"say": form}, kept_ids=kept, status=400)
    try:
        made = made_once(mine, key, lambda: _say(request, number, form.cleaned_data | {"form_key": key}, kept))
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return page(request, ticket_or_404(number), bound={"say": form}, kept_ids=kept, status=refused.status)
    return _said(request, found, made)


def _said(request: HttpRequest, ticket: Ticket, made: Message) -> HttpResponse:
    presence.leave(ticket.pk, request.user.pk or 0)
    return redirect(f"{reverse('desk_ticket', args=[ticket.number])}#m{made.pk}")


def _say(request: HttpRequest, number: str, data: dict[str, Any], kept: list[str]) -> Message:
    said = {
        "number": number,
        "body": data["body"],
        "attachment_ids": kept,
        "form_key": data["form_key"],
        "actor": Actor.of(request),
        "now": timezone.now(),
    }
    if data["kind"] == SayForm.NOTE:
        return conversation.add_note(**said)
    return conversation.answer_ticket(**said, last_seen_id=data["last_seen"])


@require_POST
@staff_with(SEE, READ, ANSWER)
def undo(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Takes an answer back: its text is in the box again, its files stand beside it."""
    back = reverse("desk_ticket", args=[number])
    files = list(Attachment.objects.filter(message=pk, owner=request.user.pk or 0).values_list("pk", flat=True))
    try:
        conversation.undo_message(message_id=pk, actor=Actor.of(request), now=timezone.now())
    except Message.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(back)
    messages.success(request, _("The answer was taken back; nothing has reached the buyer."))
    return redirect(f"{back}?{urlencode({'file': files}, doseq=True)}#say" if files else f"{back}#say")


# --- whose it is and how it stands -----------------------------------------------------------------------------------


@require_POST
@staff_with(SEE, ANSWER, ASSIGN)
def assign(request: HttpRequest, number: str) -> HttpResponse:
    """Gives the ticket to somebody; with a reason, which he reads as an internal note, it is a hand-over."""
    key = form_key(request)

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        now, assignee, note = timezone.now(), data["assignee"], data["note"]
        if note.strip() and assignee is not None:
            what = {"number": number, "assignee_id": assignee, "note": note, "form_key": key}
            _once(Message, key, actor, lambda: desk.hand_over(**what, actor=actor, now=now))
            return _("The ticket was handed over.")
        desk.assign_ticket(number=number, assignee_id=assignee, actor=actor, now=now)
        return _("The ticket was assigned.") if assignee else _("The ticket belongs to nobody now.")

    return _act(request, number, "assign", AssignForm(request.POST, agents=reads.agents()), perform)


@require_POST
@staff_with(SEE, ANSWER)
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Makes it one's own."""

    def perform(actor: Actor, _data: dict[str, Any]) -> str:
        desk.assign_ticket(number=number, assignee_id=actor.user_id, actor=actor, now=timezone.now())
        return _("The ticket is yours.")

    return _act(request, number, "take", forms.Form({}), perform)


@require_POST
@staff_with(SEE, ANSWER)
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody looks into it: the buyer sees "in review"."""

    def perform(actor: Actor, _data: dict[str, Any]) -> str:
        desk.start_review(number=number, actor=actor, now=timezone.now())
        return _("The buyer sees now that the ticket is in review.")

    return _act(request, number, "review", forms.Form({}), perform)


@require_POST
@staff_with(SEE, ANSWER)
def end_review(request: HttpRequest, number: str) -> HttpResponse:
    """Nobody looks into it any more: the buyer sees "open" again."""

    def perform(actor: Actor, _data: dict[str, Any]) -> str:
        desk.end_review(number=number, actor=actor, now=timezone.now())
        return _("The buyer sees now that the ticket is open.")

    return _act(request, number, "end_review", forms.Form({}), perform)


@require_POST
@staff_with(SEE, ANSWER)
def importance(request: HttpRequest, number: str) -> HttpResponse:
    """Another importance, with what it promises."""

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        desk.change_importance(number=number, importance=data["importance"], actor=actor, now=timezone.now())
        return _("The importance was changed.")

    return _act(request, number, "importance", ImportanceForm(request.POST), perform)


@require_POST
@staff_with(SEE, ANSWER)
def close(request: HttpRequest, number: str) -> HttpResponse:
    """The matter is settled, or was none for support."""

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        why = Ticket.ClosedWhy(data["why"])
        verbs.close_ticket(number=number, why=why, actor=actor, now=timezone.now())
        return _("The ticket was closed.")

    return _act(request, number, "close", CloseForm(request.POST), perform)


@require_POST
@staff_with(SEE, ANSWER)
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """The matter was not settled after all."""

    def perform(actor: Actor, _data: dict[str, Any]) -> str:
        verbs.reopen_ticket(number=number, actor=actor, now=timezone.now())
        return _("The ticket is open again.")

    return _act(request, number, "reopen", forms.Form({}), perform)


@require_POST
@staff_with(SEE, ANSWER)
def remote(request: HttpRequest, number: str) -> HttpResponse:
    """The id under which the buyer's machine is reached."""

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        desk.note_remote_session(number=number, session_id=data["session_id"], actor=actor, now=timezone.now())
        return _("The id of the remote session was kept.")

    return _act(request, number, "remote", RemoteForm(request.POST), perform)


@require_POST
@staff_with(SEE, ANSWER, LOG_WORK)
def log_work(request: HttpRequest, number: str) -> HttpResponse:
    """Time that was spent, apart from what was said."""
    key = form_key(request)

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        work = desk.Work(**data | {"form_key": key})
        _once(WorkLog, key, actor, lambda: desk.log_work(number=number, work=work, actor=actor, now=timezone.now()))
        return _("The work was recorded.")

    return _act(request, number, "log_work", WorkForm(request.POST), perform)


# --- tickets that belong together ------------------------------------------------------------------------------------


@require_POST
@staff_with(SEE, READ, ANSWER, MERGE)
def merge(request: HttpRequest, number: str) -> HttpResponse:
    """All that was said goes to another ticket of the same buyer."""

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        into = clean_identifier(data["into"])
        made = joining.merge_tickets(number=number, into=into, actor=actor, now=timezone.now())
        return _("The ticket was merged into %(number)s.") % {"number": persian_digits(made.number)}

    return _act(request, number, "merge", MergeForm(request.POST), perform)


@require_POST
@staff_with(SEE, READ, ANSWER, MERGE)
def link(request: HttpRequest, number: str) -> HttpResponse:
    """Notes that two tickets have to do with each other."""

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        other, kind = clean_identifier(data["into"]), TicketLink.Kind(data["kind"])
        joining.link_tickets(number=number, other=other, kind=kind, actor=actor, now=timezone.now())
        return _("The tickets were linked.")

    return _act(request, number, "link", LinkForm(request.POST), perform)


@require_POST
@staff_with(SEE, READ, ANSWER, MERGE)
def split(request: HttpRequest, number: str) -> HttpResponse:
    """One message of the buyer becomes a ticket of its own."""
    message = request.POST.get("message", "")
    if not (message.isascii() and message.isdecimal() and len(message) < 19):
        raise Http404
    if not Message.objects.filter(pk=message, ticket__number=number, is_internal=False).exists():
        raise Http404

    def perform(actor: Actor, data: dict[str, Any]) -> str:
        made = joining.split_ticket(message_id=int(message), title=data["title"], actor=actor, now=timezone.now())
        return _("This message is now ticket %(number)s.") % {"number": persian_digits(made.number)}

    return _act(request, number, "split", SplitForm(request.POST), perform)


@require_POST
@staff_with(SEE, READ, ANSWER)
def article(request: HttpRequest, number: str) -> HttpResponse:
    """The conversation becomes the draft of an article, without whose it was."""
    if not settings.TICKET_ARTICLE_DRAFT:
        raise Http404
    made = import_string(settings.TICKET_ARTICLE_DRAFT)(ticket_or_404(number), request.user)
    messages.success(request, _("The draft “%(title)s” waits for the editors.") % {"title": made.title})
    return redirect(made.url or reverse("desk_ticket", args=[number]))
