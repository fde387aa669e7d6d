"""Renewing, pay per case and withdrawal through the REST face."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from commerce.models import Order, Payment, PlanPrice, ServicePlan
from customer.models import ServiceChoice
from kernel.jalali import jalali_iso, tehran_today
from tests.api.clients import fields_of, problem_of
from tests.factories.commerce import make_payment, make_plans, make_vat
from tests.factories.customer import make_active_device, make_device, make_expired_device


def choose(client, device, **body):
    return client.post(f"/api/v1/devices/{device.pk}/service-choices/", body, format="json")


def test_renewing_opens_an_order(device, api):
    answer = choose(api, device, choice="renew", years=2)
    assert answer.status_code == 201
    body = answer.json()
    order = body.pop("order")
    assert body.pop("made_at").endswith("Z")
    assert body == {
        "device": device.pk,
        "choice": "renew",
        "choice_label": "تمدید قرارداد خدمات",
        "years": 2,
        "made_on": tehran_today().isoformat(),
        "made_on_jalali": jalali_iso(tehran_today()),
    }
    assert order == api.get(f"/api/v1/orders/{order['number']}/").json()
    assert (order["status"], order["kind"], order["total_rial"]) == ("open", "renewal", 99_000_000)
    made = ServiceChoice.objects.get()
    assert (made.choice, made.years, made.made_by, made.ip) == ("renew", 2, device.owner.user, "127.0.0.1")


def test_the_same_wish_finds_the_open_order(device, api):
    numbers = {choose(api, device, choice="renew", years=2).json()["order"]["number"] for _ in range(3)}
    assert len(numbers) == 1
    assert Order.objects.count() == ServiceChoice.objects.count() == 1


def test_another_term_replaces_the_open_order(device, api):
    first = choose(api, device, choice="renew", years=1).json()["order"]["number"]
    second = choose(api, device, choice="renew", years=3).json()["order"]["number"]
    assert Order.objects.get(number=first).status == "cancelled"
    assert Order.objects.get(number=second).status == "open"


@pytest.mark.parametrize(("choice", "mode"), [("pay_per_case", "pay_per_case"), ("withdraw", "withdrawn")])
def test_the_other_choices_set_the_mode(device, api, choice, mode):
    body = choose(api, device, choice=choice).json()
    assert (body["choice"], body["years"], body["order"]) == (choice, None, None)
    assert api.get(f"/api/v1/devices/{device.pk}/").json()["service_mode"] == mode
    assert problem_of(choose(api, device, choice=choice), 409)["code"] == "service.already_chosen"


def test_a_running_service_can_only_be_renewed(buyer, api):
    device = make_active_device(buyer)
    make_plans(device.model)
    for choice in ("pay_per_case", "withdraw"):
        assert problem_of(choose(api, device, choice=choice), 409)["code"] == "service.still_running"
    assert choose(api, device, choice="renew", years=1).status_code == 201


@pytest.mark.parametrize("body", [{"choice": "renew", "years": 1}, {"choice": "withdraw"}, {"choice": "pay_per_case"}])
def test_nothing_is_open_before_the_sign_off(buyer, api, body):
    device = make_device(buyer)
    make_plans(device.model)
    assert problem_of(choose(api, device, **body), 409)["code"] == "service.awaiting_sign_off"
    assert not ServiceChoice.objects.exists()


def test_a_term_that_is_not_offered_is_refused(device, api):
    ServicePlan.objects.filter(years=2).update(is_offered=False)
    assert problem_of(choose(api, device, choice="renew", years=2), 409)["code"] == "renewal.not_offered"


def test_a_price_that_has_changed_is_shown_first(device, api):
    seen = api.get(f"/api/v1/devices/{device.pk}/service-options/").json()["renewals"][0]["total_rial"]
    PlanPrice.objects.create(
        plan=ServicePlan.objects.get(years=1), net_rial=60_000_000, valid_from=tehran_today() - timedelta(days=1)
    )
    answer = choose(api, device, choice="renew", years=1, expected_total_rial=seen)
    assert problem_of(answer, 409)["code"] == "renewal.price_changed"
    assert not Order.objects.exists()
    assert choose(api, device, choice="renew", years=1, expected_total_rial=66_000_000).status_code == 201


def test_an_order_in_doubt_is_not_replaced(device, api):
    order = choose(api, device, choice="renew", years=1).json()["order"]
    make_payment(Order.objects.get(number=order["number"]), status=Payment.Status.UNKNOWN)
    assert problem_of(choose(api, device, choice="renew", years=2), 409)["code"] == "payment.in_doubt"
    assert choose(api, device, choice="renew", years=1).json()["order"]["number"] == order["number"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"choice": "required"}),
        ({"choice": "steal"}, {"choice": "invalid_choice"}),
        ({"choice": "renew"}, {"years": "required"}),
        ({"choice": "renew", "years": 0}, {"years": "min_value"}),
        ({"choice": "renew", "years": 4}, {"years": "max_value"}),
        ({"choice": "renew", "years": -1}, {"years": "min_value"}),
        ({"choice": "renew", "years": 1.5}, {"years": "invalid"}),
        ({"choice": "renew", "years": "دو"}, {"years": "invalid"}),
        ({"choice": "renew", "years": None}, {"years": "null"}),
        ({"choice": "renew", "years": [1]}, {"years": "invalid"}),
        ({"choice": "renew", "years": 1, "expected_total_rial": 10**30}, {"expected_total_rial": "max_value"}),
        (
            {"choice": "renew", "years": 1, "expected_total_rial": "9" * 2000},
            {"expected_total_rial": "max_string_length"},
        ),
        ({"choice": None}, {"choice": "null"}),
    ],
)
def test_a_malformed_choice_names_its_fields(device, api, body, fields):
    assert fields_of(choose(api, device, **body)) == fields
    assert not Order.objects.exists()


def test_fields_that_are_not_the_buyers_are_ignored(device, other, api):
    extra = {
        "net_rial": 1,
        "total_rial": 1,
        "buyer": other.pk,
        "status": "paid",
        "plan": 1,
        "made_on": "x",
    }
    order = choose(api, device, choice="renew", years=1, **extra).json()["order"]
    assert (order["total_rial"], order["status"], order["device"]) == (52_800_000, "open", device.pk)
    assert Order.objects.get().buyer == device.owner


@pytest.mark.parametrize("body", [{"choice": "renew", "years": 1}, {"choice": "withdraw"}])
def test_a_foreign_device_is_404_and_untouched(other, api, body):
    device = make_expired_device(other)
    make_plans(device.model)
    make_vat()
    problem_of(choose(api, device, **body), 404)
    assert not Order.objects.exists()
    assert not ServiceChoice.objects.exists()


def test_an_order_that_lapsed_is_replaced_by_todays_price(device, api):
    number = choose(api, device, choice="renew", years=1).json()["order"]["number"]
    Order.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    order = choose(api, device, choice="renew", years=1).json()["order"]
    assert order["number"] != number
    assert Order.objects.get(number=number).status == "expired"
