"""What leaves the house for a ticket: to the CRM, the buyer and the managers; never what was said."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from customer.models import InboxItem
from integrations.models import MessageTemplate, OutboxMessage
from integrations.outbox import deliver_due
from integrations.sandbox.server import start
from kernel.persian import persian_digits
from support.models import Ticket
from support.services.conversation import undo_message
from support.services.desk import end_review, start_review
from support.services.ticket import close_ticket
from support.services.upkeep import escalate_breaches, warn_and_autoclose
from tests.factories.customer import make_buyer
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
    assert persian_digits(ticket.number) in item.title
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


def test_the_crm_hears_that_a_review_began_and_ended(world):
    ticket, agent = make_ticket(), make_agent()
    act = {"number": ticket.number, "actor": actor_of(agent), "now": timezone.now()}
    start_review(**act)
    deliver()
    end_review(**act)
    deliver()
    notes = [str(one) for one in world.snapshot()["didar"]["activities"]]
    assert sum("دیگر در حال بررسی نیست" in one for one in notes) == 1
    assert len(notes) == 3


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


def test_a_silent_buyer_is_warned_once_and_told_of_the_closing(world, settings):
    settings.TICKET_WARN_AFTER, settings.TICKET_CLOSE_AFTER_WARNING = timedelta(days=7), timedelta(days=3)
    long_ago = timezone.now() - timedelta(days=8)
    ticket, agent = make_ticket(now=long_ago - timedelta(hours=1)), make_agent()
    answer(ticket, agent, now=long_ago)
    deliver()
    world.reset()
    for _ in range(2):
        warn_and_autoclose(now=timezone.now())
        deliver()
    (sms,) = world.snapshot()["sms"]
    assert f"https://portal.example/tickets/{ticket.number}/" in str(sms)
    warn_and_autoclose(now=timezone.now() + timedelta(days=3))
    deliver()
    assert len(world.snapshot()["sms"]) == 1
    assert [item.url for item in InboxItem.objects.order_by("pk")][-2:] == [f"/tickets/{ticket.number}/"] * 2
    ticket.refresh_from_db()
    assert ticket.closed_why == "silence"


def test_a_name_is_written_as_it_is(world):
    ticket = make_ticket(make_buyer(first_name="\"پژمان' & <پسران>"))
    answer(ticket, make_agent(), now=timezone.now())
    deliver(timedelta(seconds=11))
    assert "\"پژمان' & <پسران>" in world.snapshot()["sms"][0]["message"]


def test_the_second_provider_takes_what_the_first_cannot(world, running, settings):
    settings.SMS_PROVIDERS = ["kavenegar", "smsir"]
    settings.SMSIR_BASE_URL = f"{running.url}/smsir"
    settings.SMSIR_API_KEY, settings.SMSIR_LINE = "key", "30007732000000"
    running.arm("kavenegar", "vendor_code", match="sms/send", code=418)  # no credit left
    ticket = make_ticket()
    answer(ticket, make_agent(), now=timezone.now())
    deliver(timedelta(seconds=11))
    assert ticket.number in str(world.snapshot()["sms"])


def test_whatsapp_is_told_where_it_is_on_and_never_twice(world, running, settings):
    settings.WHATSAPP_PROVIDER = "cloud"
    settings.WHATSAPP_BASE_URL = f"{running.url}/whatsapp"
    settings.WHATSAPP_NUMBER_ID, settings.WHATSAPP_TOKEN = "106540352242922", "token"
    MessageTemplate.objects.create(
        key="ticket_answered",
        channel="whatsapp",
        whatsapp_template="ticket_answered",
        language="fa",
        text="{name} {link}",
    )
    ticket = make_ticket()
    message = answer(ticket, make_agent(), now=timezone.now())
    deliver(timedelta(seconds=11))
    (sent,) = world.snapshot()["whatsapp"]
    assert f"/tickets/{ticket.number}/#m{message.pk}" in str(sent)
    OutboxMessage.objects.filter(topic="whatsapp.ticket_answered").update(
        status="queued", lease_until=None, uncertain=True
    )
    deliver(timedelta(seconds=12))
    assert len(world.snapshot()["whatsapp"]) == 1
