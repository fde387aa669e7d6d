"""One ticket before an agent: the conversation, what stands beside it, and the small answers its script asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customer.admin.sections import traces_about
from customer.models import Trace
from kernel.persian import persian_digits
from support import presence
from support.admin import panel, reads
from support.admin.access import ANSWER, ASSIGN, LOG_WORK, MERGE, READ, SEE, SEE_WORK, staff_with
from support.admin.conversation import conversation
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
from support.models import Attachment, CannedReply, Ticket, TicketDraft
from support.rules import can_reopen
from support.services import conversation as verbs
from support.services.canned import use_canned
from support.serving import serve

NOT_SHOWN = ("search_text", "staff_text")
SHORTEST_SEARCH = 2


@require_safe
@staff_with(SEE)
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """The ticket; for who answers, looking at it notes that it was read."""
    found = ticket_or_404(number)
    if found.merged_into is not None and "stay" not in request.GET:
        return redirect("desk_ticket", found.merged_into.number)
    shown = page(request, found, kept_ids=request.GET.getlist("file"))
    if request.method == "GET" and request.user.has_perm(ANSWER):
        verbs.mark_read(ticket=found, by_staff=True, now=timezone.now())
    return shown


def ticket_or_404(number: str) -> Ticket:
    tickets = Ticket.objects.for_desk().select_related("merged_into", "closed_by").defer(*NOT_SHOWN)
    found: Ticket = get_object_or_404(tickets, number=number)
    return found


def page(
    request: HttpRequest,
    ticket: Ticket,
    *,
    bound: Mapping[str, forms.Form] | None = None,
    kept_ids: Iterable[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The page; `bound` holds the forms that were refused, by name, with all that was typed."""
    user, now = request.user, timezone.now()
    name = persian_digits(ticket.number)
    context = {
        "view": {"breadcrumbs": _way(name)},
        "title": ticket.title,
        "media": forms.Media() + WorkForm().media,
        "ticket": ticket,
        "now": now,
        "can_read": user.has_perm(READ),
        "can_answer": user.has_perm(ANSWER),
        "sees_work": user.has_perm(SEE_WORK),
        **panel.facts(ticket, user),
    }
    if user.has_perm(READ):
        context |= _talk(request, ticket, bound or {}, kept_ids)
    if user.has_perm(ANSWER):
        context |= _acts(request, ticket, bound or {})
    context["refusals"] = [
        text for name, form in (bound or {}).items() if name != "say" for text in form.non_field_errors()
    ]
    context["trail"] = traces_about(Trace.objects.filter(subject=f"ticket:{ticket.number}"), request)
    return render(request, "support/admin/ticket.html", context, status=status)


def _way(name: str) -> list[dict[str, str]]:
    return [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("desk_queue"), "label": _("Tickets")},
        {"url": "", "label": name},
    ]


def _talk(
    request: HttpRequest, ticket: Ticket, bound: Mapping[str, forms.Form], kept_ids: Iterable[str]
) -> dict[str, Any]:
    now = timezone.now()
    said = conversation(ticket, request.user, now=now)
    undo = next((one for one in said if one.undo_until), None)
    draft = TicketDraft.objects.filter(author=request.user.pk, ticket=ticket).first()
    kind = SayForm.NOTE if ticket.is_closed or (draft and draft.is_internal) else SayForm.REPLY
    say = bound.get("say") or SayForm(initial={"kind": kind, "body": draft.body if draft else ""})
    kept = Attachment.objects.unbound_of(request.user.pk or 0).filter(pk__in=list(kept_ids)[:20])
    return {
        "talk": said,
        "last_seen": said[-1].key,
        "undo": undo,
        "undo_seconds": (undo.undo_until - now).total_seconds() if undo and undo.undo_until else 0,
        "say": say,
        "kept": list(kept),
        "draft": draft,
        "limits": settings.ATTACHMENT_LIMITS,
    }


