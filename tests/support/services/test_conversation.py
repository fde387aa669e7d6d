"""Talking: who waits for whom, what can be taken back, and what nobody outside may see."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import OutboxMessage
from kernel.refused import Refused
from support.models import Message, Ticket, TicketDraft
from support.services import conversation as verbs
from support.services.conversation import answer_ticket, mark_read, save_draft, undo_message
from support.services.ticket import close_ticket
from tests.factories.support import actor_of, answer, make_agent, make_ticket, note, reply

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


def refused(act) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def test_an_answer_pauses_the_clock_and_a_reply_starts_it_again():
    ticket, agent = make_ticket(), make_agent()
    answer(ticket, agent)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee_id, ticket.waits_for_buyer) == ("answered", agent.pk, True)
    assert ticket.due_at is ticket.answer_due_at is ticket.resolution_due_at is None
    assert ticket.resolution_left_minutes > 0
    assert ticket.first_answered_at is not None
    reply(ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waits_for_buyer, ticket.resolution_left_minutes) == ("open", False, None)
    assert ticket.due_at == ticket.answer_due_at


def test_writing_twice_does_not_make_the_buyer_wait_longer():
    ticket = make_ticket()
    due = ticket.answer_due_at
    reply(ticket, now=timezone.now() + timedelta(hours=1))
    ticket.refresh_from_db()
    assert ticket.answer_due_at == due
    assert ticket.waiting_since == ticket.created_at


def test_an_answer_reaches_the_buyer_after_ten_seconds_and_is_told_then():
    ticket, agent = make_ticket(), make_agent()
    now = timezone.now()
    message = answer(ticket, agent, now=now)
    later = now + timedelta(seconds=10)
    assert not Message.objects.delivered(now).exists()
    assert list(Message.objects.delivered(later)) == [message]
    ticket.refresh_from_db()
    assert ticket.shown_status(now) == "in_review"
    assert ticket.shown_status(later) == "answered"
    assert (ticket.is_unread(now), ticket.is_unread(later)) == (False, True)
    told = {row.topic: row.next_attempt_at for row in OutboxMessage.objects.filter(dedupe_key__contains="answered")}
    assert told == dict.fromkeys(["crm.ticket", "notify.ticket_answered", "whatsapp.ticket_answered"], later)


def test_whatsapp_hears_of_nothing_where_it_is_off(settings):
    settings.WHATSAPP_PROVIDER = ""
    answer(make_ticket(), make_agent())
    assert not OutboxMessage.objects.filter(topic__startswith="whatsapp.").exists()


def test_an_answer_taken_back_never_happened():
    ticket, agent = make_ticket(), make_agent()
    before = Ticket.objects.filter(pk=ticket.pk).values(*verbs.ANSWERING, "search_text").get()
    now = timezone.now()
    message = answer(ticket, agent, "رمز اشتباهی", now=now)
    draft = undo_message(message_id=message.pk, actor=actor_of(agent), now=now + timedelta(seconds=9))
    assert (draft.body, draft.author_id) == ("رمز اشتباهی", agent.pk)
    assert Ticket.objects.filter(pk=ticket.pk).values(*verbs.ANSWERING, "search_text").get() == before
    assert not ticket.messages.exists()


def test_taking_back_is_refused_too_late_of_others_and_after_a_reply():
    ticket, agent = make_ticket(), make_agent()
    now = timezone.now()
    message = answer(ticket, agent, now=now)

    def undo(by=agent, at=now):
        return undo_message(message_id=message.pk, actor=actor_of(by), now=at)

    assert refused(lambda: undo(at=now + timedelta(seconds=10))) == "message.too_late"
    assert refused(lambda: undo(by=make_agent())) == "message.not_yours"
    reply(ticket, now=now)
    assert refused(undo) == "message.too_late"
    assert Message.objects.filter(pk=message.pk).exists()


def test_an_agent_who_has_not_seen_the_newest_does_not_answer_past_it():
    ticket, first, second = make_ticket(), make_agent(), make_agent()
    answer(ticket, first, last_seen_id=0)
    assert refused(lambda: answer(ticket, second, last_seen_id=0)) == "ticket.moved_on"
    assert ticket.messages.count() == 1
    answer(ticket, first, last_seen_id=0)  # his own message is no surprise
    assert ticket.messages.count() == 2


def test_a_note_changes_nothing_that_the_buyer_can_see():
    ticket, agent = make_ticket(), make_agent()
    fields = [*verbs.ANSWERING, "search_text"]
    before = Ticket.objects.filter(pk=ticket.pk).values(*fields).get()
    sent = OutboxMessage.objects.count()
    note(ticket, agent, "بدقول است")
    assert Ticket.objects.filter(pk=ticket.pk).values(*fields).get() == before
    assert OutboxMessage.objects.count() == sent
    assert not Ticket.objects.matching("بدقول").exists()
    assert Ticket.objects.matching_for_staff("بدقول").exists()


def test_notes_go_into_closed_tickets_and_answers_do_not():
    ticket, agent = make_ticket(), make_agent()
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    note(ticket, agent)
    assert refused(lambda: answer(ticket, agent)) == "ticket.closed"


@pytest.mark.parametrize("body", ["", " \n ", "\u200c"])
def test_nothing_said_is_refused(body):
    ticket = make_ticket()
    assert refused(lambda: reply(ticket, body)) == "message.empty"


def test_answering_is_atomic(monkeypatch):
    ticket, agent = make_ticket(), make_agent()
    monkeypatch.setattr(verbs.outbox, "emit", lambda *_messages: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        answer_ticket(number=ticket.number, body="پاسخ", actor=actor_of(agent), now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.status, ticket.messages.count()) == ("open", 0)


def test_reading_is_noted_only_when_there_is_something_new():
    ticket, agent = make_ticket(), make_agent()
    mark_read(ticket=ticket, by_staff=True, now=timezone.now())
    ticket.refresh_from_db()
    read_at = ticket.staff_read_at
    assert read_at is not None
    mark_read(ticket=ticket, by_staff=True, now=timezone.now())
    ticket.refresh_from_db()
    assert ticket.staff_read_at == read_at
    answer(ticket, agent)
    ticket.refresh_from_db()
    mark_read(ticket=ticket, by_staff=False, now=timezone.now())
    ticket.refresh_from_db()
    assert not ticket.is_unread(timezone.now())
    assert not Ticket.objects.unread_by_buyer(timezone.now()).exists()


def test_a_draft_is_kept_once_and_goes_with_the_message():
    ticket = make_ticket()
    person = ticket.buyer.user_id
    for body in ("سل", "سلام"):
        save_draft(author_id=person, ticket=ticket, body=body, now=timezone.now())
    assert TicketDraft.objects.get().body == "سلام"
    save_draft(author_id=person, ticket=None, title="تازه", body="", now=timezone.now())
    save_draft(author_id=person, ticket=None, title="تازه‌تر", body="", now=timezone.now())
    assert TicketDraft.objects.count() == 2
    reply(ticket)
    assert TicketDraft.objects.get().ticket is None
    save_draft(author_id=person, ticket=None, body=" ", now=timezone.now())
    assert not TicketDraft.objects.exists()


def test_the_database_refuses_a_note_of_a_buyer_and_a_buyers_message_held_back():
    ticket = make_ticket()
    message = reply(ticket)
    for wrong in ({"is_internal": True}, {"deliver_after": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=message.pk).update(**wrong)
