"""Tickets in the search of the portal, and answers of the knowledge base before a ticket is opened."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.searching import search
from customer.models import Trace
from kernel.persian import persian_digits
from support.models import Ticket
from tests.api.clients import client_of
from tests.factories.customer import make_buyer
from tests.factories.search import make_page
from tests.factories.support import answer, make_agent, make_covered_device, make_ticket, note, reply

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def buyer():
    return make_buyer()


@pytest.fixture
def device(buyer):
    return make_covered_device(buyer, identifier="ZX-778")


def found(user, text, **options):
    return {group.name: group for group in search(user, text, **options).groups}


@pytest.mark.parametrize(
    "text",
    ["صفحه نمایش", "صفحه‌نمايش", "صفحهنمایش", "سوت مي‌كشد", "فیوز پشت", "zx-۷۷۸", "NUMBER", "PERSIAN NUMBER"],
)
def test_a_ticket_is_found_by_what_was_said_by_its_number_and_by_its_device(buyer, device, text):
    ticket = make_ticket(device=device, title="صفحه‌نمایش خاموش است")
    make_ticket(make_buyer(), title="صفحه‌نمایش خاموش است")
    reply(ticket, "موتور هم سوت می‌کشد.")
    answer(ticket, make_agent(), "فیوز پشت دستگاه را ببینید.")
    text = {"NUMBER": ticket.number, "PERSIAN NUMBER": persian_digits(ticket.number)}.get(text, text)
    group = found(buyer.user, text)["tickets"]
    assert (group.count, [hit.url for hit in group.hits]) == (1, [f"/tickets/{ticket.number}/"])


def test_notes_and_other_peoples_tickets_are_not_found(buyer, device):
    ticket = make_ticket(device=device)
    note(ticket, make_agent(), "سرسام‌آور")
    theirs = make_ticket(title="کمپرسور")
    assert "tickets" not in found(buyer.user, "سرسام‌آور")
    assert "tickets" not in found(buyer.user, "کمپرسور")
    assert "tickets" not in found(make_agent(), theirs.number)


def test_what_is_found_costs_one_query_and_is_escaped(buyer, device):
    make_ticket(device=device, title="<b>صدا</b> کمپرسور")
    search(buyer.user, "کمپرسور")
    with CaptureQueriesContext(connection) as one:
        group = found(buyer.user, "کمپرسور", kinds=["tickets"])["tickets"]
    assert group.hits[0].heading == "&lt;b&gt;صدا&lt;/b&gt; <mark>کمپرسور</mark>"
    for _ in range(7):
        make_ticket(device=device, title="کمپرسور")
    cache.clear()
    search(buyer.user, "کمپرسور")
    with CaptureQueriesContext(connection) as more:
        group = found(buyer.user, "کمپرسور", kinds=["tickets"])["tickets"]
    assert (len(more), group.count, len(group.hits)) == (len(one), 8, 5)


def test_the_api_takes_tickets_as_a_kind(buyer, device):
    ticket = make_ticket(device=device, title="کمپرسور")
    told = client_of(buyer.user).get("/api/v1/search/?q=کمپرسور&kind=tickets").json()
    assert [(group["kind"], group["count"]) for group in told["groups"]] == [("tickets", 1)]
    assert told["groups"][0]["results"][0]["url"] == f"/tickets/{ticket.number}/"


# --- before a ticket is opened ---------------------------------------------------------------------------------------


def suggested(client, **query):
    return client.get("/tickets/new/suggestions/", query).json()["suggestions"]


def test_the_knowledge_base_answers_while_somebody_types(client, buyer, device):
    page = make_page(title="صدای بلند هنگام کار", summary="یاتاقان را روغن بزنید.", device_models=[device.model])
    make_page(title="صدای بلند چاپگر", device_models=[make_covered_device().model])
    client.force_login(buyer.user)
    (one,) = suggested(client, text="دستگاهم صدای بلندی می‌دهد", device=device.pk)
    assert one == {"key": str(page.pk), "title": page.title, "url": page.url, "summary": page.summary}
    assert suggested(client, text="دستگاهم صدای بلندی می‌دهد", device="x")[0]["key"] == str(page.pk)
    assert suggested(client, text="") == []


def test_what_solved_it_is_counted_and_no_ticket_is_opened(client, buyer, device):
    page = make_page(title="صدای بلند هنگام کار", device_models=[device.model])
    client.force_login(buyer.user)
    client.post("/tickets/new/draft/", {"title": "صدا", "body": "صدا می‌دهد"})
    done = client.post("/tickets/new/solved/", {"key": str(page.pk)})
    assert (done.url, done.cookies["draft_sent"].value) == ("/tickets/", "ticket-new")
    assert Trace.objects.get(verb="ticket.solved_by_article").subject == f"article:{page.pk}"
    assert not Ticket.objects.exists()
    assert "صدا می‌دهد" not in client.get("/tickets/new/").content.decode()
