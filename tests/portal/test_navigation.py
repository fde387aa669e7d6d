"""The navigation is rendered once for many pages, and says on each of them where one is and how much waits."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from customer.models import InboxItem
from kernel.persian import persian_digits
from portal.context import Unread, unread_of
from support.models import Ticket
from tests.factories.customer import make_buyer
from tests.factories.support import answer, make_agent, make_ticket

pytestmark = pytest.mark.django_db


def add_messages(buyer, number: int) -> None:
    first = InboxItem.objects.filter(buyer=buyer).count()
    InboxItem.objects.bulk_create(
        InboxItem(
            buyer=buyer,
            kind=InboxItem.Kind.GENERAL,
            title="خبر",
            dedupe_key=f"test:{first + n}",
            created_at=timezone.now(),
        )
        for n in range(number)
    )


def navigations(client, path: str) -> list[str]:
    """The one in the bar and the one at the foot."""
    html = client.get(path).content.decode()
    return re.findall(r'<nav class="(?:bar-nav|tabs)"[^>]*>(.*?)</nav>', html, re.DOTALL)


def waiting(client, path: str = "/dashboard/") -> list[str]:
    return [dot for part in navigations(client, path) for dot in re.findall(r'class="dot[^>]*>(.*?)<', part)]


def test_says_where_one_is(client):
    client.force_login(make_buyer().user)
    for path in ("/dashboard/", "/devices/", "/inbox/", "/dashboard/", "/devices/"):
        marked = [re.findall(r'<a href="([^"]*)" aria-current="page"', part) for part in navigations(client, path)]
        assert marked == [[path], [path]]


def test_says_how_many_messages_wait_for_each_person(client):
    buyer, other = make_buyer(), make_buyer()
    for number in (0, 1, 98, 1, 1):  # 0, 1, 99, 100, 101 in all
        add_messages(buyer, number)
        client.force_login(buyer.user)
        total = InboxItem.objects.filter(buyer=buyer).count()
        shown = [persian_digits("99+" if total > 99 else str(total))] * 2 if total else []
        assert waiting(client) == shown
        client.force_login(other.user)
        assert waiting(client) == []
    client.force_login(buyer.user)
    InboxItem.objects.filter(buyer=buyer).update(read_at=timezone.now())
    assert waiting(client) == []


def make_answered_ticket(buyer) -> Ticket:
    """A ticket whose answer the buyer has not seen; the note of it in the inbox is read."""
    ticket = make_ticket(buyer)
    answer(ticket, make_agent())
    InboxItem.objects.update(read_at=timezone.now())
    ticket.refresh_from_db()
    return ticket


def copy(ticket: Ticket, number: int) -> list[Ticket]:
    values = {field.attname: getattr(ticket, field.attname) for field in Ticket._meta.concrete_fields}
    del values["id"]
    return Ticket.objects.bulk_create(Ticket(**values | {"number": f"N-{copied}"}) for copied in range(number))


def test_says_how_many_tickets_have_a_new_answer(client):
    buyer, other = make_buyer(), make_buyer()
    answered = make_answered_ticket(buyer)
    make_ticket(buyer)
    client.force_login(buyer.user)
    for path in ("/dashboard/", "/devices/", "/tickets/"):
        assert waiting(client, path) == ["۱", "۱"]
        assert client.get(path).content.decode().count('aria-label="تیکت‌ها، ۱ پاسخ تازه"') == 2
    add_messages(buyer, 2)
    assert waiting(client) == waiting(client, "/devices/") == ["۱", "۲"] * 2
    client.force_login(other.user)
    assert waiting(client) == []
    client.force_login(buyer.user)
    assert waiting(client, f"/tickets/{answered.number}/") == ["۲", "۲"], "the answer is being read"
    assert waiting(client) == ["۲", "۲"]


def test_many_answers_are_told_no_number(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    copies = copy(make_answered_ticket(buyer), 99)
    assert waiting(client, "/devices/") == ["۹۹+"] * 2
    assert 'aria-label="تیکت‌ها، ۹۹+ پاسخ تازه"' in client.get("/devices/").content.decode()
    copies[0].delete()
    assert waiting(client, "/devices/") == ["۹۹"] * 2


def test_an_answer_that_may_still_be_taken_back_is_not_told():
    buyer, now = make_buyer(), timezone.now()
    answer(make_ticket(buyer), make_agent(), now=now)
    assert unread_of(buyer, now=now).tickets == 0
    assert unread_of(buyer, now=now + settings.TICKET_UNDO).tickets == 1


@pytest.mark.parametrize(("messages", "tickets"), [(0, 0), (0, 1), (2, 0), (3, 2)])
def test_both_numbers_cost_one_query(django_assert_num_queries, messages, tickets):
    buyer, other = make_buyer(), make_buyer()
    for _number in range(tickets):
        make_answered_ticket(buyer)
    make_answered_ticket(other)
    add_messages(buyer, messages)
    add_messages(other, 1)
    with django_assert_num_queries(1):
        assert unread_of(buyer, now=timezone.now()) == Unread(messages=messages, tickets=tickets)


@pytest.mark.postgres
def test_answers_are_counted_by_the_index_of_the_unread():
    buyer = make_buyer()
    ticket = make_answered_ticket(buyer)
    ticket.buyer_read_at = timezone.now()
    copy(ticket, 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE support_ticket")
    unread = Ticket.objects.filter(buyer=buyer).unread_by_buyer(timezone.now())
    plan = unread.order_by().values("buyer_id").annotate(number=Count("pk")).explain()
    assert "ticket_unread_by_buyer" in plan
