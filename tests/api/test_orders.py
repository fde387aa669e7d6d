"""The buyer's orders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from commerce.models import Order, Payment
from commerce.services import payment as payments
from integrations.ports import Verdict, VerdictKind
from tests.api.clients import client_of, problem_of
from tests.factories.commerce import make_order, make_payment, make_plans
from tests.factories.customer import make_expired_device

ORDERS = "/api/v1/orders/"


def pay(order: Order, reference: str = "201") -> Payment:
    """A payment that the bank has confirmed."""
    now = timezone.now()
    payment = make_payment(order)
    check = payments.begin_check(payment_id=payment.pk, returned=True, now=now)
    verdict = Verdict(
        kind=VerdictKind.PAID, code="100", reason="", reference=reference, card_masked="6219-**-1234", raw={}
    )
    return payments.settle_payment(check=check, verdict=verdict, cancelled=False, now=now)


def test_an_open_order_is_exactly_what_the_contract_says(device, api):
    order = make_order(device, years=2)
    body = api.get(f"{ORDERS}{order.number}/").json()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("expires_at").endswith("Z")
    assert body == {
        "number": order.number,
        "kind": "renewal",
        "kind_label": body["kind_label"],
        "status": "open",
        "status_label": body["status_label"],
        "device": device.pk,
        "years": 2,
        "lines": [
            {"title": order.lines.get().title, "quantity": 1, "unit_rial": 90_000_000, "net_rial": 90_000_000},
        ],
        "net_rial": 90_000_000,
        "vat_rial": 9_000_000,
        "total_rial": 99_000_000,
        "payments": [],
        "paid_at": None,
        "receipt_number": None,
        "service_period": None,
    }


def test_a_paid_order_tells_payment_receipt_and_days(device, api):
    order = make_order(device, years=1)
    payment = pay(order)
    body = api.get(f"{ORDERS}{order.number}/").json()
    period = device.periods.get(origin="renewal")
    assert (body["status"], body["receipt_number"][:1]) == ("paid", "R")
    assert body["service_period"]["starts_on"] == period.starts_on.isoformat()
    assert body["service_period"].keys() == {"starts_on", "starts_on_jalali", "ends_on", "ends_on_jalali"}
    [paid] = body["payments"]
    assert paid == api.get(f"/api/v1/payments/{payment.pk}/").json()
    assert (paid["reference"], paid["card_masked"], paid["order"]) == ("201", "6219-**-1234", order.number)


def test_what_belongs_to_the_house_is_not_told(device, api):
    order = make_order(device)
    pay(order)
    text = api.get(f"{ORDERS}{order.number}/").content.decode()
    for name in ("raw_reply", "card_hash", "authority", "lease", "buyer", "plan", "result_reason"):
        assert name not in text


def test_orders_newest_first_and_only_ones_own(buyer, other, device, api):
    theirs = make_expired_device(other, model=device.model)
    make_order(theirs)
    numbers = [make_order(device, years=years).number for years in (1, 2, 3)]
    assert [row["number"] for row in api.get(ORDERS).json()["results"]] == numbers[::-1]
    assert client_of(other.user).get(ORDERS).json()["count"] == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=open", 1),
        ("status=cancelled", 2),
        ("status=paid", 0),
        ("search=1405-000002", 1),
        ("search=۱۴۰۵-۰۰۰۰۰۲", 1),
        ("search=SN-", 3),
        ("search=nothing", 0),
        ("ordering=total_rial", 3),
        ("ordering=-number", 3),
    ],
)
def test_orders_can_be_narrowed(device, api, query, found):
    for years in (1, 2, 3):
        make_order(device, years=years)
    assert api.get(f"{ORDERS}?{query}").json()["count"] == found


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_however_long(buyer, device, api, django_assert_num_queries, number):
    for _ in range(number):
        another = make_expired_device(buyer)
        make_plans(another.model)
        pay(make_order(another), reference=f"REF{another.pk}")
    with django_assert_num_queries(4):  # token, orders with periods and their number, lines, payments
        assert api.get(ORDERS).json()["count"] == number


def test_a_foreign_or_invented_order_is_404(other, api, device):
    theirs = make_order(make_expired_device(other, model=device.model))
    for number in (theirs.number, "1405-999999", "x", "0"):
        problem_of(api.get(f"{ORDERS}{number}/"), 404)
        problem_of(api.post(f"{ORDERS}{number}/cancel/"), 404)
        problem_of(api.post(f"{ORDERS}{number}/payments/", {}, format="json"), 404)
    theirs.refresh_from_db()
    assert theirs.status == "open"
    assert not Payment.objects.exists()


def test_an_open_order_can_be_given_up_once(device, api):
    order = make_order(device)
    answer = api.post(f"{ORDERS}{order.number}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert problem_of(api.post(f"{ORDERS}{order.number}/cancel/"), 409)["code"] == "order.not_open"


def test_an_order_in_doubt_cannot_be_given_up(device, api):
    order = make_order(device)
    make_payment(order, status=Payment.Status.UNKNOWN, next_check_at=timezone.now() + timedelta(hours=1))
    assert problem_of(api.post(f"{ORDERS}{order.number}/cancel/"), 409)["code"] == "payment.in_doubt"
