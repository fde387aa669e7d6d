"""The queue: views, filters, search, pages; many tickets at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.core.cache import cache
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kernel.actor import Actor
from kernel.persian import clean, clean_identifier, persian_digits
from kernel.refused import Refused
from support.admin import reads
from support.admin.access import ANSWER, ASSIGN, SEE, staff_with
from support.admin.forms import CLOSING, BulkForm, FilterForm, QueueForm
from support.models import SavedFilter, Ticket
from support.services import desk
from support.services.saved_filter import drop_filter, save_filter

MOST_AT_ONCE = 100
UNREAD = "desk_unread"
FILTERS = ("view", "sort", "importance", "assignee", "overdue", "q")


@require_safe
@staff_with(SEE)
def queue(request: HttpRequest) -> HttpResponse:
    """The tickets that wait, what is due first on top."""
    wish = wish_of(request.GET)
    now = timezone.now()
    page = reads.page_of(wish, request.user, now=now)
    figures = reads.figures(wish, request.user, page=page, now=now)
    setattr(request, UNREAD, figures["unread"])  # the badge of the menu need not count again
    query = query_of(wish)
    can_assign, can_answer = request.user.has_perm(ASSIGN), request.user.has_perm(ANSWER)
    return render(
        request,
        "support/admin/queue.html",
        {
            "view": {"breadcrumbs": [_home(), {"url": "", "label": _("Tickets")}]},
            "title": _("Tickets"),
            "media": Media(),
            "page": page,
            "lines": [reads.queue_line(ticket, now=now) for ticket in page.rows],
            "wish": wish,
            "sort": reads.sort_of(wish),
            "found": figures["found"],
            "views": tuple(
                (name, str(label), figures.get(name), query_of(wish, view=name)) for name, label in reads.VIEWS.items()
            ),
            "sorts": _in_words(reads.SORTS.items()),
            "importances": _in_words(Ticket.Importance.choices),
            "agents": reads.agents(),
            "filters": reads.filters_of(request.user),
            "query": query,
            "next_query": f"{query}&{urlencode({'after': page.after})}" if page.after else "",
            "is_narrowed": wish != reads.Wish(view=wish.view, sort=wish.sort, after=wish.after),
            "closing": _in_words(CLOSING),
            "can_assign": can_assign,
            "can_answer": can_answer,
            "ticks": can_assign or can_answer,
        },
    )


def _in_words(choices: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((value, str(label)) for value, label in choices)


def wish_of(data: Any) -> reads.Wish:
    """What was asked for; what cannot be read is not asked for."""
    form = QueueForm(data)
    form.is_valid()
    given = {name: value for name, value in form.cleaned_data.items() if value}
    if "q" in given:
        given["q"] = clean(given["q"])
    return reads.Wish(**given)


def query_of(wish: reads.Wish, **changes: Any) -> str:
    """The address of the same wish, without its page."""
    values = asdict(wish) | changes
    plain = asdict(reads.Wish())
    kept = {name: values[name] for name in FILTERS if values[name] not in (plain[name], None, "")}
    return urlencode({name: "1" if value is True else value for name, value in kept.items()})


def _home() -> dict[str, str]:
    return {"url": reverse("wagtailadmin_home"), "label": _("Home")}


# --- many at once ----------------------------------------------------------------------------------------------------


@require_POST
@staff_with(SEE)
def bulk(request: HttpRequest) -> HttpResponse:
    """Assigns or closes what was ticked; each ticket stands or falls by itself."""
    form = BulkForm(request.POST, agents=reads.agents())
    numbers = list(dict.fromkeys(request.POST.getlist("numbers")))[:MOST_AT_ONCE]
    if not form.is_valid() or not numbers:
        messages.error(request, _("Tick the tickets, and choose what to do with them."))
        return redirect(_way_back(request))
    return _bulk(request, form.cleaned_data, _existing(numbers))


def _existing(numbers: list[str]) -> list[str]:
    known = Ticket.objects.filter(number__in=[clean_identifier(number) for number in numbers])
    return list(known.order_by("pk").values_list("number", flat=True))


def _bulk(request: HttpRequest, data: dict[str, Any], numbers: list[str]) -> HttpResponse:
    actor, now = Actor.of(request), timezone.now()
    if not request.user.has_perm(ASSIGN if data["do"] == "assign" else ANSWER):
        return render(request, "403.html", status=403)
    if data["do"] == "assign":
        result = desk.bulk_assign(numbers=numbers, assignee_id=data["assignee"], actor=actor, now=now)
    else:
        why = Ticket.ClosedWhy(data["why"] or Ticket.ClosedWhy.SOLVED)
        result = desk.bulk_close(numbers=numbers, why=why, actor=actor, now=now)
    if result.done:
        done = len(result.done)
        text = ngettext("%(number)s ticket was changed.", "%(number)s tickets were changed.", done)
        messages.success(request, text % {"number": persian_digits(str(done))})
    for number, reason in result.refused.items():
        messages.error(request, f"{persian_digits(number)}: {reason}")
    return redirect(_way_back(request))


def _way_back(request: HttpRequest) -> str:
    back = request.headers.get("Referer", "")
    here = reverse("desk_queue")
    return back if url_has_allowed_host_and_scheme(back, {request.get_host()}) and here in back else here


# --- saved filters ---------------------------------------------------------------------------------------------------


@require_POST
@staff_with(SEE, "support.add_savedfilter")
def filter_save(request: HttpRequest) -> HttpResponse:
    """Keeps the filters of the queue under a name."""
    form = FilterForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the filter a name."))
        return redirect(_way_back(request))
    query = query_of(wish_of(dict(parse_qsl(form.cleaned_data["query"]))))
    try:
        save_filter(
            owner_id=Actor.of(request).person_id,
            name=form.cleaned_data["name"],
            query=query,
            is_shared=form.cleaned_data["is_shared"],
        )
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        cache.delete(reads.filters_key(Actor.of(request).person_id))
        messages.success(request, _("The filter was saved."))
    return redirect(f"{reverse('desk_queue')}?{query}")


@require_POST
@staff_with(SEE, "support.delete_savedfilter")
def filter_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Forgets one of one's own."""
    try:
        drop_filter(owner_id=Actor.of(request).person_id, filter_id=pk)
    except SavedFilter.DoesNotExist as error:
        raise Http404 from error
    cache.delete(reads.filters_key(Actor.of(request).person_id))
    messages.success(request, _("The filter was deleted."))
    return redirect("desk_queue")
