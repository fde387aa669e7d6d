"""A payment under review is released or closed by a person; what the gateway says decides which of the two."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from commerce.audit import CHECKS
from commerce.deliveries import notify_credit_noted
from commerce.models import LedgerEntry, Order, Payment
from commerce.services import payment as payments
from commerce.services.mismatch import close_mismatch, release_mismatch
from commerce.services.order import cancel_order
from customer.models import InboxItem, ServicePeriod, Trace
from integrations.models import OutboxMessage
from integrations.ports import Verdict, VerdictKind
from kernel.actor import SYSTEM, Actor
from kernel.refused import Refused
from tests.commerce.services.gateway import ScriptedGateway, mismatch, not_paid, paid, unknown
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_expired_device, make_staff

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_AMOUNT = 7_000_000


@pytest.fixture
def gateway(monkeypatch):
    return ScriptedGateway(answer=mismatch).install(monkeypatch)


@pytest.fixture
def payment(gateway) -> Payment:
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    under_review = payments.check_payment(payment_id=make_payment(make_order(device)).pk, now=timezone.now())
    assert under_review.status == "mismatch"
    return under_review


@pytest.fixture
def person() -> Actor:
    return Actor(user_id=make_staff().pk, ip="192.0.2.9", agent="tests")


def of_another_amount(reference="555", amount=OTHER_AMOUNT) -> Verdict:
    values = {"kind": VerdictKind.MISMATCH, "code": "100", "reason": "amount differs"}
    return Verdict(**values, reference=reference, amount_rial=amount, raw={"code": 100})


def resolve(verb, payment, person, reason="با بانک هماهنگ شد") -> Payment:
    return verb(payment_id=payment.pk, reason=reason, actor=person, now=timezone.now())


def told(verb, payment, person, **values) -> str:
    with pytest.raises(Refused) as refused:
        resolve(verb, payment, person, **values)
    return refused.value.code


def books_hold() -> bool:
    return [breach for check in CHECKS for breach in check()] == []


def is_untouched(payment) -> bool:
    row = Payment.objects.select_related("order").get(pk=payment.pk)
    return (row.status, row.order.status, LedgerEntry.objects.count()) == ("mismatch", "open", 0)


# --- releasing -------------------------------------------------------------------------------------------------------


def test_another_amount_becomes_credit_as_it_was_taken(payment, gateway, person):
    gateway.answer = of_another_amount
    released = resolve(release_mismatch, payment, person)

    assert (released.status, released.reference, released.settled_rial) == ("paid", "555", OTHER_AMOUNT)
    [entry] = LedgerEntry.objects.all()
    assert (entry.amount_rial, entry.balance_rial, entry.payment) == (-OTHER_AMOUNT, -OTHER_AMOUNT, released)
    assert Order.objects.get().status == "open"  # it can be paid now
    assert released.raw_reply == {"code": 100}
    act = Trace.objects.get(verb="payment.released")
    assert (act.actor_id, act.data["taken_rial"], act.data["reason"]) == (
        person.user_id,
        OTHER_AMOUNT,
        "با بانک هماهنگ شد",
    )
    assert books_hold()
    payments.require_payable(released.order, now=timezone.now())


def test_buyer_is_told_the_amount_that_was_taken(payment, gateway, person, monkeypatch):
    gateway.answer = of_another_amount
    resolve(release_mismatch, payment, person)
    [message] = OutboxMessage.objects.filter(topic="notify.credit_noted")
    sent = []
    monkeypatch.setattr("commerce.deliveries._send_sms", lambda *words: sent.append(words) or "")
    notify_credit_noted(message_of(message))
    item = InboxItem.objects.get(kind=InboxItem.Kind.PAYMENT)
    assert "۷۰۰٬۰۰۰" in item.title
    assert "مبلغ دیگری" in item.body


def message_of(message: OutboxMessage):
    return type("Delivery", (), {"payload": message.payload, "dedupe_key": message.dedupe_key, "message_id": 1})()


def test_asked_amount_pays_the_order_after_all(payment, gateway, person):
    gateway.answer = lambda: paid("556", amount_rial=payment.amount_rial)
    released = resolve(release_mismatch, payment, person)

    assert (released.status, released.settled_rial, Order.objects.get().status) == ("paid", None, "paid")
    assert ServicePeriod.objects.filter(origin="renewal").count() == 1
    assert not LedgerEntry.objects.exists()
    assert books_hold()


def test_asked_amount_of_a_dropped_order_becomes_credit(payment, gateway, person):
    Order.objects.update(status="cancelled")
    gateway.answer = lambda: paid("557")
    released = resolve(release_mismatch, payment, person)

    assert LedgerEntry.objects.get().amount_rial == -released.amount_rial
    assert books_hold()


@pytest.mark.parametrize("answer", [mismatch, not_paid, lambda: of_another_amount(reference="")])
def test_without_proof_nothing_is_released(payment, gateway, person, answer):
    gateway.answer = answer
    assert told(release_mismatch, payment, person) == "payment.no_proof"
    assert is_untouched(payment)


@pytest.mark.parametrize("amount", [None, 0, -5])
def test_another_amount_must_be_named(payment, gateway, person, amount):
    gateway.answer = lambda: of_another_amount(amount=amount)
    assert told(release_mismatch, payment, person) == "payment.no_proof"
    assert is_untouched(payment)


def test_receipt_number_of_another_payment_is_not_released_but_closed(payment, gateway, person):
    make_payment(payment.order, status="paid", reference="201", paid_at=timezone.now())
    gateway.answer = lambda: paid("201")
    assert told(release_mismatch, payment, person) == "payment.reference_reused"
    assert resolve(close_mismatch, payment, person).status == "failed"


# --- closing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [mismatch, not_paid])
def test_without_money_at_the_bank_it_counts_as_not_paid(payment, gateway, person, answer):
    gateway.answer = answer
    closed = resolve(close_mismatch, payment, person)

    assert (closed.status, Order.objects.get().status, LedgerEntry.objects.count()) == ("failed", "open", 0)
    assert Trace.objects.get(verb="payment.closed").data["reason"] == "با بانک هماهنگ شد"
    payments.require_payable(closed.order, now=timezone.now())
    cancel_order(buyer=closed.order.buyer, number=closed.order.number, actor=SYSTEM, now=timezone.now())
    assert books_hold()


@pytest.mark.parametrize("answer", [of_another_amount, lambda: paid("558")])
def test_money_at_the_bank_is_never_closed_away(payment, gateway, person, answer):
    gateway.answer = answer
    assert told(close_mismatch, payment, person) == "payment.money_at_bank"
    assert is_untouched(payment)


# --- both ------------------------------------------------------------------------------------------------------------

both = pytest.mark.parametrize("verb", [release_mismatch, close_mismatch])


@both
def test_a_silent_bank_changes_nothing(payment, gateway, person, verb):
    gateway.answer = unknown
    assert told(verb, payment, person) == "payment.bank_silent"
    assert is_untouched(payment)


@both
def test_a_reason_is_needed_before_the_bank_is_asked(payment, gateway, person, verb):
    asked = len(gateway.asked)
    assert told(verb, payment, person, reason=" \n ") == "payment.reason_required"
    assert len(gateway.asked) == asked
    assert is_untouched(payment)


@both
@pytest.mark.parametrize("status", [s for s in Payment.Status.values if s != "mismatch"])
def test_no_other_payment_is_resolved(payment, gateway, person, verb, status):
    proof = {"reference": "9", "paid_at": timezone.now()} if status == "paid" else {}
    Payment.objects.update(status=status, **proof)
    asked = len(gateway.asked)
    assert told(verb, payment, person) == "payment.already_settled"
    assert len(gateway.asked) == asked


@both
def test_the_bank_is_asked_outside_any_transaction_and_what_fails_leaves_nothing(
    payment, gateway, person, verb, monkeypatch
):
    def broken(*_words, **_values):
        raise RuntimeError

    gateway.answer = of_another_amount if verb is release_mismatch else not_paid
    with monkeypatch.context() as patch:
        patch.setattr("commerce.services.settlement.trace.record", broken)
        with pytest.raises(RuntimeError):
            resolve(verb, payment, person)
    assert is_untouched(payment)
    assert gateway.in_transaction[-1] is False
    with pytest.raises(RuntimeError), transaction.atomic():
        resolve(verb, payment, person)  # durable: never inside somebody else's transaction


@pytest.mark.postgres
def test_two_people_at_once_resolve_it_once(payment, gateway, person):
    gateway.answer = of_another_amount
    barrier = threading.Barrier(4)

    def act():
        try:
            barrier.wait(10)
            return resolve(release_mismatch, payment, person)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(act) for _ in range(4)]]
    assert sum(isinstance(result, Payment) for result in results) == 1
    assert results.count("payment.already_settled") == 3
    assert LedgerEntry.objects.count() == 1
    assert books_hold()