def _acts(request: HttpRequest, ticket: Ticket, bound: Mapping[str, forms.Form]) -> dict[str, Any]:
    """The forms of what may be done; those that were refused come back as they were."""
    fresh = {
        "assign": AssignForm(agents=reads.agents(), initial={"assignee": ticket.assignee_id}),
        "importance": ImportanceForm(initial={"importance": ticket.importance}),
        "close": CloseForm(),
        "remote": RemoteForm(initial={"session_id": ticket.remote_session_id}),
        "log_work": WorkForm(),
        "merge": MergeForm(),
        "link": LinkForm(),
        "split": SplitForm(),
    }
    user = request.user
    return {
        "acts": fresh | {name: form for name, form in bound.items() if name in fresh},
        "split_key": request.POST.get("message", ""),
        "can_assign": user.has_perm(ASSIGN),
        "can_merge": user.has_perm(MERGE),
        "can_log_work": user.has_perm(LOG_WORK),
        "can_reopen": can_reopen(ticket, now=timezone.now()),
        "can_draft_article": bool(settings.TICKET_ARTICLE_DRAFT),
        "canned": CannedReply.objects.usable_by(user, device_type_id=ticket.device.model.device_type_id).order_by(
            "-used_count", "title"
        ),
    }


# --- for the script of the page --------------------------------------------------------------------------------------


@require_POST
@staff_with(SEE, READ)
def pulse(request: HttpRequest, number: str) -> JsonResponse:
    """Tells that this person is here (and writes); answers who else is, and what is the newest that was said."""
    found = get_object_or_404(Ticket.objects.only("pk", "status", "closed_at", "assignee_id"), number=number)
    writing = request.POST.get("writing") == "1" and request.user.has_perm(ANSWER)
    others = presence.look(found.pk, request.user, is_writing=writing, now=timezone.now())
    newest = found.messages.order_by("-pk").values_list("pk", flat=True).first() or 0
    return JsonResponse(
        {
            "others": [_tell(one) for one in others],
            "is_writing": any(one.is_writing for one in others),
            "last": newest,
            "stamp": f"{found.status}:{found.closed_at is not None}:{found.assignee_id or ''}",
        }
    )


def _tell(colleague: presence.Colleague) -> str:
    if colleague.is_writing:
        return _("%(name)s is writing in this ticket just now.") % {"name": colleague.name}
    return _("%(name)s is looking at this ticket too.") % {"name": colleague.name}


@require_POST
@staff_with(SEE, READ, ANSWER)
def draft(request: HttpRequest, number: str) -> JsonResponse:
    """Keeps what is being typed."""
    verbs.save_draft(
        author_id=request.user.pk or 0,
        ticket=get_object_or_404(Ticket.objects.only("pk"), number=number),
        body=request.POST.get("body", ""),
        is_internal=request.POST.get("kind") == SayForm.NOTE,
        now=timezone.now(),
    )
    return JsonResponse({})


@require_POST
@staff_with(SEE, READ, ANSWER)
def canned(request: HttpRequest, number: str, pk: int) -> JsonResponse:
    """A canned reply, filled in for this ticket."""
    try:
        text = use_canned(canned_id=pk, ticket=ticket_or_404(number), agent=request.user)  # type: ignore[arg-type]
    except CannedReply.DoesNotExist as error:
        raise Http404 from error
    return JsonResponse({"text": text})


@require_safe
@staff_with(SEE, READ, ANSWER)
def articles(request: HttpRequest, number: str) -> JsonResponse:
    """What the knowledge base has on a text, to be linked in an answer: only what this buyer may read."""
    text = request.GET.get("q", "").strip()[:200]
    if not settings.TICKET_ARTICLE_SEARCH or len(text) < SHORTEST_SEARCH:
        return JsonResponse({"articles": []})
    found = ticket_or_404(number)
    rows = import_string(settings.TICKET_ARTICLE_SEARCH)(text, found)
    return JsonResponse({"articles": [{"title": row.title, "url": row.url, "summary": row.summary} for row in rows]})


@require_safe
@staff_with(SEE, READ)
def attachment(request: HttpRequest, pk: str) -> HttpResponseBase:
    """A file of any ticket, internal notes included: as a download, or (`?show=1`) in place where its kind allows."""
    rows = Attachment.objects.filter(ticket__isnull=False, state=Attachment.State.READY)
    return serve(request, get_object_or_404(rows, pk=pk), inline="show" in request.GET)
