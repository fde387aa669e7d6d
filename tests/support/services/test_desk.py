"""What staff do: assigning, importance, work, many at once; merging, splitting, linking; what time does."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from customer.models import Trace
from customer.services.transfer import blockers
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.jalali import tehran_today
from kernel.refused import Refused
from support.models import Attachment, Message, Ticket, TicketLink, WorkLog
from support.services import attachment as files
from support.services.desk import (
    Work,
    assign_ticket,
    bulk_assign,
    bulk_close,
    change_importance,
    end_review,
    hand_over,
    log_work,
    note_remote_session,
    start_review,
)
from support.services.joining import link_tickets, merge_tickets, split_ticket
from support.services.ticket import close_ticket
from support.services.upkeep import escalate_breaches, warn_and_autoclose
from support.transfer import close_open_tickets
from tests.factories.customer import make_buyer, make_staff
from tests.factories.support import (
    actor_of,
    answer,
    make_agent,
    make_covered_device,
    make_pay_per_case_device,
    make_ticket,
    note,
    reply,
)
from tests.support.files import PDF, upload

pytestmark = pytest.mark.django_db
WHY = Ticket.ClosedWhy


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


@pytest.fixture
def agent(db):
    return make_agent()


def refused(act) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def close(ticket, agent, why=WHY.SOLVED):
    return close_ticket(number=ticket.number, why=why, actor=actor_of(agent), now=timezone.now())


def assign(ticket, to, by, **values):
    return assign_ticket(
        number=ticket.number, assignee_id=to and to.pk, actor=actor_of(by), now=timezone.now(), **values
    )


def test_assigning_begins_the_review_and_tells_the_other(agent):
    ticket, other = make_ticket(), make_agent()
    assert assign(ticket, other, agent).status == "in_review"
    assert OutboxMessage.objects.filter(topic="notify.ticket_assigned").count() == 1
    assign(ticket, other, agent)  # nothing new
    assert Trace.objects.filter(verb="ticket.assigned").count() == 1
    assert assign(ticket, None, agent).assignee_id is None


@pytest.mark.parametrize("make", [make_buyer, make_staff, lambda: make_agent(is_active=False)])
def test_only_agents_get_tickets(agent, make):
    ticket, person = make_ticket(), make()
    person = getattr(person, "user", person)
    assert refused(lambda: assign(ticket, person, agent)) == "ticket.not_an_agent"


def test_a_closed_ticket_is_not_assigned_nor_reviewed(agent):
    ticket = make_ticket()
    close(ticket, agent)
    assert refused(lambda: assign(ticket, agent, agent)) == "ticket.closed"
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    assert refused(lambda: start_review(**act)) == "ticket.closed"
    assert refused(lambda: change_importance(importance="low", **act)) == "ticket.closed"


def test_handing_over_says_why_in_a_note(agent):
    ticket, other = make_ticket(), make_agent()
    act = {"number": ticket.number, "assignee_id": other.pk, "actor": actor_of(agent), "now": timezone.now()}
    assert refused(lambda: hand_over(note=" ", **act)) == "message.empty"
    hand_over(note="کار اسپیندل است", **act)
    message = Message.objects.get()
    assert (message.is_internal, message.body) == (True, "کار اسپیندل است")


def test_reviewing_is_told_once(agent):
    ticket = make_ticket()
    for _ in range(2):
        start_review(number=ticket.number, actor=actor_of(agent), now=timezone.now())
    assert Trace.objects.filter(verb="ticket.in_review").count() == 1


CLOCK = ("waiting_since", "answer_due_at", "resolution_due_at", "resolution_left_minutes", "due_at", "assignee_id")


def test_ending_a_review_is_told_once_and_leaves_the_clock_alone(agent):
    ticket = make_ticket()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    assign(ticket, agent, agent)
    before = Ticket.objects.values(*CLOCK).get()
    for _ in range(2):
        assert end_review(**act).status == "open"
    assert Ticket.objects.values("status", *CLOCK).get() == before | {"status": "open"}
    trace = Trace.objects.get(verb="ticket.review_ended")
    assert (trace.subject, trace.actor_id, trace.buyer_id) == (f"ticket:{ticket.number}", agent.pk, ticket.buyer_id)
    told = OutboxMessage.objects.filter(topic="crm.ticket", payload__event="review_ended")
    assert told.get().payload["key"] == str(trace.pk)
    start_review(**act)
    end_review(**act)
    assert told.count() == 2


def test_a_review_that_has_not_begun_or_is_over_is_not_ended(agent):
    ticket = make_ticket()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    assert end_review(**act).status == "open"
    answer(ticket, agent)
    assert end_review(**act).status == "answered"
    close(ticket, agent)
    assert refused(lambda: end_review(**act)) == "ticket.closed"
    assert not Trace.objects.filter(verb="ticket.review_ended").exists()


def test_a_review_that_could_not_be_told_of_is_not_ended(agent, monkeypatch):
    ticket = make_ticket()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    start_review(**act)
    monkeypatch.setattr("support.services.desk.outbox.emit", lambda *_messages: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        end_review(**act)
    ticket.refresh_from_db()
    assert ticket.status == "in_review"
    assert not Trace.objects.filter(verb="ticket.review_ended").exists()


def test_another_importance_brings_another_promise(agent):
    ticket = make_ticket(importance="low")
    before = ticket.answer_due_at
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    changed = change_importance(importance="urgent", **act)
    assert changed.answer_due_at < before
    assert (changed.rank, changed.first_answer_due_at) == (0, changed.answer_due_at)


def test_a_change_of_importance_ends_the_time_to_take_back(agent):
    from support.services.conversation import undo_message

    ticket, now = make_ticket(), timezone.now()
    message = answer(ticket, agent, now=now)
    change_importance(number=ticket.number, importance="urgent", actor=actor_of(agent), now=now)
    assert refused(lambda: undo_message(message_id=message.pk, actor=actor_of(agent), now=now)) == "message.too_late"


def test_work_is_logged_apart_from_messages(agent):
    ticket, today = make_ticket(), tehran_today()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}

    def log(**values):
        work = {"activity": "remote", "minutes": 25, "worked_on": today, "note": "به‌روزرسانی"} | values
        return log_work(work=Work(**work), **act)

    assert refused(lambda: log(minutes=0)) == "work.minutes_invalid"
    assert refused(lambda: log(minutes=1441)) == "work.minutes_invalid"
    assert refused(lambda: log(worked_on=today + timedelta(days=1))) == "work.in_future"
    assert log().minutes == 25
    assert not ticket.messages.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkLog.objects.update(minutes=0)


def test_the_remote_session_is_kept(agent):
    ticket = make_ticket()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    assert note_remote_session(session_id=" 123 456 789 ", **act).remote_session_id == "123 456 789"


def test_many_at_once_each_stands_or_falls_alone(agent):
    one, two, three = make_ticket(), make_ticket(), make_ticket()
    close(two, agent)
    numbers = [one.number, two.number, three.number]
    act = {"numbers": numbers, "actor": actor_of(agent), "now": timezone.now()}
    given = bulk_assign(assignee_id=agent.pk, **act)
    assert (given.done, list(given.refused)) == ([one.number, three.number], [two.number])
    assert bulk_close(why=WHY.SOLVED, **act).done == [one.number, three.number]


# --- merging, splitting, linking -------------------------------------------------------------------------------------


@pytest.fixture
def pair(agent):
    device = make_covered_device()
    return make_ticket(device=device), make_ticket(device=device)


def merge(one, two, agent):
    return merge_tickets(number=one.number, into=two.number, actor=actor_of(agent), now=timezone.now())


def test_merging_moves_everything_and_closes_the_source(agent, pair):
    source, target = pair
    kept = files.store_upload(owner_id=source.buyer.user_id, upload=upload("a.pdf", PDF), now=timezone.now())
    reply(source, "نکتهٔ کمیاب", attachment_ids=[kept.pk])
    note(source, agent, "یادداشت پنهان")
    answer(target, agent)
    merged = merge(source, target, agent)
    source.refresh_from_db()
    merged.refresh_from_db()
    assert (source.closed_why, source.merged_into_id, source.due_at) == ("merged", target.pk, None)
    assert (merged.status, merged.waiting_since) == ("open", source.created_at)
    assert merged.due_at is not None
    assert not source.messages.exists()
    assert source.description in merged.messages.first().body
    assert Attachment.objects.get().ticket_id == target.pk
    assert list(Ticket.objects.matching("کمیاب").still_open()) == [target]
    assert not Ticket.objects.matching("پنهان").exists()
    assert Ticket.objects.matching_for_staff("پنهان").exists()
    assert refused(lambda: reply(source)) == "ticket.merged"


def test_merging_is_refused_with_itself_with_others_and_with_the_closed(agent, pair):
    one, two = pair
    assert refused(lambda: merge(one, one, agent)) == "ticket.same"
    assert refused(lambda: merge(one, make_ticket(), agent)) == "ticket.other_buyer"
    close(two, agent)
    assert refused(lambda: merge(one, two, agent)) == "ticket.closed"
    assert refused(lambda: merge(two, one, agent)) == "ticket.closed"
    assert not Message.objects.exists()


def test_a_message_becomes_a_ticket_of_its_own(agent):
    ticket = make_ticket(device=make_pay_per_case_device(), accept_tariff=True)
    kept = files.store_upload(owner_id=ticket.buyer.user_id, upload=upload("a.pdf", PDF), now=timezone.now())
    message = reply(ticket, "و یک پرسش دیگر", attachment_ids=[kept.pk])
    act = {"actor": actor_of(agent), "now": timezone.now()}
    made = split_ticket(message_id=message.pk, title="پرسش دیگر", **act)
    made.refresh_from_db()
    assert (made.description, made.device_id, made.mode) == ("و یک پرسش دیگر", ticket.device_id, "pay_per_case")
    assert made.tariff_accepted_at == ticket.tariff_accepted_at
    assert (made.attachments.get(), made.attachments.get().message_id) == (kept, None)
    assert TicketLink.objects.get().other == made
    assert [m.is_internal for m in ticket.messages.all()] == [True]
    assert list(Ticket.objects.matching("یک پرسش دیگر")) == [made]


def test_only_what_the_buyer_said_is_split_off(agent):
    ticket = make_ticket()
    act = {"actor": actor_of(agent), "now": timezone.now(), "title": "x"}
    for message in (answer(ticket, agent), note(ticket, agent)):
        assert refused(lambda pk=message.pk: split_ticket(message_id=pk, **act)) == "ticket.not_splittable"


def test_linking_is_once_from_either_side(agent, pair):
    one, two = pair
    act = {"kind": TicketLink.Kind.RELATED, "actor": actor_of(agent), "now": timezone.now()}
    link_tickets(number=one.number, other=two.number, **act)
    assert refused(lambda: link_tickets(number=two.number, other=one.number, **act)) == "ticket.already_linked"
    assert refused(lambda: link_tickets(number=one.number, other=one.number, **act)) == "ticket.same"


# --- time ------------------------------------------------------------------------------------------------------------


def test_silence_is_warned_of_and_then_closes(agent, settings):
    ticket, answered = make_ticket(), timezone.now() - timedelta(minutes=1)
    answer(ticket, agent, now=answered)
    warn_at = answered + settings.TICKET_UNDO + settings.TICKET_WARN_AFTER
    assert warn_and_autoclose(now=warn_at - timedelta(minutes=1)) == (0, 0)
    assert warn_and_autoclose(now=warn_at) == (1, 0)
    assert warn_and_autoclose(now=warn_at) == (0, 0)
    close_at = warn_at + settings.TICKET_CLOSE_AFTER_WARNING
    assert warn_and_autoclose(now=close_at - timedelta(minutes=1)) == (0, 0)
    assert warn_and_autoclose(now=close_at) == (0, 1)
    ticket.refresh_from_db()
    assert (ticket.closed_why, ticket.closed_by_id) == ("silence", None)


def test_a_reply_after_the_warning_starts_anew(agent, settings):
    ticket, answered = make_ticket(), timezone.now() - timedelta(minutes=1)
    answer(ticket, agent, now=answered)
    later = answered + timedelta(days=8)
    assert warn_and_autoclose(now=later) == (1, 0)
    reply(ticket, now=later)
    assert warn_and_autoclose(now=later + timedelta(days=30)) == (0, 0)
    ticket.refresh_from_db()
    assert ticket.warned_at is None


def test_broken_promises_go_to_the_managers_once(agent, settings):
    settings.MANAGER_PHONES = ["09121112233", "۰۹۱۲۱۱۱۲۲۴۴"]
    ticket = make_ticket()
    assert escalate_breaches(now=ticket.answer_due_at - timedelta(minutes=1)) == 0
    assert escalate_breaches(now=ticket.answer_due_at) == 1
    assert escalate_breaches(now=ticket.answer_due_at) == 0
    assert escalate_breaches(now=ticket.resolution_due_at) == 1
    assert OutboxMessage.objects.filter(topic="sms.ticket_overdue").count() == 4
    assert OutboxMessage.objects.filter(topic="notify.ticket_overdue").count() == 2


def test_an_answered_ticket_breaks_no_promise(agent):
    ticket = make_ticket()
    due = ticket.resolution_due_at
    answer(ticket, agent)
    assert escalate_breaches(now=due + timedelta(days=9)) == 0


# --- a device that changes hands -------------------------------------------------------------------------------------


def test_open_tickets_are_named_before_a_transfer_and_closed_with_it(agent):
    ticket = make_ticket()
    found = [one for one in blockers(ticket.device) if one.code == "open_tickets"]
    assert [one.policy for one in found] == ["warns"]
    close_open_tickets(ticket.device, actor=SYSTEM, now=timezone.now())
    ticket.refresh_from_db()
    assert ticket.closed_why == "transferred"
    assert not [one for one in blockers(ticket.device) if one.code == "open_tickets"]
