"""The auditor is quiet about good books and names each planted breach."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from commerce.models import LedgerEntry, NumberSeries, Order, Payment
from commerce.services import payment as payments
from customer.models import ServicePeriod
from kernel.freeze import melt
from kernel.jalali import tehran_today
from tests.commerce.services.gateway import ScriptedGateway, paid
from tests.factories.commerce import make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_expired_device, make_period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(monkeypatch):
    """An order paid twice: one renewal, one credit."""
    references = iter(["901", "902"])
    ScriptedGateway(answer=lambda: paid(next(references))).install(monkeypatch)
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    order = make_order(device)
    for _ in range(2):
        payments.check_payment(payment_id=make_payment(order).pk, now=timezone.now())
    return order


def audit(capsys) -> tuple[int, str]:
    try:
        call_command("audit")
    except SystemExit as end:
        return int(end.code), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_good_books_pass(order, capsys):
    code, said = audit(capsys)
    assert (code, "no breach" in said) == (0, True)


def wrong_balance(_order):
    LedgerEntry.objects.update(balance_rial=5)


def gap_in_sequence(_order):
    LedgerEntry.objects.update(sequence=2)


def credit_vanished(_order):
    LedgerEntry.objects.all().delete()


def payment_unpaid(_order):
    Payment.objects.filter(ledger_entry__isnull=True).update(status="failed")


def order_reopened(order):
    ServicePeriod.objects.filter(origin="renewal").update(origin="legacy", legacy_reason="x")
    Order.objects.update(status="open", paid_at=None, receipt_number=None, service_period=None)


def renewal_without_order(order):
    today = tehran_today()
    make_period(order.device, today + timedelta(days=2000), today + timedelta(days=2100), "renewal")


def receipt_gap(_order):
    NumberSeries.objects.filter(name="receipt").update(last=2)


def credit_of_another_amount(_order):
    LedgerEntry.objects.update(amount_rial=-1000, balance_rial=-1000)


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (wrong_balance, "balance 5"),
        (gap_in_sequence, "should be 1"),
        (credit_vanished, "2 payments spent"),
        (payment_unpaid, "0 payments spent"),
        (order_reopened, "neither spent nor credited"),
        (renewal_without_order, "no order paid for"),
        (receipt_gap, "last given 2"),
        (credit_of_another_amount, "not the amount of a paid payment"),
    ],
)
def test_each_planted_breach_is_named(order, capsys, plant, named):
    melt(connection)
    plant(order)
    code, said = audit(capsys)
    assert code == 1
    assert named in said


def test_missing_trigger_is_named(capsys):
    melt(connection)
    assert "commerce_ledgerentry" in audit(capsys)[1]
