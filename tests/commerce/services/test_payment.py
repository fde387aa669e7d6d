"""The payment's states, against a gateway that says anything."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from commerce.models import LedgerEntry, NumberSeries, Order, Payment
from commerce.queries import credit_rial
from commerce.services import payment as payments
from commerce.services.order import cancel_order
from customer.models import InboxItem, Trace
from integrations.models import OutboxMessage
from integrations.ports import Retry, Unverified
from kernel.actor import SYSTEM
from kernel.jalali import contract_end, tehran_today
from kernel.refused import Refused
from tests.commerce.services.gateway import ScriptedGateway, mismatch, not_paid, paid, unknown
from tests.factories.commerce import actor_of, make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_buyer, make_expired_device

pytestmark = pytest.mark.django_db(transaction=True)
CALLBACK = "https://portal.example/payments/return/zarinpal/{payment_id}/"


@pytest.fixture
def gateway(monkeypatch):
    return ScriptedGateway().install(monkeypatch)


@pytest.fixture
def order():
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    return make_order(device)


def start(order, gateway=None):
    return payments.start_payment(
        buyer=order.buyer,
        number=order.number,
        gateway=gateway,
        callback_url=CALLBACK,
        actor=actor_of(order.device),
        now=timezone.now(),
    )


def check(payment, *, claims_paid=True, after=timedelta()):
    return payments.check_payment(payment_id=payment.pk, claims_paid=claims_paid, now=timezone.now() + after)


def again(row):
    row.refresh_from_db()
    return row


def test_start_freezes_the_amount_and_calls_outside_any_transaction(order, gateway):
    payment = start(order)

    assert (payment.status, payment.amount_rial) == ("redirected", order.total_rial)
    assert gateway.sessions[0].callback_url.endswith(f"/{payment.pk}/")
    assert gateway.in_transaction == [False]


def test_paid_payment_has_its_whole_effect(order, gateway):
    payment = check(start(order))

    order = again(order)
    assert (payment.status, payment.reference, order.status) == ("paid", "201", "paid")
    assert order.receipt_number.startswith("R14")
    assert order.service_period.starts_on == tehran_today()
    assert order.service_period.ends_on == contract_end(tehran_today(), 2)
    assert set(OutboxMessage.objects.values_list("dedupe_key", flat=True)) == {
        f"crm.order:{order.number}:open",
        f"crm.order:{order.number}:paid",
        f"notify.renewal_paid:{order.number}",
    }
    assert gateway.asked == [(payment.authority, order.total_rial)]
    assert gateway.in_transaction == [False, False]


def test_ten_more_callbacks_change_nothing(order, gateway):
    payment = check(start(order))
    before = (Trace.objects.count(), OutboxMessage.objects.count(), again(order).receipt_number)
    for _ in range(10):
        assert check(payment).status == "paid"

    assert len(gateway.asked) == 1
    assert (Trace.objects.count(), OutboxMessage.objects.count(), again(order).receipt_number) == before
    assert order.device.periods.count() == 2


def test_forged_return_changes_nothing(order, gateway):
    gateway.answer = not_paid
    payment = check(start(order), claims_paid=True)

    assert (payment.status, again(order).status) == ("redirected", "open")
    assert order.device.periods.count() == 1


def test_cancelled_at_the_bank_is_final_only_when_the_bank_agrees(order, gateway):
    gateway.answer = not_paid
    assert check(start(order), claims_paid=False).status == "failed"
    gateway.answer = paid
    assert check(start(order), claims_paid=False).status == "paid"


def test_no_answer_is_unknown_and_closes_the_till_until_it_is_known(order, gateway):
    gateway.answer = unknown
    payment = check(start(order))
    assert payment.status == "unknown"
    with pytest.raises(Refused) as refused:
        start(order)
    assert refused.value.code == "payment.in_doubt"

    gateway.answer = paid
    assert payments.sweep_payments(now=timezone.now() + timedelta(seconds=6)) == 1
    assert (again(payment).status, again(order).status) == ("paid", "paid")


def test_unknown_is_asked_on_a_growing_schedule_and_never_failed(order, gateway, settings):
    gateway.answer = unknown
    payment, now, waits = start(order), timezone.now(), []
    for _ in range(14):
        payment = payments.check_payment(payment_id=payment.pk, now=now)
        waits.append(round((payment.next_check_at - now).total_seconds()))
        now = payment.next_check_at
    assert waits == [*settings.PAYMENT_RECHECK_SECONDS, 3600, 3600, 3600, 3600, 3600]
    assert payment.status == "unknown"


def test_worker_that_died_between_question_and_answer_is_replaced(order, gateway):
    payment = start(order)
    assert payments.begin_check(payment_id=payment.pk, returned=True, now=timezone.now())
    assert check(payment).status == "verifying"
    assert gateway.asked == []

    assert payments.sweep_payments(now=timezone.now() + timedelta(seconds=46)) == 1
    assert again(payment).status == "paid"


def test_late_answer_of_a_worker_given_up_does_no_harm(order, gateway):
    payment = start(order)
    slow = payments.begin_check(payment_id=payment.pk, returned=True, now=timezone.now())
    assert check(payment, after=timedelta(seconds=46)).status == "paid"

    late = payments.settle_payment(check=slow, verdict=unknown(), cancelled=False, now=timezone.now())
    assert late.status == "paid"
    assert order.device.periods.count() == 2


def test_lost_callback_is_found_by_the_sweep(order, gateway):
    payment = start(order)
    assert payments.sweep_payments(now=timezone.now() + timedelta(minutes=1)) == 0
    assert payments.sweep_payments(now=timezone.now() + timedelta(minutes=2, seconds=1)) == 1
    assert again(payment).status == "paid"


def test_unpaid_payment_expires_with_the_banks_page(order, gateway):
    gateway.answer = not_paid
    payment = start(order)
    payments.sweep_payments(now=timezone.now() + timedelta(minutes=3))
    assert again(payment).status == "redirected"
    payments.sweep_payments(now=timezone.now() + timedelta(minutes=31))
    assert again(payment).status == "expired"


def test_payment_given_up_is_found_in_the_banks_list(order, gateway):
    gateway.answer = not_paid
    payment = check(start(order), claims_paid=False)
    gateway.answer = paid
    gateway.unverified = [Unverified(authority=payment.authority, amount_rial=payment.amount_rial)]

    assert payments.recover_unverified(now=timezone.now()) == 1
    assert (again(payment).status, again(order).status) == ("paid", "paid")


@pytest.mark.parametrize("verdict", [mismatch, lambda: paid(amount_rial=1000)])
def test_another_amount_is_quarantined(order, gateway, verdict):
    gateway.answer = verdict
    payment = check(start(order))

    assert (payment.status, again(order).status) == ("mismatch", "open")
    assert payments.sweep_payments(now=timezone.now() + timedelta(days=1)) == 0
    with pytest.raises(Refused) as refused:
        payments.ask_bank_again(payment_id=payment.pk, actor=SYSTEM, now=timezone.now())
    assert refused.value.code == "payment.nothing_to_ask"


def test_paid_without_a_reference_is_not_believed(order, gateway):
    gateway.answer = lambda: paid(reference="")
    assert check(start(order)).status == "unknown"


def test_reference_of_another_payment_is_quarantined(order, gateway):
    check(start(order))
    other = make_expired_device()
    make_plans(other.model)
    second = make_order(other)
    payment = check(make_payment(second))

    assert (payment.status, payment.reference, again(second).status) == ("mismatch", None, "open")
    assert other.periods.count() == 1


def test_second_payment_of_an_order_becomes_credit(order, gateway):
    first, second = start(order), start(order)
    check(first)
    gateway.answer = lambda: paid("202")
    assert check(second).status == "paid"

    entry = LedgerEntry.objects.get()
    assert (entry.amount_rial, entry.balance_rial, entry.payment) == (-order.total_rial, -order.total_rial, second)
    assert credit_rial(order.buyer_id) == order.total_rial
    assert order.device.periods.count() == 2
    assert OutboxMessage.objects.filter(topic="notify.credit_noted").count() == 1


def test_payment_of_a_cancelled_order_becomes_credit(order, gateway):
    payment = start(order)
    cancel_order(buyer=order.buyer, number=order.number, actor=actor_of(order.device), now=timezone.now())
    check(payment)

    assert again(order).status == "cancelled"
    assert credit_rial(order.buyer_id) == order.total_rial


def test_ledger_rows_are_frozen(order, gateway):
    check(start(order))
    gateway.answer = lambda: paid("202")
    check(make_payment(order))
    for statement in ("UPDATE commerce_ledgerentry SET note = 'x'", "DELETE FROM commerce_ledgerentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_gateway_down_leaves_the_order_open(order, gateway):
    gateway.session_error = Retry("connection refused")
    with pytest.raises(Refused) as refused:
        start(order)

    assert (refused.value.code, refused.value.status) == ("payment.gateway_unavailable", 503)
    assert Payment.objects.get().status == "failed"
    gateway.session_error = None
    assert start(order).status == "redirected"


def test_an_authority_given_twice_is_not_used(order, gateway):
    start(order)
    gateway.sessions.clear()
    with pytest.raises(Refused) as refused:
        start(order)
    assert refused.value.code == "payment.gateway_unavailable"
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "redirected"]


def test_closed_orders_take_no_payment(order, gateway):
    with pytest.raises(Refused) as refused:
        payments.open_payment(
            buyer=order.buyer,
            number=order.number,
            gateway="zarinpal",
            actor=SYSTEM,
            now=timezone.now() + timedelta(days=2),
        )
    assert refused.value.code == "order.lapsed"
    check(start(order))
    with pytest.raises(Refused) as refused:
        start(order)
    assert refused.value.code == "order.not_open"


def test_unknown_gateway_and_foreign_order(order, gateway):
    with pytest.raises(Refused) as refused:
        start(order, gateway="paypal")
    assert (refused.value.code, refused.value.field) == ("payment.gateway_unknown", "gateway")
    order.buyer = make_buyer()
    with pytest.raises(Order.DoesNotExist):
        start(order)


def test_failed_settlement_leaves_nothing_behind(order, gateway, monkeypatch):
    payment = start(order)
    monkeypatch.setattr("commerce.services.settlement.take_number", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check(payment)

    assert (again(payment).status, again(order).status) == ("verifying", "open")
    assert order.device.periods.count() == 1
    assert not NumberSeries.objects.filter(name="receipt").exists()
    assert not InboxItem.objects.exists()


def test_attempt_killed_before_the_bank_was_asked_is_dropped(order, gateway):
    payments.open_payment(buyer=order.buyer, number=order.number, gateway="zarinpal", actor=SYSTEM, now=timezone.now())
    payments.sweep_payments(now=timezone.now() + timedelta(minutes=31))
    assert Payment.objects.get().status == "failed"
