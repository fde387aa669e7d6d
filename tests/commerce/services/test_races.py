"""Real threads on a real PostgreSQL. Each race has a twin with its lock taken away, which must go wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from commerce.models import LedgerEntry, Order, Payment
from commerce.services import number, payment, settlement
from commerce.services.order import cancel_order
from commerce.services.renewal import request_renewal
from customer.services import service
from integrations.models import OutboxMessage
from kernel.refused import Refused
from tests.commerce.services.gateway import ScriptedGateway, paid
from tests.factories.commerce import actor_of, make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_expired_device

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CALLBACKS = 20


@pytest.fixture
def order():
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    return make_order(device)


def at_once(*acts: Callable) -> list:
    """Runs the acts in threads that start on a barrier; gives their results or exceptions."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(10)
            return act()
        except Exception as error:  # noqa: BLE001 - the outcome of a race may be any of them
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def callback(pay: Payment) -> Callable:
    return lambda: payment.check_payment(payment_id=pay.pk, claims_paid=True, now=timezone.now())


def test_twenty_callbacks_at_once_renew_once(order, monkeypatch):
    def slow():
        time.sleep(0.2)
        return paid()

    gateway = ScriptedGateway(answer=slow).install(monkeypatch)
    pay = make_payment(order)
    results = at_once(*[callback(pay)] * CALLBACKS)

    assert not [r for r in results if isinstance(r, Exception)]
    assert len(gateway.asked) == 1
    assert order.device.periods.count() == 2
    order.refresh_from_db()
    assert order.status == "paid"
    assert OutboxMessage.objects.filter(topic="notify.renewal_paid").count() == 1


def settle_in_parallel(order, pay) -> list:
    """Twenty answers to one question: as if the lease had run out nineteen times."""
    check = payment.begin_check(payment_id=pay.pk, returned=True, now=timezone.now())
    act = lambda: payment.settle_payment(check=check, verdict=paid(), cancelled=False, now=timezone.now())  # noqa: E731
    return at_once(*[act] * CALLBACKS)


def test_twenty_settlements_at_once_renew_once(order):
    results = settle_in_parallel(order, make_payment(order))

    assert [r.status for r in results] == ["paid"] * CALLBACKS
    assert order.device.periods.count() == 2
    assert not LedgerEntry.objects.exists()


def without_locks(monkeypatch) -> None:
    """`select_for_update` does nothing, and everybody reads before anybody writes."""
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_kwargs: self)
    doubted = settlement._doubted

    def wait_for_the_others(*args):
        time.sleep(0.3)
        return doubted(*args)

    monkeypatch.setattr(settlement, "_doubted", wait_for_the_others)


def test_twin_without_locks_goes_wrong(order, monkeypatch):
    without_locks(monkeypatch)
    results = settle_in_parallel(order, make_payment(order))

    # The database's constraints still stop a second renewal; without the lock, the losers crash on them.
    assert [r for r in results if isinstance(r, Exception)]


def test_two_payments_of_one_order_at_once_are_one_renewal_and_one_credit(order, monkeypatch):
    answers = iter([paid("301"), paid("302")])
    ScriptedGateway(answer=lambda: next(answers)).install(monkeypatch)
    results = at_once(callback(make_payment(order)), callback(make_payment(order)))

    assert [r.status for r in results] == ["paid", "paid"]
    assert order.device.periods.count() == 2
    assert LedgerEntry.objects.get().amount_rial == -order.total_rial


def test_payment_and_cancellation_at_once_lose_no_money(order, monkeypatch):
    ScriptedGateway().install(monkeypatch)
    pay = make_payment(order)

    def cancel():
        return cancel_order(buyer=order.buyer, number=order.number, actor=actor_of(order.device), now=timezone.now())

    result, cancelled = at_once(callback(pay), cancel)
    order.refresh_from_db()
    assert result.status == "paid"
    if isinstance(cancelled, Refused):
        assert (order.status, LedgerEntry.objects.count()) == ("paid", 0)
    else:
        assert (order.status, LedgerEntry.objects.count()) == ("cancelled", 1)


def test_credits_of_one_buyer_at_once_keep_the_sequence(order, monkeypatch):
    references = iter(range(400, 500))
    ScriptedGateway(answer=lambda: paid(str(next(references)))).install(monkeypatch)
    pays = [make_payment(order) for _ in range(8)]
    at_once(*[callback(pay) for pay in pays])

    entries = list(LedgerEntry.objects.order_by("sequence"))
    assert [e.sequence for e in entries] == list(range(1, 8))
    assert [e.balance_rial for e in entries] == [-order.total_rial * n for n in range(1, 8)]


def test_two_tabs_open_one_order():
    device = make_expired_device()
    make_vat()
    make_plans(device.model)

    def ask():
        return request_renewal(
            buyer=device.owner,
            device_id=device.pk,
            years=2,
            expected_total_rial=None,
            actor=actor_of(device),
            now=timezone.now(),
        )

    results = at_once(*[ask] * 8)
    assert len({order.pk for order in results}) == 1
    assert Order.objects.count() == 1


def test_two_different_choices_at_once_leave_one_order_open():
    device = make_expired_device()
    make_vat()
    make_plans(device.model)

    def ask(years):
        return lambda: request_renewal(
            buyer=device.owner,
            device_id=device.pk,
            years=years,
            expected_total_rial=None,
            actor=actor_of(device),
            now=timezone.now(),
        )

    at_once(*[ask(years) for years in (1, 2, 3)])
    assert Order.objects.filter(status="open").count() == 1


def test_renewing_and_paying_at_once_do_not_lock_each_other_out(order, monkeypatch):
    ScriptedGateway().install(monkeypatch)
    pay = make_payment(order)

    def another_term():
        return request_renewal(
            buyer=order.buyer,
            device_id=order.device_id,
            years=1,
            expected_total_rial=None,
            actor=actor_of(order.device),
            now=timezone.now(),
        )

    results = at_once(callback(pay), another_term)
    assert results[0].status == "paid"
    assert isinstance(results[1], Order | Refused)
    order.refresh_from_db()
    assert (order.status == "paid") != LedgerEntry.objects.exists()


def test_numbers_have_no_gap_and_no_twin():
    def take():
        with transaction.atomic():
            return number.take_number("race", now=timezone.now())

    def take_and_fail():
        with transaction.atomic():
            number.take_number("race", now=timezone.now())
            raise RuntimeError

    results = at_once(*[take, take_and_fail] * 10)
    taken = sorted(r for r in results if isinstance(r, str))
    assert [int(text[-6:]) for text in taken] == list(range(1, 11))


def test_choosing_twice_at_once_records_one_choice():
    device = make_expired_device()

    def choose():
        return service.choose_mode(
            buyer=device.owner,
            device_id=device.pk,
            choice="withdraw",
            actor=actor_of(device),
            now=timezone.now(),
        )

    results = at_once(*[choose] * 6)
    assert device.choices.count() == 1
    assert [r.code for r in results if isinstance(r, Refused)] == ["service.already_chosen"] * 5
