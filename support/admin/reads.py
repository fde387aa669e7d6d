"""What the queue shows: whose turn it is, in which order, and how many there are; constant in queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from customer.models import Buyer, User
from kernel.counting import Asked, KeptCounts, count_all, counted
from kernel.persian import clean_identifier
from kernel.remembered import remembered
from support.admin import words
from support.models import SavedFilter, Ticket
from support.models.ticket import NOT_SEEN_BY_STAFF, TicketQuerySet

AGENTS_KEY = "support.agents.2"
AGENTS_SECONDS = 60
MOST_COUNTED = 1000
MOST_UNREAD = 99
PER_PAGE = 40
IN_A_LINE = (
    "number", "title", "importance", "rank", "status", "closed_at", "closed_why", "created_at", "due_at",
    "last_message_at", "waiting_since",
)  # fmt: skip
NAMES_IN_A_LINE = {
    "model_name": F("device__model__name"),
    "brand_name": F("device__model__brand__name"),
    "buyer_first": F("buyer__first_name"),
    "buyer_last": F("buyer__last_name"),
    "agent_first": F("assignee__first_name"),
    "agent_last": F("assignee__last_name"),
    "agent_account": F("assignee__username"),
}
VIEWS = {
    "open": _("All open"),
    "mine": _("Mine"),
    "unassigned": _("Unassigned"),
    "us": _("Waiting for us"),
    "buyer": _("Waiting for the buyer"),
    "closed": _("Closed"),
}
SORTS = {"due": _("what is due first"), "rank": _("importance, then what is due"), "newest": _("newest first")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of the queue an agent asks for. `after` names the last row of the page before."""

    view: str = "open"
    sort: str = "due"
    importance: str = ""
    assignee: int | None = None
    overdue: bool = False
    q: str = ""
    after: str = ""


def agents() -> tuple[tuple[int, str], ...]:
    """Who may answer tickets, by name; kept for a minute, for they seldom change and every page names them."""
    return remembered(AGENTS_KEY, _agents, seconds=AGENTS_SECONDS)


def _agents() -> tuple[tuple[int, str], ...]:
    return tuple((user.pk, user.get_full_name() or user.get_username()) for user in _who_may_answer())


def _who_may_answer() -> QuerySet[User]:
    """As `has_perm` decides it, but found from the permission's side: most accounts are buyers'."""
    answer = Permission.objects.filter(codename="answer_ticket", content_type__app_label="support")
    in_groups = User.groups.through.objects.filter(group__permissions__in=answer).values("user")
    directly = User.user_permissions.through.objects.filter(permission__in=answer).values("user")
    may = Q(is_superuser=True) | Q(pk__in=in_groups) | Q(pk__in=directly)
    return User.objects.filter(may, is_active=True, buyer__isnull=True).order_by("last_name", "first_name", "pk")


def filters_of(user: Any) -> Sequence[SavedFilter]:
    """One's own and the shared ones; kept for a minute, or until this person changes one."""
    usable = SavedFilter.objects.filter(Q(owner=user.pk) | Q(is_shared=True))
    return remembered(filters_key(user.pk), lambda: list(usable), seconds=AGENTS_SECONDS)


def filters_key(user_id: int) -> str:
    """Where the filters of this person are kept."""
    return f"support.filters.1:{user_id}"


def in_view(view: str, user_id: int) -> TicketQuerySet:
    """The tickets of one view, in no order."""
    tickets = Ticket.objects.all()
    if view == "closed":
        return tickets.closed()
    narrowed: dict[str, TicketQuerySet] = {
        "mine": tickets.still_open().filter(assignee=user_id),
        "unassigned": tickets.still_open().filter(assignee__isnull=True),
        "us": tickets.waiting_for_us(),
        "buyer": tickets.waiting_for_buyer(),
    }
    return narrowed.get(view, tickets.still_open())


def wanted(wish: Wish, user: Any, *, now: datetime) -> TicketQuerySet:
    """All tickets that were asked for, in no order."""
    tickets = in_view(wish.view, user.pk)
    if wish.importance:
        tickets = tickets.filter(rank=Ticket.RANKS[wish.importance])  # as the indexes have it
    if wish.assignee is not None:
        tickets = tickets.filter(assignee=wish.assignee)
    if wish.overdue:
        tickets = tickets.filter(due_at__lt=now)
    if not wish.q:
        return tickets
    if user.has_perm("support.read_conversation"):
        return tickets.matching_for_staff(wish.q)
    return tickets.filter(_by_what_is_no_conversation(wish.q))


def _by_what_is_no_conversation(text: str) -> Q:
    """For who may not read what was said: the number, the device or the buyer."""
    word = clean_identifier(text)
    return Q(number=word) | Q(device__identifier=word) | Q(buyer__in=Buyer.objects.matching(text).values("pk"))


