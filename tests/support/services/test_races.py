"""Tickets under real threads on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from customer.models import Device, Trace
from integrations.models import OutboxMessage
from kernel.jalali import format_date, tehran_today
from support.admin import acts
from support.models import Message, Ticket, WorkLog
from support.services import attachment, desk
from support.services.conversation import undo_message
from support.services.joining import merge_tickets
from support.services.ticket import close_ticket
from support.views import ticket as ticket_views
from tests.customer.services.test_paper_races import at_once, refusals, wait_before, without_locks
from tests.factories.customer import make_buyer, make_staff
from tests.factories.support import actor_of, answer, make_covered_device, make_ticket, reply

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


def make_agent():
    """Of no group: those of the migrations are gone after a test that empties every table."""
    return make_staff(is_staff=True)


def close(ticket, agent):
    return close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())


def two_answers(ticket):
    first, second = make_agent(), make_agent()
    return at_once(*(lambda agent=agent: answer(ticket, agent, last_seen_id=0) for agent in (first, second)))


def test_of_two_agents_who_answer_at_once_one_is_told_to_read_first():
    ticket = make_ticket()
    assert refusals(two_answers(ticket)) == ["ticket.moved_on"]
    assert Message.objects.count() == 1


def test_without_the_lock_both_would_answer(monkeypatch):
    ticket = make_ticket()
    without_locks(monkeypatch)
    wait_before(monkeypatch, Message.objects, "create")
    assert refusals(two_answers(ticket)) == []
    assert Message.objects.count() == 2


def test_nothing_is_said_in_a_ticket_that_was_closed_meanwhile():
    agent = make_agent()
    for _ in range(5):
        cache.clear()
        ticket = make_ticket()
        outcome = refusals(at_once(lambda t=ticket: close(t, agent), lambda t=ticket: reply(t)))
        ticket.refresh_from_db()
        assert ticket.is_closed
        assert (outcome == ["ticket.closed"]) == (not ticket.messages.exists())
        assert ticket.due_at is ticket.waiting_since is None


def test_a_reply_is_merged_along_or_refused_never_left_behind():
    agent = make_agent()
    for _ in range(5):
        cache.clear()
        device = make_covered_device()
        source, target = make_ticket(device=device), make_ticket(device=device)

        def merge(one=source, two=target):
            return merge_tickets(number=one.number, into=two.number, actor=actor_of(agent), now=timezone.now())

        outcome = refusals(at_once(merge, lambda one=source: reply(one)))
        assert not source.messages.exists()
        assert target.messages.count() == (1 if outcome == ["ticket.merged"] else 2)


def test_two_merges_across_do_not_lock_each_other_for_ever():
    device, agent = make_covered_device(), make_agent()
    one, two = make_ticket(device=device), make_ticket(device=device)

    def merge(source, target):
        return merge_tickets(number=source.number, into=target.number, actor=actor_of(agent), now=timezone.now())

    outcome = refusals(at_once(lambda: merge(one, two), lambda: merge(two, one)))
    assert outcome in (["ticket.merged"], ["ticket.closed"])
    assert Ticket.objects.still_open().count() == 1


def test_taking_back_and_replying_end_in_one_order():
    agent, now = make_agent(), timezone.now()
    ticket = make_ticket()
    message = answer(ticket, agent, now=now)
    outcome = refusals(
        at_once(
            lambda: undo_message(message_id=message.pk, actor=actor_of(agent), now=now + timedelta(seconds=1)),
            lambda: reply(ticket, now=now + timedelta(seconds=1)),
        )
    )
    ticket.refresh_from_db()
    assert outcome in ([], ["message.too_late"])
    assert ticket.status == "open"
    assert Message.objects.count() == (2 if outcome else 1)


def test_numbers_are_given_once_and_without_gaps():
    devices = [make_covered_device() for _ in range(6)]
    made = at_once(*(lambda device=device: make_ticket(device=device) for device in devices))
    assert refusals(made) == []
    assert sorted(ticket.number[-6:] for ticket in made) == [f"{n:06d}" for n in range(1, 7)]


def test_a_ticket_and_a_change_of_hands_end_in_one_order():
    device, stranger = make_covered_device(), make_buyer()
    Device.objects.filter(pk=device.pk).update(owner=stranger)
    results = at_once(lambda: make_ticket(device=device))
    assert isinstance(results[0], Device.DoesNotExist)


def announce_twice(monkeypatch, settings):
    settings.ATTACHMENT_LIMITS = {**settings.ATTACHMENT_LIMITS, "open_uploads": 1}
    owner, now = make_buyer().user_id, timezone.now()
    wait_before(monkeypatch, attachment, "_require_room")
    return at_once(*(lambda: attachment.begin_upload(owner_id=owner, name="a.txt", size=5, now=now),) * 2)


def test_of_two_files_announced_at_once_the_one_too_many_is_refused(monkeypatch, settings):
    assert refusals(announce_twice(monkeypatch, settings)) == ["attachment.too_many_open"]


def test_without_the_lock_both_would_be_taken(monkeypatch, settings):
    without_locks(monkeypatch)
    assert refusals(announce_twice(monkeypatch, settings)) == []


# --- the same form twice at the same moment --------------------------------------------------------------------------


def twice(person, url, sent) -> list[str]:
    """Where two browsers of one person are led that send the same at once."""
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(person)
    answers = at_once(*(lambda client=client: client.post(url, sent) for client in clients))
    assert [answer.status_code for answer in answers] == [302, 302]
    return [answer.url for answer in answers]


def wish_for(device):
    return {"device": device.pk, "title": "صدا", "description": "صدا می‌دهد.", "importance": "low", "form_key": "k1"}


def test_a_ticket_sent_twice_at_once_is_opened_once(monkeypatch):
    buyer = make_buyer()
    wait_before(monkeypatch, ticket_views, "_open")
    one, two = twice(buyer.user, "/tickets/new/", wish_for(make_covered_device(buyer)))
    assert one == two == f"/tickets/{Ticket.objects.get().number}/"
    assert OutboxMessage.objects.filter(topic="crm.ticket").count() == 1


def test_a_ticket_sent_twice_at_once_is_opened_once_even_without_the_lock(monkeypatch):
    buyer = make_buyer()
    without_locks(monkeypatch)
    wait_before(monkeypatch, ticket_views, "_open")
    one, two = twice(buyer.user, "/tickets/new/", wish_for(make_covered_device(buyer)))
    assert one == two == f"/tickets/{Ticket.objects.get().number}/"


def test_without_a_key_it_would_be_opened_twice(monkeypatch):
    buyer = make_buyer()
    wait_before(monkeypatch, ticket_views, "_open")
    one, two = twice(buyer.user, "/tickets/new/", wish_for(make_covered_device(buyer)) | {"form_key": ""})
    assert one != two
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("locked", [True, False])
def test_a_reply_sent_twice_at_once_is_said_once(monkeypatch, locked):
    ticket = make_ticket()
    if not locked:
        without_locks(monkeypatch)
    wait_before(monkeypatch, ticket_views, "_reply")
    one, two = twice(ticket.buyer.user, f"/tickets/{ticket.number}/", {"body": "سلام", "form_key": "k1"})
    assert one == two
    assert Message.objects.count() == Trace.objects.filter(verb="ticket.replied").count() == 1


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_what_an_agent_sends_twice_at_once_is_said_once(monkeypatch, kind):
    ticket, agent = make_ticket(), make_staff(is_staff=True, is_superuser=True)
    wait_before(monkeypatch, acts, "_say")
    sent = {"kind": kind, "body": "سلام", "form_key": "k1", "last_seen": "0"}
    one, two = twice(agent, f"/admin/tickets/{ticket.number}/say/", sent)
    assert one == two
    assert Message.objects.count() == 1


def test_work_sent_twice_at_once_is_recorded_once(monkeypatch):
    ticket, agent = make_ticket(), make_staff(is_staff=True, is_superuser=True)
    wait_before(monkeypatch, desk, "log_work")
    today = format_date(tehran_today(), "numeric")
    sent = {"activity": "phone", "minutes": "25", "worked_on": today, "form_key": "k1"}
    twice(agent, f"/admin/tickets/{ticket.number}/log-work/", sent)
    assert WorkLog.objects.count() == Trace.objects.filter(verb="ticket.work_logged").count() == 1
