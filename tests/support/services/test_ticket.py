"""Opening, closing, reopening, rating: each allowed, each refused, nothing half done."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customer.models import Device, ServiceChoice, Trace
from integrations.models import OutboxMessage
from kernel.refused import Refused, Throttled
from support.models import Ticket
from support.rules import PriceBand
from support.services import ticket as verbs
from support.services.ticket import NewTicket, close_ticket, open_ticket, rate_ticket, reopen_ticket
from tests.factories.customer import make_buyer, make_device, make_expired_device
from tests.factories.support import (
    actor_of,
    answer,
    choose,
    make_agent,
    make_covered_device,
    make_pay_per_case_device,
    make_ticket,
    reply,
)

pytestmark = pytest.mark.django_db
WHY = Ticket.ClosedWhy


@pytest.fixture(autouse=True)
def _fresh_counters():
    cache.clear()


def wish_for(device, **values) -> NewTicket:
    wish = {"device_id": device.pk, "title": "صدای ناهنجار", "description": "موتور صدا می‌دهد.", "importance": "high"}
    return NewTicket(**wish | values)


def open_for(device, **values) -> Ticket:
    buyer = device.owner
    return open_ticket(buyer=buyer, wish=wish_for(device, **values), actor=actor_of(buyer), now=timezone.now())


def refused(act) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def band(device: Device) -> PriceBand:
    return PriceBand(low_rial=5_000_000, high_rial=12_000_000)


def test_a_ticket_opens_with_number_clock_trace_and_messages():
    device = make_covered_device()
    ticket = open_for(device)
    assert ticket.number.endswith("-000001")
    assert (ticket.status, ticket.mode, ticket.rank) == ("open", "contract", 1)
    assert ticket.waiting_since == ticket.created_at
    assert ticket.due_at == ticket.answer_due_at == ticket.first_answer_due_at < ticket.resolution_due_at
    assert Trace.objects.get(verb="ticket.opened").subject == f"ticket:{ticket.number}"
    assert set(OutboxMessage.objects.values_list("topic", flat=True)) == {"crm.ticket", "notify.ticket_opened"}


def test_opening_takes_few_queries_and_one_commit():
    device = make_covered_device()
    open_for(device)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        open_for(device)
    said = [query["sql"] for query in queries]
    statements = [sql for sql in said if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    writes = [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(statements) <= 9  # session, person and buyer are read before
    assert len(writes) == 5  # number, ticket, draft, trace, outbox


@pytest.mark.parametrize(
    ("make", "choice", "code"),
    [
        (make_device, None, "sign_off.missing"),
        (make_expired_device, None, "service.expired"),
        (make_expired_device, ServiceChoice.Choice.WITHDRAW, "service.withdrawn"),
    ],
)
def test_the_gate_refuses_with_reason_and_way_on_and_leaves_nothing(make, choice, code):
    device = make()
    if choice:
        choose(device, choice)
    with pytest.raises(Refused) as caught:
        open_for(device)
    assert caught.value.code == code
    assert caught.value.next_url
    assert caught.value.next_label
    assert not Ticket.objects.exists()
    assert not OutboxMessage.objects.filter(topic="crm.ticket").exists()


def test_pay_per_case_needs_consent_and_keeps_the_prices_shown(settings):
    settings.TICKET_PRICE_BAND = f"{__name__}.band"
    device = make_pay_per_case_device()
    assert refused(lambda: open_for(device)) == "ticket.tariff_not_accepted"
    assert not Ticket.objects.exists()
    ticket = open_for(device, accept_tariff=True)
    assert (ticket.mode, ticket.tariff_low_rial, ticket.tariff_high_rial) == ("pay_per_case", 5_000_000, 12_000_000)
    assert ticket.tariff_accepted_at == ticket.created_at


def test_consent_is_not_noted_where_nothing_is_paid():
    ticket = open_for(make_covered_device(), accept_tariff=True)
    assert ticket.tariff_accepted_at is None


def test_more_gates_join_by_setting(settings):
    settings.TICKET_GATES = [*settings.TICKET_GATES, f"{__name__}.shut"]
    assert refused(lambda: open_for(make_covered_device())) == "credit.ceiling_reached"


def shut(question):
    from support.rules import GateAnswer

    return GateAnswer(
        code="credit.ceiling_reached", message="به سقف رسیده‌اید.", next_label="پرداخت", next_url="/account/"
    )


def test_a_foreign_device_does_not_exist():
    device, stranger = make_covered_device(), make_buyer()
    with pytest.raises(Device.DoesNotExist):
        open_ticket(buyer=stranger, wish=wish_for(device), actor=actor_of(stranger), now=timezone.now())


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"title": " \u200c "}, "ticket.title_missing", "title"),
        ({"title": "ب" * 151}, "ticket.title_too_long", "title"),
        ({"description": "\n\n"}, "message.empty", "description"),
        ({"description": "ب" * 1_000_000}, "message.too_long", "description"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(values, code, field):
    with pytest.raises(Refused) as caught:
        open_for(make_covered_device(), **values)
    assert (caught.value.code, caught.value.field, caught.value.status) == (code, field, 400)


def test_the_eleventh_ticket_of_an_hour_is_throttled(settings):
    settings.TICKET_LIMITS = {"buyer": 2, "window": timedelta(hours=1)}
    device = make_covered_device()
    open_for(device), open_for(device)
    with pytest.raises(Throttled):
        open_for(device)


def test_opening_is_atomic(monkeypatch):
    device = make_covered_device()
    monkeypatch.setattr(verbs.outbox, "emit", lambda *_messages: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        open_for(device)
    assert not Ticket.objects.exists()
    assert not Trace.objects.filter(verb="ticket.opened").exists()


def test_a_number_that_was_refused_is_not_lost():
    device = make_covered_device()
    with pytest.raises(Refused), transaction.atomic():
        open_for(device, attachment_ids=["gone"])
    assert open_for(device).number.endswith("-000001")


# --- closing and after -----------------------------------------------------------------------------------------------


def close(ticket, **values):
    values = {"why": WHY.BY_BUYER, "buyer": ticket.buyer, "actor": actor_of(ticket.buyer)} | values
    return close_ticket(number=ticket.number, now=values.pop("now", timezone.now()), **values)


def reopen(ticket, **values):
    values = {"buyer": ticket.buyer, "actor": actor_of(ticket.buyer), "now": timezone.now()} | values
    return reopen_ticket(number=ticket.number, **values)


def test_closing_stops_the_clock_and_says_why():
    ticket = close(make_ticket())
    ticket.refresh_from_db()
    assert (ticket.closed_why, ticket.closed_by_id) == ("by_buyer", ticket.buyer.user_id)
    assert ticket.due_at is ticket.waiting_since is ticket.answer_due_at is None
    assert ticket.status == "open"  # closing is a fact apart from the status


def test_a_closed_ticket_is_not_closed_again_and_takes_no_reply():
    ticket = close(make_ticket())
    assert refused(lambda: close(ticket)) == "ticket.closed"
    assert refused(lambda: reply(ticket)) == "ticket.closed"
    assert not ticket.messages.exists()


def test_a_foreign_ticket_does_not_exist():
    ticket, stranger = make_ticket(), make_buyer()
    with pytest.raises(Ticket.DoesNotExist):
        close(ticket, buyer=stranger, actor=actor_of(stranger))


def test_reopening_starts_the_clock_and_counts():
    ticket = make_ticket()
    answer(ticket, make_agent())
    close(ticket)
    again = reopen(ticket)
    again.refresh_from_db()
    assert (again.status, again.reopened_count, again.closed_why, again.closed_by_id) == ("open", 1, "", None)
    assert again.due_at is not None
    assert again.waiting_since is not None


def test_reopening_is_refused_when_open_or_too_late_or_of_another_owner(settings):
    ticket = make_ticket()
    assert refused(lambda: reopen(ticket)) == "ticket.not_closed"
    close(ticket)
    late = timezone.now() + settings.TICKET_REOPEN_WINDOW + timedelta(minutes=1)
    assert refused(lambda: reopen(ticket, now=late)) == "ticket.reopen_over"
    Device.objects.filter(pk=ticket.device_id).update(owner=make_buyer())
    assert refused(lambda: reopen(ticket)) == "ticket.not_owner"


def test_reopening_and_replying_do_not_ask_for_cover():
    ticket = make_ticket()
    ticket.device.periods.all().delete()
    reply(ticket)
    close(ticket)
    assert reopen(ticket).closed_at is None


def rate(ticket, stars=5, note=""):
    return rate_ticket(
        buyer=ticket.buyer,
        number=ticket.number,
        stars=stars,
        note=note,
        actor=actor_of(ticket.buyer),
        now=timezone.now(),
    )


def test_a_closed_ticket_is_rated_once():
    ticket = make_ticket()
    assert refused(lambda: rate(ticket)) == "ticket.not_ratable"
    close(ticket)
    assert refused(lambda: rate(ticket, stars=6)) == "ticket.stars_invalid"
    assert rate(ticket, stars=4, note="زود جواب دادید").rating == 4
    assert refused(lambda: rate(ticket, stars=5)) == "ticket.not_ratable"
    assert reopen(ticket).rating is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": 6, "rated_at": timezone.now()},
        {"rating": 3},
        {"closed_at": timezone.now()},
        {"closed_why": "solved"},
        {"rank": 3},
        {"mode": "pay_per_case"},
        {"title": ""},
    ],
)
def test_the_database_refuses_wrong_rows(wrong):
    ticket = make_ticket()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**wrong)
