"""What the reports count, and what the desk is set up with."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from django.core.cache import cache
from django.utils import timezone
from openpyxl import load_workbook

from customer.models import Trace
from customer.roles import Role
from kernel.jalali import TEHRAN, format_date
from support.models import CannedReply, Holiday, SlaPolicy, Ticket, WorkingHours
from support.queries import desk_hours
from support.services.conversation import answer_ticket
from support.services.desk import assign_ticket
from support.services.joining import merge_tickets
from support.services.ticket import close_ticket, rate_ticket, reopen_ticket
from tests.factories.support import WORKDAY, actor_of, make_agent, make_ticket

REPORTS = "/admin/ticket-reports/"
ABAN, AZAR = datetime(2026, 11, 1, 10, tzinfo=TEHRAN), WORKDAY  # ۱۰ آبان و ۴ آذر ۱۴۰۵


@pytest.fixture(autouse=True)
def _fresh_counters(db):
    cache.clear()


@pytest.fixture
def agent():
    return make_agent()


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


def figures(client, since: str = "1405/08/01", until: str = "1405/09/30"):
    response = client.get(REPORTS, {"since": since, "until": until})
    assert response.status_code == 200
    return response.context


def answered(ticket: Ticket, agent, after: timedelta) -> None:
    number = ticket.number
    answer_ticket(number=number, body="پاسخ", actor=actor_of(agent), now=ticket.created_at + after)


def closed(ticket: Ticket, agent, *, stars: int | None = None, again: bool = False) -> None:
    number, now = ticket.number, ticket.created_at + timedelta(hours=5)
    close_ticket(number=number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=now)
    buyer = ticket.buyer
    if stars:
        rate_ticket(buyer=buyer, number=number, stars=stars, note="", actor=actor_of(buyer), now=now)
    if again:
        reopen_ticket(number=number, actor=actor_of(buyer), now=now + timedelta(hours=1), buyer=buyer)


def test_figures_of_a_period_are_counted(desk, agent):
    kept, late, again, silent = (make_ticket(now=AZAR, importance="urgent") for _n in range(4))
    answered(kept, agent, timedelta(minutes=10))
    answered(late, agent, timedelta(days=9))
    closed(kept, agent, stars=5)
    closed(again, agent, again=True)
    Ticket.objects.filter(pk=silent.pk).update(first_answer_due_at=timezone.now() - timedelta(minutes=1))
    Ticket.objects.filter(pk=again.pk).update(first_answer_due_at=timezone.now() + timedelta(days=1))
    old = make_ticket(now=ABAN)
    whole = figures(desk, since="1405/09/01")["whole"]
    assert (whole.opened, whole.answered, whole.kept, whole.broken) == (4, 2, 1, 2)
    assert (whole.closed, whole.reopened, whole.rated, whole.rating) == (2, 1, 1, 5)
    assert whole.answer_time == (timedelta(minutes=10) + timedelta(days=9)) / 2
    assert (whole.kept_percent, whole.reopened_percent) == (33, 50)
    context = figures(desk)
    assert context["whole"].opened == 5
    assert context["months"] == [("آبان ۱۴۰۵", 1), ("آذر ۱۴۰۵", 4)]
    assert old.number


def test_figures_are_told_by_agent_and_by_model(desk, agent):
    mine, free = make_ticket(now=AZAR), make_ticket(now=AZAR)
    other = make_ticket(now=AZAR)
    Ticket.objects.filter(pk=other.pk).update(device=mine.device, buyer=mine.buyer)
    assign_ticket(number=mine.number, assignee_id=agent.pk, actor=actor_of(agent), now=AZAR)
    agents, models = (rows for _heading, _head, rows in figures(desk)["tables"])
    assert sorted((row.name, row.opened) for row in agents) == [("نگار سلیمی", 1), ("هیچ‌کس", 2)]
    assert {row.name: row.opened for row in models} == _by_model(mine, free, other)


def _by_model(*tickets: Ticket) -> dict[str, int]:
    for ticket in tickets:
        ticket.refresh_from_db()
    return dict(Counter(str(ticket.device.model) for ticket in tickets))


def test_the_days_at_both_ends_belong_to_the_period(desk):
    """By Tehran's clock: the last minute of the last day and the first of the first."""
    day = date(2026, 11, 22)  # ۱ آذر
    make_ticket(now=datetime(2026, 11, 22, 0, 0, tzinfo=TEHRAN))
    make_ticket(now=datetime(2026, 11, 22, 23, 59, 59, tzinfo=TEHRAN))
    make_ticket(now=datetime(2026, 11, 21, 23, 59, 59, tzinfo=TEHRAN))
    make_ticket(now=datetime(2026, 11, 23, 0, 0, tzinfo=TEHRAN))
    written = format_date(day, "numeric")
    assert figures(desk, since=written, until=written)["whole"].opened == 2


