"""Paying through the REST face."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from commerce.models import Order, Payment
from commerce.services.payment import check_payment
from integrations.sandbox.wire import Request
from tests.api.clients import fields_of, problem_of
from tests.factories.commerce import make_order, make_payment
from tests.factories.customer import make_expired_device


@pytest.fixture
def order(device) -> Order:
    return make_order(device, years=2)


def start(client, order, body=None, **headers):
    return client.post(f"/api/v1/orders/{order.number}/payments/", body or {}, format="json", **headers)


def test_starting_gives_the_address_of_the_bank(bank, order, api):
    answer = start(api, order)
    assert answer.status_code == 201
    body = answer.json()
    payment = Payment.objects.get()
    assert body.pop("created_at").endswith("Z")
    assert body.pop("status_label")
    assert body == {
        "id": str(payment.pk),
        "order": order.number,
        "gateway": "zarinpal",
        "status": "redirected",
        "amount_rial": 99_000_000,
        "reference": None,
        "card_masked": "",
        "paid_at": None,
        "redirect_url": f"{bank.url}/zarinpal/pg/StartPay/{payment.authority}",
    }


def test_the_bank_is_told_where_to_send_the_browser(bank, order, api):
    payment_id = start(api, order).json()["id"]
    [told] = bank.state.snapshot()["payments"]
    assert told["callback_url"] == f"https://portal.example/payments/return/zarinpal/{payment_id}/"


def test_a_payment_can_be_followed_to_its_end(bank, order, api):
    payment_id = start(api, order, {"gateway": "zarinpal"}).json()["id"]
    assert api.get(f"/api/v1/payments/{payment_id}/").json()["status"] == "redirected"
    authority = Payment.objects.get().authority
    bank.answer(Request(method="POST", path=f"zarinpal/pg/StartPay/{authority}", query={}, body=b"result=paid"))
    check_payment(payment_id=payment_id, claims_paid=True, now=timezone.now())
    body = api.get(f"/api/v1/payments/{payment_id}/").json()
    assert (body["status"], body["order"]) == ("paid", order.number)
    assert body["reference"]
    assert body["card_masked"]
    assert body["paid_at"].endswith("Z")
    assert "redirect_url" not in body
    assert api.get(f"/api/v1/orders/{order.number}/").json()["status"] == "paid"
    assert problem_of(start(api, order), 409)["code"] == "order.not_open"


@pytest.mark.parametrize("status", [Payment.Status.UNKNOWN, Payment.Status.VERIFYING])
def test_no_second_payment_while_one_is_in_doubt(bank, order, api, status):
    make_payment(order, status=status, next_check_at=timezone.now() + timedelta(hours=1))
    assert problem_of(start(api, order), 409)["code"] == "payment.in_doubt"
    assert Payment.objects.count() == 1


def test_a_lapsed_order_is_not_paid(bank, order, api):
    Order.objects.update(expires_at=timezone.now())
    assert problem_of(start(api, order), 409)["code"] == "order.lapsed"


def test_a_gateway_that_is_down_leaves_the_order_open(no_bank, order, api):
    assert problem_of(start(api, order), 503)["code"] == "payment.gateway_unavailable"
    order.refresh_from_db()
    assert order.status == "open"
    assert Payment.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"gateway": "nobank"}, {"gateway": "payment.gateway_unknown"}),
        ({"gateway": "x" * 21}, {"gateway": "max_length"}),
        ({"gateway": ["zarinpal"]}, {"gateway": "invalid"}),
        ({"gateway": ""}, {"gateway": "blank"}),
    ],
)
def test_a_malformed_start_names_its_fields(bank, order, api, body, fields):
    assert fields_of(start(api, order, body)) == fields
    assert not Payment.objects.exists()


def test_the_amount_is_ours_alone(bank, order, api):
    extra = {"amount_rial": 1, "status": "paid", "order": "x", "reference": "1", "callback_url": "https://evil.example"}
    assert start(api, order, extra | {"gateway": None}).json()["amount_rial"] == 99_000_000
    assert "evil" not in bank.state.snapshot()["payments"][0]["callback_url"]


def test_a_foreign_or_invented_payment_is_404(device, other, api):
    theirs = make_payment(make_order(make_expired_device(other, model=device.model)))
    for payment_id in (theirs.pk, uuid4(), "x"):
        problem_of(api.get(f"/api/v1/payments/{payment_id}/"), 404)


def test_a_start_holds_few_queries(bank, order, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(15):
        start(api, order)


def test_one_payment_costs_two_queries(order, api, django_assert_num_queries):
    payment = make_payment(order)
    with django_assert_num_queries(2):
        api.get(f"/api/v1/payments/{payment.pk}/")
