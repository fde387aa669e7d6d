"""A form that the browser sends again, because the first answer was lost, takes effect once."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer.models import Trace
from integrations.models import OutboxMessage
from kernel.jalali import format_date, tehran_today
from support.models import Attachment, Message, Ticket, WorkLog
from support.services import attachment as files
from support.services.conversation import undo_message
from support.services.joining import merge_tickets
from support.services.ticket import close_ticket
from tests.factories.customer import make_buyer
from tests.factories.support import actor_of, make_agent, make_covered_device, make_ticket, reply
from tests.support.files import PDF, upload

pytestmark = pytest.mark.django_db
KEY = re.compile(r'name="form_key" value="([\w-]{22})"')


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    cache.clear()
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


@pytest.fixture
def desk(client):
    agent = make_agent()
    client.force_login(agent)
    client.person = agent
    return client


def keys_of(response) -> list[str]:
    return KEY.findall(response.content.decode())


def key_of(client, url) -> str:
    [key] = keys_of(client.get(url))
    return key


def left_behind() -> tuple[int, ...]:
    return tuple(kind.objects.count() for kind in (Ticket, Message, WorkLog, Trace, OutboxMessage))


def wish_for(device, **values):
    wish = {"device": device.pk, "title": "صدای ناهنجار", "description": "موتور صدا می‌دهد.", "importance": "high"}
    return wish | values


# --- a new ticket ----------------------------------------------------------------------------------------------------


def test_a_ticket_that_is_sent_again_is_opened_once_and_shown(client, buyer):
    wish = wish_for(make_covered_device(buyer), form_key=key_of(client, "/tickets/new/"))
    first = client.post("/tickets/new/", wish)
    after = left_behind()
    second = client.post("/tickets/new/", wish)
    assert (second.status_code, second.url) == (302, first.url)
    assert second.cookies["draft_sent"].value == "ticket-new"
    assert left_behind() == after
    said = [str(one) for one in client.get(second.url).context["messages"]]
    assert len(said) == 2
    assert said[0] == said[1]


def test_a_ticket_that_is_sent_again_leads_there_whatever_has_become_of_its_device(client, buyer):
    device = make_covered_device(buyer)
    wish = wish_for(device, form_key=key_of(client, "/tickets/new/"))
    first = client.post("/tickets/new/", wish)
    device.owner = make_buyer()
    device.save(update_fields=["owner"])
    assert client.post("/tickets/new/", wish).url == first.url
    assert client.post("/tickets/new/", wish | {"title": "دیگر"}).status_code == 400


def test_opening_by_the_page_takes_twelve_statements(client, buyer):
    device = make_covered_device(buyer)
    client.post("/tickets/new/", wish_for(device, form_key=key_of(client, "/tickets/new/")))
    wish = wish_for(device, form_key=key_of(client, "/tickets/new/"))
    with CaptureQueriesContext(connection) as found:
        assert client.post("/tickets/new/", wish).status_code == 302
    asked = [query["sql"] for query in found if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 12
    assert len([sql for sql in asked if not sql.startswith("SELECT")]) <= 5


def test_every_showing_has_its_own_key_and_what_was_refused_keeps_it(client, buyer):
    device = make_covered_device(buyer)
    key = key_of(client, "/tickets/new/")
    assert key != key_of(client, "/tickets/new/")
    refused = client.post("/tickets/new/", wish_for(device, title="", form_key=key))
    assert refused.status_code == 400
    assert keys_of(refused) == [key]
    assert client.post("/tickets/new/", wish_for(device, form_key=key)).status_code == 302
    assert Ticket.objects.count() == 1


def test_what_was_changed_before_it_was_sent_again_is_not_lost(client, buyer):
    """Back in the browser, and something else written into the same form."""
    ticket = make_ticket(buyer)
    url = f"/tickets/{ticket.number}/"
    key = key_of(client, url)
    client.post(url, {"body": "سلام", "form_key": key})
    client.post(url, {"body": "سلام، و یک چیز دیگر", "form_key": key})
    client.post(url, {"body": "سلام، و یک چیز دیگر", "form_key": key})
    assert list(Message.objects.values_list("body", flat=True)) == ["سلام", "سلام، و یک چیز دیگر"]


def test_a_page_without_a_key_works_as_before(client, buyer):
    ticket = make_ticket(buyer)
    for sent in ({"body": "سلام"}, {"body": "سلام", "form_key": ""}):
        assert client.post(f"/tickets/{ticket.number}/", sent).status_code == 302
    assert Message.objects.count() == 2


def test_two_people_may_have_the_same_key(client, buyer):
    wish = wish_for(make_covered_device(buyer), form_key="k" * 22)
    client.post("/tickets/new/", wish)
    other = make_buyer()
    client.force_login(other.user)
    theirs = client.post("/tickets/new/", wish)
    assert theirs.status_code == 400  # the device is not theirs, and neither is the ticket
    theirs = client.post("/tickets/new/", wish | {"device": make_covered_device(other).pk})
    assert theirs.status_code == 302
    assert Ticket.objects.count() == 2


# --- a buyer's reply -------------------------------------------------------------------------------------------------


def test_a_reply_that_is_sent_again_is_said_once(client, buyer):
    ticket = make_ticket(buyer)
    url = f"/tickets/{ticket.number}/"
    sent = {"body": "کابل را عوض کردم.", "form_key": key_of(client, url)}
    first = client.post(url, sent)
    after = left_behind()
    second = client.post(url, sent)
    assert (second.status_code, second.url) == (302, first.url)
    assert first.url == f"{url}#m{Message.objects.get().pk}"
    assert second.cookies["draft_sent"].value == f"ticket-{ticket.number}"
    assert left_behind() == after


def test_a_reply_of_files_alone_is_sent_once_and_its_files_are_taken_once(client, buyer):
    ticket = make_ticket(buyer)
    url = f"/tickets/{ticket.number}/"
    stored = files.store_upload(owner_id=buyer.user_id, upload=upload("a.pdf", PDF), now=timezone.now())
    named = {"attachments": [stored.pk], "form_key": key_of(client, url)}
    assert client.post(url, named).url == client.post(url, named).url
    key = key_of(client, url)
    first, second = (
        client.post(url, {"attachments": [upload("b.pdf", PDF)], "form_key": key, "body": ""}) for _n in range(2)
    )
    assert first.url == second.url
    assert (Message.objects.count(), Attachment.objects.count()) == (2, 2)


def test_a_reply_that_is_sent_again_after_the_ticket_was_closed_is_not_refused(client, buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    url = f"/tickets/{ticket.number}/"
    sent = {"body": "کابل را عوض کردم.", "form_key": key_of(client, url)}
    first = client.post(url, sent)
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    assert client.post(url, sent).url == first.url
    assert client.post(url, sent | {"body": "دیگر"}).status_code == 409
    assert Message.objects.count() == 1


# --- the desk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_what_an_agent_sends_again_is_said_once(desk, kind):
    ticket = make_ticket()
    url = f"/admin/tickets/{ticket.number}/"
    page = desk.get(url)
    key = page.context["say"]["form_key"].value()
    assert key in keys_of(page)
    sent = {"kind": kind, "body": "فیوز را ببینید.", "form_key": key, "last_seen": "0"}
    first = desk.post(f"{url}say/", sent)
    after = left_behind()
    message = Message.objects.get()
    second = desk.post(f"{url}say/", sent)
    assert (first.url, second.url) == (f"{url}#m{message.pk}",) * 2
    # A page that came back from the browser's memory has seen its own answer meanwhile.
    assert desk.post(f"{url}say/", sent | {"last_seen": str(message.pk)}).url == first.url
    assert left_behind() == after


def test_an_answer_that_was_overtaken_keeps_its_key_and_is_said_once(desk):
    ticket = make_ticket()
    url = f"/admin/tickets/{ticket.number}/"
    key = desk.get(url).context["say"]["form_key"].value()
    reply(ticket)
    sent = {"kind": "reply", "body": "فیوز را ببینید.", "form_key": key, "last_seen": "0"}
    refused = desk.post(f"{url}say/", sent)
    assert refused.status_code == 409
    assert refused.context["say"]["form_key"].value() == key
    again = sent | {"last_seen": refused.context["last_seen"]}
    assert desk.post(f"{url}say/", again).url == desk.post(f"{url}say/", again).url
    assert Message.objects.filter(from_staff=True).count() == 1


def test_what_was_merged_meanwhile_is_not_said_again(desk):
    ticket = make_ticket()
    target = make_ticket(device=ticket.device)
    url = f"/admin/tickets/{ticket.number}/"
    sent = {"kind": "note", "body": "یادداشت", "form_key": desk.get(url).context["say"]["form_key"].value()}
    first = desk.post(f"{url}say/", sent)
    merge_tickets(number=ticket.number, into=target.number, actor=actor_of(desk.person), now=timezone.now())
    said = Message.objects.count()
    assert desk.post(f"{url}say/", sent).url == first.url
    assert Message.objects.count() == said


def test_an_answer_that_was_taken_back_is_written_anew_with_another_key(desk):
    ticket = make_ticket()
    url = f"/admin/tickets/{ticket.number}/"
    key = desk.get(url).context["say"]["form_key"].value()
    desk.post(f"{url}say/", {"kind": "reply", "body": "فیوز را ببینید.", "form_key": key})
    message = Message.objects.get()
    undo_message(message_id=message.pk, actor=actor_of(desk.person), now=message.created_at + timedelta(seconds=1))
    again = desk.get(url).context["say"]["form_key"].value()
    assert again != key
    desk.post(f"{url}say/", {"kind": "reply", "body": "فیوز را ببینید.", "form_key": again})
    assert Message.objects.count() == 1


def test_work_that_is_sent_again_is_recorded_once(desk):
    ticket = make_ticket()
    url = f"/admin/tickets/{ticket.number}/"
    key = desk.get(url).context["acts"]["log_work"]["form_key"].value()
    today = format_date(tehran_today(), "numeric")
    sent = {"activity": "phone", "minutes": "25", "worked_on": today, "note": "راهنمایی", "form_key": key}
    wrong = desk.post(f"{url}log-work/", sent | {"minutes": "0"})
    assert wrong.context["acts"]["log_work"]["form_key"].value() == key
    assert desk.post(f"{url}log-work/", sent).url == url
    after = left_behind()
    assert desk.post(f"{url}log-work/", sent).url == url
    assert left_behind() == after
    assert len({str(one) for one in desk.get(url).context["messages"]}) == 1
    desk.post(f"{url}log-work/", sent | {"form_key": desk.get(url).context["acts"]["log_work"]["form_key"].value()})
    assert WorkLog.objects.count() == 2


def test_a_reason_for_handing_over_that_is_sent_again_is_noted_once(desk):
    ticket, colleague = make_ticket(), make_agent(first_name="بهرام", last_name="توکلی")
    url = f"/admin/tickets/{ticket.number}/"
    key = desk.get(url).context["acts"]["assign"]["form_key"].value()
    sent = {"assignee": colleague.pk, "note": "در شیراز است", "form_key": key}
    for _n in range(2):
        assert desk.post(f"{url}assign/", sent).url == url
    assert Message.objects.get().body == "در شیراز است"


def test_the_database_takes_a_key_of_a_person_once(buyer):
    ticket, agent = make_ticket(buyer), make_agent()
    values = {"ticket": ticket, "body": "x", "created_at": timezone.now(), "form_key": "a" * 64}
    Message.objects.create(author=buyer.user, from_staff=False, **values)
    Message.objects.create(author=agent, from_staff=True, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(author=buyer.user, from_staff=False, **values)
    for _n in range(2):
        Message.objects.create(author=buyer.user, from_staff=False, **values | {"form_key": ""})
    assert Message.objects.count() == 4