def test_what_was_merged_is_counted_once(desk, agent):
    first = make_ticket(now=AZAR)
    second = make_ticket(device=first.device, now=AZAR)
    merge_tickets(number=second.number, into=first.number, actor=actor_of(agent), now=AZAR)
    assert figures(desk)["whole"].opened == 1


@pytest.mark.parametrize("query", ["since=x&until=y", "since=1405/09/02&until=1405/09/01", "since=1405/09/01"])
def test_a_period_that_cannot_be_read_is_said_so(desk, query):
    response = desk.get(f"{REPORTS}?{query}")
    assert response.status_code == 400
    assert "desk-tiles" not in response.content.decode()
    assert desk.get(f"{REPORTS}sheet/?{query}").status_code == 302


def test_the_sheet_holds_the_figures_and_nobodys_words(desk, agent):
    ticket = make_ticket(now=AZAR, title="=cmd|' /C calc'!A0")
    answered(ticket, agent, timedelta(minutes=10))
    make_ticket(now=ABAN)
    response = desk.get(f"{REPORTS}sheet/?since=1405/09/01&until=1405/09/30")
    rows = list(load_workbook(BytesIO(b"".join(response.streaming_content))).active.values)
    assert len(rows) == 2
    assert rows[1][0] == ticket.number
    assert rows[1][4:7] == ("نگار سلیمی", 10, "بله")
    assert ticket.buyer.last_name not in str(rows)
    assert "calc" not in str(rows)
    assert Trace.objects.get(verb="ticket.list_exported").data["since"] == "2026-11-22"


# --- the set-up ------------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(sign_in):
    return sign_in(Role.ADMINISTRATOR)


def test_a_holiday_holds_at_once(administrator):
    assert desk_hours(now=WORKDAY).is_open
    saved = administrator.post("/admin/snippets/support/holiday/add/", {"day": "۱۴۰۵/۰۹/۰۴", "title": "تعطیل"})
    assert saved.status_code == 302
    assert Holiday.objects.get(title="تعطیل").day == date(2026, 11, 25)
    assert not desk_hours(now=WORKDAY).is_open
    assert Trace.objects.filter(verb="holiday.saved").exists()


def test_hours_neither_end_before_they_begin_nor_overlap(administrator):
    url = "/admin/snippets/support/workinghours/add/"
    WorkingHours.objects.filter(weekday=4).delete()
    before = WorkingHours.objects.count()
    assert administrator.post(url, {"weekday": 4, "opens_at": "12:00", "closes_at": "09:00"}).status_code == 200
    assert administrator.post(url, {"weekday": 4, "opens_at": "09:00", "closes_at": "12:00"}).status_code == 302
    assert administrator.post(url, {"weekday": 4, "opens_at": "11:00", "closes_at": "14:00"}).status_code == 200
    assert WorkingHours.objects.count() == before + 1


def test_a_solution_is_not_promised_before_the_answer(administrator):
    policy = SlaPolicy.objects.get(importance="low", mode="")
    url = f"/admin/snippets/support/slapolicy/edit/{policy.pk}/"
    values = {"importance": "low", "mode": ""}
    wrong = administrator.post(url, values | {"first_answer_minutes": 100, "resolution_minutes": 50})
    assert wrong.status_code == 200
    right = administrator.post(url, values | {"first_answer_minutes": 100, "resolution_minutes": 500})
    assert right.status_code == 302
    policy.refresh_from_db()
    assert (policy.first_answer_minutes, policy.resolution_minutes) == (100, 500)


def test_a_canned_reply_takes_only_placeholders_that_exist(desk, agent):
    url = "/admin/snippets/support/cannedreply/add/"
    values = {"title": "سلام", "is_active": "on", "device_type": "", "owner": agent.pk}
    wrong = desk.post(url, values | {"body": "سلام {byuer}"})
    assert wrong.status_code == 200
    assert "{byuer}" in wrong.content.decode()
    assert desk.post(url, values | {"body": "سلام {buyer}"}).status_code == 302
    assert CannedReply.objects.get().owner == agent


def test_nobody_puts_a_reply_into_anothers_drawer(desk):
    other = make_agent()
    values = {"title": "سلام", "body": "سلام", "is_active": "on", "device_type": "", "owner": other.pk}
    assert desk.post("/admin/snippets/support/cannedreply/add/", values).status_code == 200
    assert not CannedReply.objects.exists()
