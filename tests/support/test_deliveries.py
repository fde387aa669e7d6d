"""What leaves the house for a ticket: to the CRM, the buyer and the managers; never what was said."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer.models import InboxItem
from integrations.models import OutboxMessage
from integrations.outbox import deliver_due
from integrations.sandbox.server import start
from support.models import Ticket
from support.services.conversation import undo_message
from support.services.ticket import close_ticket
from support.services.upkeep import escalate_breaches
from tests.factories.support import actor_of, answer, make_agent, make_ticket, note, reply

pytestmark = pytest.mark.django_db
heard = []


def listen(event, ticket):
    heard.append((event, ticket.number))


@pytest.fixture(scope="module")
def running():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture
def world(running, settings):
    cache.clear()
    heard.clear()
    running.reset()
    settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    settings.DIDAR_BASE_URL = f"{running.url}/didar/api"
    settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
    settings.PUBLIC_URL = "https://portal.example"
    settings.TICKET_STAFF_CHANNELS = [f"{__name__}.listen"]
    return running


def deliver(after=timedelta()):
    moment = timezone.now() + after
    deliver_due(now=lambda: moment)
    assert not OutboxMessage.objects.exclude(status="delivered").filter(next_attempt_at__lte=moment).exists()


def test_an_answer_is_told_with_a_link_to_it_and_once(world):
    ticket, agent = make_ticket(), make_agent()
    note(ticket, agent, "یادداشت پنهان")
    deliver()
    message = answer(ticket, agent, "متن پاسخ", now=timezone.now())
    deliver()
    assert world.snapshot()["sms"] == []  # it may still be taken back
    for _ in range(2):
        deliver(timedelta(seconds=11))
    (sms,) = world.snapshot()["sms"]
    link = f"/tickets/{ticket.number}/#m{message.pk}"
    assert f"https://portal.example{link}" in str(sms)
    item = InboxItem.objects.get()
    assert (item.kind, item.url) == ("support", link)
    told = str(world.snapshot())
    assert "متن پاسخ" not in told
    assert "یادداشت پنهان" not in told


def test_an_answer_taken_back_is_not_spoken_of(world):
    ticket, agent, now = make_ticket(), make_agent(), timezone.now()
    deliver()
    known = len(world.snapshot()["didar"]["activities"])
    message = answer(ticket, agent, now=now)
    undo_message(message_id=message.pk, actor=actor_of(agent), now=now)
    deliver(timedelta(seconds=11))
    assert world.snapshot()["sms"] == []
    assert len(world.snapshot()["didar"]["activities"]) == known
    assert not InboxItem.objects.exists()


def test_the_crm_hears_of_each_change_once(world):
    ticket, agent = make_ticket(), make_agent()
    answer(ticket, agent)
    reply(ticket)
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    for _ in range(2):
        deliver()
    notes = world.snapshot()["didar"]["activities"]
    assert len(notes) == 4
    assert all(ticket.number in str(one) for one in notes)
    assert len(world.snapshot()["didar"]["contacts"]) == 1
    OutboxMessage.objects.update(status="queued", lease_until=None)  # a crash before the outcome was noted
    deliver()
    assert len(world.snapshot()["didar"]["activities"]) == 4


def test_staff_hear_through_their_channels(world):
    ticket = make_ticket()
    reply(ticket)
    deliver()
    assert heard == [("opened", ticket.number), ("replied", ticket.number)]


def test_managers_hear_of_a_broken_promise_unless_it_is_over(world, settings):
    settings.MANAGER_PHONES = ["09121112233"]
    late = make_ticket(now=timezone.now() - timedelta(days=30))
    escalate_breaches(now=timezone.now())
    deliver()
    assert len(world.snapshot()["sms"]) == 2
    assert late.number in str(world.snapshot()["sms"])
    world.reset()
    other = make_ticket(now=timezone.now() - timedelta(days=30))
    escalate_breaches(now=timezone.now())
    answer(other, make_agent())
    deliver()
    assert f"{other.number} (" not in str(world.snapshot()["sms"])