# --- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One ticket of the queue as it stands now, in words.

    `waits_for` is `us`, `buyer` or nobody; `since` how long that is so; `pill` the status, or why it is closed.
    """

    number: str
    title: str
    buyer: str
    model: str
    importance: str
    importance_label: str
    pill: str
    pill_kind: str
    assignee: str
    waits_for: str
    since: str
    due: str
    due_kind: str
    at: datetime | None


PILL_KINDS: dict[str, str] = {Ticket.Status.ANSWERED: "ok", Ticket.Status.OPEN: "new"}


def queue_line(ticket: Any, *, now: datetime) -> QueueLine:
    """The line of a ticket of `page_of`. `at` is when it was closed, or when something is due."""
    closed_at = ticket.closed_at
    waits_for = "" if closed_at else "us" if ticket.waiting_since else "buyer"
    since = {"": closed_at, "us": ticket.waiting_since, "buyer": ticket.last_message_at}[waits_for]
    state = Ticket.ClosedWhy(ticket.closed_why) if closed_at else Ticket.Status(ticket.status)
    return QueueLine(
        number=ticket.number,
        title=ticket.title,
        buyer=f"{ticket.buyer_first} {ticket.buyer_last}",
        model=f"{ticket.brand_name} {ticket.model_name}",
        importance=ticket.importance,
        importance_label=str(Ticket.Importance(ticket.importance).label),
        pill=str(state.label),
        pill_kind=PILL_KINDS.get(state, ""),
        assignee=f"{ticket.agent_first or ''} {ticket.agent_last or ''}".strip() or ticket.agent_account or "",
        waits_for=waits_for,
        since=words.ago(since, now=now),
        due=words.due_words(ticket.due_at, now=now),
        due_kind=words.due_kind(ticket.due_at, now=now),
        at=closed_at or ticket.due_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    rows: Sequence[Ticket]
    after: str  # where the next page begins; empty on the last one
    found: int | None = None  # by a search: up to one more than `MOST_COUNTED`


def page_of(wish: Wish, user: Any, *, now: datetime) -> QueuePage:
    """One page, found by its place and not by counting. One query; a search takes one before."""
    tickets, found = wanted(wish, user, now=now), None
    if wish.q:
        tickets, found = _searched(tickets)
    rows = list(_after(tickets.only(*IN_A_LINE).annotate(**NAMES_IN_A_LINE), wish)[: PER_PAGE + 1])
    more = len(rows) > PER_PAGE
    rows = rows[:PER_PAGE]
    return QueuePage(rows=rows, after=_place_of(rows[-1], wish) if more else "", found=found)


def _searched(tickets: TicketQuerySet) -> tuple[TicketQuerySet, int]:
    """The hits by their keys, and how many they are; for more than are counted, what was asked for as it stands.

    Few hits are found by the index of words and then put in order, many soon turn up in the order of the queue. Which
    of the two it is, a database guesses badly; so it is not left to guess.
    """
    hits = list(tickets.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    return (tickets if len(hits) > MOST_COUNTED else Ticket.objects.filter(pk__in=hits)), len(hits)


def sort_of(wish: Wish) -> str:
    """Nothing of a closed ticket is due: the newest come first there."""
    return "newest" if wish.view == "closed" else wish.sort


def _after(tickets: TicketQuerySet, wish: Wish) -> TicketQuerySet:
    sort, place = sort_of(wish), _read_place(wish)
    if sort == "newest":
        if place:
            _rank, at, pk = place
            tickets = tickets.filter(created_at__lte=at).filter(Q(created_at__lt=at) | Q(pk__lt=pk))
        return tickets.order_by("-created_at", "-pk")
    if place:
        rank, at, pk = place
        later = _due_after(at, pk)
        tickets = tickets.filter(Q(rank__gt=rank) | Q(later, rank=rank)) if sort == "rank" else tickets.filter(later)
    due = F("due_at").asc(nulls_last=True)
    return tickets.order_by("rank", due, "pk") if sort == "rank" else tickets.order_by(due, "pk")


def _due_after(at: datetime | None, pk: int) -> Q:
    """Behind this place; what is not due at all comes last."""
    if at is None:
        return Q(due_at__isnull=True, pk__gt=pk)
    return Q(due_at__gt=at) | Q(due_at=at, pk__gt=pk) | Q(due_at__isnull=True)


def _place_of(ticket: Ticket, wish: Wish) -> str:
    at = ticket.created_at if sort_of(wish) == "newest" else ticket.due_at
    return f"{ticket.rank}~{at.isoformat() if at else ''}~{ticket.pk}"


def _read_place(wish: Wish) -> tuple[int, Any, int] | None:
    """What `_place_of` wrote; None for anything else, which means the first page."""
    rank, _sep, rest = wish.after.partition("~")
    text, _sep, pk = rest.partition("~")
    if not (_is_number(rank) and _is_number(pk)):
        return None
    if not text:
        return None if sort_of(wish) == "newest" else (int(rank), None, int(pk))
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return (int(rank), at, int(pk)) if at is not None and at.tzinfo is not None else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


# --- figures ---------------------------------------------------------------------------------------------------------


def figures(wish: Wish, user: Any, *, page: QueuePage, now: datetime) -> dict[str, int]:
    """How many each view holds, how many were asked for, and what is unread: capped, in one query.

    What was asked for is not counted where `page` shows it all, or where it is a whole view.
    """
    asked = STANDING.statements(user.pk, now)
    if page.found is not None:
        return count_all(asked) | {"found": page.found}
    if not wish.after and not page.after:
        return count_all(asked) | {"found": len(page.rows)}
    if wish.view in asked and wish == Wish(view=wish.view, sort=wish.sort, after=wish.after):
        counts = count_all(asked)
        return counts | {"found": counts[wish.view]}
    return count_all(asked | {"found": counted(wanted(wish, user, now=now), MOST_COUNTED)})


def unread_by(user_id: int) -> TicketQuerySet:
    """Where the buyer has written and nobody has looked since: one's own tickets and those of nobody."""
    mine = Q(assignee=user_id) | Q(assignee__isnull=True)
    return Ticket.objects.waiting_for_us().filter(NOT_SEEN_BY_STAFF, mine)


def _standing(user_id: int, _now: datetime) -> Asked:
    """What every page of an agent counts."""
    views = {view: (in_view(view, user_id), MOST_COUNTED) for view in VIEWS if view != "closed"}
    return {**views, "unread": (unread_by(user_id), MOST_UNREAD)}


STANDING = KeptCounts(_standing)
