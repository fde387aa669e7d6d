"""The agents' queue: who waits, in which order, found how, many at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer.models import User
from customer.roles import Role
from support.admin import reads, words
from support.models import SavedFilter, Ticket
from support.services.desk import assign_ticket
from support.services.ticket import close_ticket
from tests.factories.customer import make_buyer, make_staff
from tests.factories.support import actor_of, answer, make_agent, make_covered_device, make_ticket, note, reply

QUEUE = "/admin/tickets/"


@pytest.fixture(autouse=True)
def _fresh_counters(db):
    cache.clear()


@pytest.fixture
def agent() -> User:
    return make_agent()


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


def numbers(response) -> list[str]:
    assert response.status_code == 200
    return [ticket.number for ticket in response.context["page"].rows]


def queue(client, query: str = "") -> list[str]:
    return numbers(client.get(f"{QUEUE}?{query}"))


def close(ticket: Ticket, agent: User) -> None:
    why = Ticket.ClosedWhy.SOLVED
    close_ticket(number=ticket.number, why=why, actor=actor_of(agent), now=timezone.now())


# --- order and views -------------------------------------------------------------------------------------------------


def test_what_is_due_first_stands_on_top_and_what_waits_for_the_buyer_last(desk, agent):
    low, urgent, answered = make_ticket(importance="low"), make_ticket(importance="urgent"), make_ticket()
    answer(answered, agent)
    assert queue(desk) == [urgent.number, low.number, answered.number]


def test_importance_may_come_before_what_is_due(desk, agent):
    old = make_ticket(importance="medium", now=timezone.now() - timedelta(days=30))
    new, answered = make_ticket(importance="urgent"), make_ticket(importance="urgent")
    answer(answered, agent)
    assert queue(desk) == [old.number, new.number, answered.number]
    assert queue(desk, "sort=rank") == [new.number, answered.number, old.number]


def test_each_view_holds_its_own(desk, agent):
    free, mine, others, answered, closed = (make_ticket() for _n in range(5))
    for ticket, person in ((mine, agent), (others, make_agent(first_name="بهرام"))):
        assign_ticket(number=ticket.number, assignee_id=person.pk, actor=actor_of(agent), now=timezone.now())
    answer(answered, agent)
    close(closed, agent)
    views = {view: set(queue(desk, f"view={view}")) for view in reads.VIEWS}
    assert views == {
        "open": {free.number, mine.number, others.number, answered.number},
        "mine": {mine.number, answered.number},
        "unassigned": {free.number},
        "us": {free.number, mine.number, others.number},
        "buyer": {answered.number},
        "closed": {closed.number},
    }
    shown = {name: count for name, _label, count, _query in desk.get(QUEUE).context["views"]}
    assert shown == {"open": 4, "mine": 2, "unassigned": 1, "us": 3, "buyer": 1, "closed": None}


def test_filters_narrow_and_what_is_unknown_is_not_asked_for(desk, agent):
    late = make_ticket(importance="high", now=timezone.now() - timedelta(days=60))
    fresh = make_ticket(importance="low", now=timezone.now())
    assert queue(desk, "importance=high") == [late.number]
    assert queue(desk, "overdue=1") == [late.number]
    assert queue(desk, f"assignee={agent.pk}") == []
    for nonsense in ("importance=x", "view=x", "sort=x", "assignee=x", "assignee=99999999999999999999", "after=x~y~z"):
        assert queue(desk, nonsense) == [late.number, fresh.number], nonsense


@pytest.mark.parametrize(
    ("age", "kind"), [(timedelta(days=60), "late"), (timedelta(0), "ok")], ids=["overdue", "time enough"]
)
def test_the_colour_tells_how_urgent_it_is(desk, age, kind):
    make_ticket(now=timezone.now() - age)
    assert f"desk-row-{kind}" in desk.get(QUEUE).content.decode()


def test_what_is_due_within_two_hours_is_soon():
    ticket = make_ticket(now=timezone.now())
    assert words.due_kind(ticket.due_at, now=ticket.due_at - timedelta(hours=2)) == "warn"
    assert words.due_kind(ticket.due_at, now=ticket.due_at - timedelta(hours=2, seconds=1)) == "ok"
    assert words.due_kind(ticket.due_at, now=ticket.due_at + timedelta(seconds=1)) == "late"


# --- search ----------------------------------------------------------------------------------------------------------


def test_a_ticket_is_found_by_all_that_is_known_of_it(desk, agent):
    buyer = make_buyer(first_name="شیرین", last_name="کیانی", phone="+989121112233")
    ticket = make_ticket(device=make_covered_device(buyer, identifier="ZX-90817"), title="اسپیندل نمی‌چرخد")
    make_ticket()
    reply(ticket, "کولت را تمیز کردم")
    note(ticket, agent, "احتمال خرابی بلبرینگ")
    spellings = ["اسپيندل", "نميچرخد", "کولت", "بلبرینگ", "zx-90817", "۰۹۱۲۱۱۱۲۲۳۳", "کياني", ticket.number]
    for text in spellings:
        assert numbers(desk.get(QUEUE, {"q": text})) == [ticket.number], text
    assert numbers(desk.get(QUEUE, {"q": "هیچ‌کجا نیست"})) == []


def test_who_may_not_read_the_conversation_does_not_find_by_it(client, sign_in):
    ticket = make_ticket(description="رمز دستگاه گم شده")
    finance = sign_in(Role.FINANCE)
    assert numbers(finance.get(QUEUE, {"q": "رمز"})) == []
    assert numbers(finance.get(QUEUE, {"q": ticket.number})) == [ticket.number]
    assert numbers(finance.get(QUEUE, {"q": ticket.buyer.last_name})) == [ticket.number]


# --- pages and figures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "sort=rank", "sort=newest", "view=closed"])
def test_pages_follow_each_other_without_gap_or_double(desk, agent, monkeypatch, query):
    monkeypatch.setattr(reads, "PER_PAGE", 2)
    tickets = [make_ticket(importance=importance) for importance in ("low", "high", "urgent", "medium", "high")]
    answer(tickets[0], agent)
    answer(tickets[1], agent)
    if "closed" in query:
        for ticket in tickets:
            close(ticket, agent)
    seen, url = [], f"{QUEUE}?{query}"
    for _page in range(3):
        response = desk.get(url)
        seen += numbers(response)
        url = f"{QUEUE}?{response.context['next_query']}"
    assert response.context["next_query"] == ""
    assert len(seen) == len(set(seen)) == 5
    monkeypatch.setattr(reads, "PER_PAGE", 50)
    assert seen == queue(desk, query)


def test_counting_ends_at_a_limit(desk, monkeypatch):
    for _n in range(3):
        make_ticket()
    monkeypatch.setattr(reads, "MOST_COUNTED", 2)
    response = desk.get(QUEUE)
    assert response.context["found"] == 3
    assert {count for _name, _label, count, _query in response.context["views"]} == {0, 3, None}
    from support.templatetags.desk import capped

    assert capped(1001) == "۱٬۰۰۰+"
    assert capped(1000) == "۱٬۰۰۰"
    assert capped(7) == "۷"


def test_the_queue_needs_as_many_queries_for_three_rows_as_for_one(desk, agent, superuser):
    def queries(client) -> int:
        client.get(QUEUE)
        with CaptureQueriesContext(connection) as found:
            assert client.get(QUEUE).status_code == 200
        return len(found)

    make_ticket()
    one = queries(desk)
    for _n in range(2):
        ticket = make_ticket()
        assign_ticket(number=ticket.number, assignee_id=make_agent().pk, actor=actor_of(agent), now=timezone.now())
    assert queries(desk) == one
    assert queries(superuser) <= 8
    # For a role the frame of the admin asks what may be done with pages and files; the queue itself asks twice.
    assert one <= 10


def test_the_menu_tells_how_much_is_unread(desk, agent):
    read, unread, others = make_ticket(), make_ticket(), make_ticket()
    other = make_agent()
    assign_ticket(number=others.number, assignee_id=other.pk, actor=actor_of(agent), now=timezone.now())
    desk.get(f"/admin/tickets/{read.number}/")
    page = desk.get("/admin/").content.decode()
    assert "data-unread" in page
    assert reads.unread_by(agent.pk).get() == unread
    desk.get(f"/admin/tickets/{unread.number}/")
    assert "data-unread" not in desk.get("/admin/").content.decode()
    reply(read)
    assert reads.unread_by(agent.pk).get() == read


# --- many at once ----------------------------------------------------------------------------------------------------


def test_many_are_assigned_and_closed_at_once(desk, agent):
    first, second, third = make_ticket(), make_ticket(), make_ticket()
    both = {"numbers": [first.number, second.number]}
    desk.post(f"{QUEUE}bulk/", both | {"do": "assign", "assignee": agent.pk}, follow=True)
    assert set(Ticket.objects.filter(assignee=agent)) == {first, second}
    close(first, agent)
    response = desk.post(f"{QUEUE}bulk/", both | {"do": "close", "why": "solved"}, follow=True)
    assert set(Ticket.objects.still_open()) == {third}
    told = [str(message) for message in response.context["messages"]]
    assert len(told) == 2  # one was closed, the other had been closed before


def test_what_is_no_choice_changes_nothing(desk, agent):
    ticket = make_ticket()
    for data in (
        {"do": "close", "why": "silence", "numbers": [ticket.number]},
        {"do": "close"},
        {"do": "drop", "numbers": [ticket.number]},
        {"do": "assign", "assignee": ticket.buyer.user_id, "numbers": [ticket.number]},
        {"do": "close", "why": "solved", "numbers": ["1300-000001"]},
    ):
        assert desk.post(f"{QUEUE}bulk/", data).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.closed_at, ticket.assignee) == (None, None)


def test_tickets_are_given_to_who_may_answer_and_to_nobody_else(agent):
    direct, idle = make_staff(last_name="آذری"), make_agent(is_active=False)
    direct.user_permissions.add(Permission.objects.get(codename="answer_ticket"))
    boss = make_staff(is_superuser=True, last_name="یزدانی")
    make_staff(Role.FINANCE)
    buyer = make_buyer()
    names = [pk for pk, _name in reads.agents()]
    assert names == [direct.pk, agent.pk, boss.pk]
    assert not {idle.pk, buyer.user_id} & set(names)
    for person in User.objects.filter(is_active=True, buyer__isnull=True):
        assert person.has_perm("support.answer_ticket") is (person.pk in names)


# --- saved filters ---------------------------------------------------------------------------------------------------


def test_a_filter_is_kept_shown_and_forgotten(desk, agent):
    desk.post(f"{QUEUE}filters/", {"name": "فوری‌های من", "query": "view=mine&importance=urgent&evil=1&after=x"})
    saved = SavedFilter.objects.get()
    assert (saved.owner, saved.query, saved.is_shared) == (agent, "view=mine&importance=urgent", False)
    assert "فوری‌های من" in desk.get(QUEUE).content.decode()
    desk.post(f"{QUEUE}filters/{saved.pk}/drop/")
    assert not SavedFilter.objects.exists()


def test_filters_of_others_are_seen_only_when_shared_and_never_deleted(desk, agent):
    other = make_agent()
    shared = SavedFilter.objects.create(owner=other, name="همگانی", query="overdue=1", is_shared=True)
    own = SavedFilter.objects.create(owner=other, name="خصوصی", query="view=mine")
    page = desk.get(QUEUE).content.decode()
    assert "همگانی" in page
    assert "خصوصی" not in page
    assert desk.post(f"{QUEUE}filters/{shared.pk}/drop/").status_code == 404
    assert set(SavedFilter.objects.all()) == {shared, own}


def test_what_was_asked_for_is_told_whether_the_page_shows_it_all_or_not(agent, monkeypatch):
    monkeypatch.setattr(reads, "PER_PAGE", 2)
    for importance in ("urgent", "urgent", "urgent", "low"):
        make_ticket(importance=importance)
    now = timezone.now()

    def found(**wish) -> int:
        asked = reads.Wish(**wish)
        page = reads.page_of(asked, agent, now=now)
        return reads.figures(asked, agent, page=page, now=now)["found"]

    assert found() == 4  # a whole view
    assert found(importance="urgent") == 3  # more than a page
    assert found(importance="low") == 1  # no more than a page
    first = reads.page_of(reads.Wish(), agent, now=now)
    assert found(after=first.after) == 4
    assert found(view="closed") == 0


def test_a_search_with_many_hits_is_paged_like_the_queue(desk, agent, monkeypatch):
    """With few hits they are read by their keys, with many in the order of the queue: the same pages either way."""
    monkeypatch.setattr(reads, "PER_PAGE", 2)
    buyer = make_buyer()
    made = [make_ticket(buyer, title=f"اسپیندل {n}") for n in range(5)]
    make_ticket(buyer, title="کوره")
    due = [ticket.number for ticket in sorted(made, key=lambda ticket: (ticket.due_at, ticket.pk))]
    for most in (1000, 3):
        monkeypatch.setattr(reads, "MOST_COUNTED", most)
        first = desk.get(f"{QUEUE}?q=اسپيندل")
        assert numbers(first) == due[:2]
        assert first.context["found"] == min(5, most + 1)
        second = desk.get(f"{QUEUE}?{first.context['next_query']}")
        assert numbers(second) == due[2:4]
        assert numbers(desk.get(f"{QUEUE}?{second.context['next_query']}")) == due[4:]
        assert queue(desk, "q=اسپيندل&importance=urgent") == []
