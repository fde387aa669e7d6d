from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from commerce.models import Order, Payment
from commerce.services.order import cancel_order
from commerce.services.settlement import apply_verdict
from kernel.money import amount_in_words
from tests.commerce.services import gateway
from tests.commerce.views.bank import counted
from tests.factories.commerce import actor_of, make_order, make_payment
from tests.factories.customer import make_expired_device, make_staff

Status = Payment.Status


def settle(order, verdict, **values) -> Payment:
    payment = make_payment(order, status=Status.VERIFYING, **values)
    return apply_verdict(payment.pk, verdict=verdict, cancelled=False, now=timezone.now())


def pay(order, reference: str = "201") -> Payment:
    return settle(order, gateway.paid(reference, card_masked="502229******5995"))


def stage(client, page: str) -> str:
    return client.get(page).context["page"].stage


def offers_payment(client, order) -> bool:
    page = client.get(reverse("order_detail", args=[order.number])).content.decode()
    return f'action="{reverse("order_pay", args=[order.number])}"' in page


# --- the list ------------------------------------------------------------------------------------------------------


def test_the_list_is_empty_and_says_how_orders_come_about(sara):
    assert reverse("device_list") in sara.get(reverse("order_list")).content.decode()


def test_the_list_costs_the_same_for_one_order_and_for_three(sara, buyer, device, order):
    make_payment(order, status=Status.UNKNOWN)
    sara.get(reverse("order_list"))  # the brand is cached from here on
    with counted() as one:
        sara.get(reverse("order_list"))
    for _ in range(2):
        make_payment(make_order(make_expired_device(buyer, model=device.model)), status=Status.UNKNOWN)
    with counted() as three:
        assert sara.get(reverse("order_list")).context["page_obj"].paginator.count == 3
    assert len(one) == len(three) <= 6


def test_the_list_is_narrowed_by_status_and_cut_into_pages(sara, buyer, device, order, monkeypatch):
    pay(order)
    for _ in range(3):
        make_order(make_expired_device(buyer, model=device.model))
    monkeypatch.setattr("commerce.views.order.PAGE_SIZE", 2)
    assert list(sara.get(reverse("order_list"), {"status": "paid"}).context["page_obj"]) == [order]
    assert sara.get(reverse("order_list"), {"status": "open", "page": "2"}).context["page_obj"].number == 2
    assert sara.get(reverse("order_list"), {"status": "stolen", "page": "x"}).context["page_obj"].paginator.count == 4


def test_the_list_shows_nothing_of_others(reza, order):
    assert list(reza.get(reverse("order_list")).context["page_obj"]) == []


# --- one order -----------------------------------------------------------------------------------------------------


def test_an_open_order_shows_the_sum_and_the_way_to_the_bank(sara, order, order_page):
    page = sara.get(order_page).content.decode()
    assert stage(sara, order_page) == "open"
    assert "۹٬۹۰۰٬۰۰۰ تومان" in page
    assert offers_payment(sara, order)


def test_several_gateways_are_offered_for_choice(sara, order, order_page, monkeypatch):
    two = [gateway.ScriptedGateway(), gateway.ScriptedGateway(name="other", label="درگاه دیگر")]
    monkeypatch.setattr("integrations.payments.enabled_gateways", lambda: two)
    page = sara.get(order_page).content.decode()
    assert page.count('type="radio" name="gateway"') == 2
    sara.post(reverse("order_pay", args=[order.number]), {"gateway": "other"})
    assert order.payments.get().gateway == "other"


def test_the_pay_form_may_lead_to_the_gateway(sara, order, order_page, settings):
    policy = sara.get(order_page).headers["Content-Security-Policy"]
    assert f"form-action 'self' {settings.SANDBOX_URL}" in policy


@pytest.mark.parametrize(
    ("status", "values", "expected", "payable"),
    [
        (Status.CREATED, {"authority": None}, "open", True),
        (Status.REDIRECTED, {}, "at_bank", True),
        (Status.REDIRECTED, {"returned_at": timezone.now()}, "at_bank", True),
        (Status.VERIFYING, {}, "asking", False),
        (Status.UNKNOWN, {}, "asking", False),
        (Status.MISMATCH, {}, "review", False),
        (Status.FAILED, {}, "failed", True),
        (Status.FAILED, {"result_code": "no_session", "authority": None}, "failed", True),
        (Status.EXPIRED, {}, "failed", True),
    ],
)
def test_the_last_payment_decides_what_the_page_says(sara, order, order_page, status, values, expected, payable):
    make_payment(order, status=status, **values)
    assert stage(sara, order_page) == expected
    assert offers_payment(sara, order) is payable
    final = expected not in {"at_bank", "asking"}
    assert sara.get(reverse("order_status", args=[order.number])).json() == {"status": expected, "final": final}


@pytest.mark.parametrize("status", [Status.VERIFYING, Status.UNKNOWN, Status.MISMATCH])
def test_money_in_doubt_refuses_a_second_payment(sara, order, order_page, status, monkeypatch):
    bank = gateway.ScriptedGateway().install(monkeypatch)
    make_payment(order, status=status)
    reply = sara.post(reverse("order_pay", args=[order.number]))
    assert reply["Location"] == order_page
    assert bank.sessions == []
    assert order.payments.count() == 1


def test_a_waiting_page_looks_again_with_and_without_scripts(sara, order, order_page):
    make_payment(order, status=Status.UNKNOWN)
    page = sara.get(order_page).content.decode()
    assert f'data-poll-url="{reverse("order_status", args=[order.number])}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_a_paid_order_shows_the_new_end_and_the_receipt(sara, order, order_page):
    pay(order)
    order.refresh_from_db()
    page = sara.get(order_page)
    assert (page.context["page"].stage, page.context["page"].ends_on) == ("paid", order.service_period.ends_on)
    assert reverse("order_receipt", args=[order.number]) in page.content.decode()
    assert not offers_payment(sara, order)


def test_a_second_payment_is_shown_as_credit(sara, order, order_page):
    pay(order)
    pay(order, reference="202")
    assert sara.get(order_page).context["page"].credited_rial == 99_000_000


def test_a_lapsed_order_leads_back_to_the_choice(sara, order, order_page, device):
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert stage(sara, order_page) == "lapsed"
    assert not offers_payment(sara, order)
    service_page = reverse("device_service", args=[device.pk])
    assert service_page in sara.get(order_page).content.decode()
    assert sara.post(reverse("order_pay", args=[order.number]))["Location"] == order_page
    sara.post(service_page, {"choice": "renew", "years": "2", "expected_total_rial": "99000000"})
    assert sorted(Order.objects.values_list("status", flat=True)) == ["expired", "open"]


def test_the_buyer_cancels_an_order(sara, order, order_page):
    reply = sara.post(reverse("order_cancel", args=[order.number]), follow=True)
    order.refresh_from_db()
    assert (order.status, reply.context["page"].stage) == ("cancelled", "cancelled")


def test_an_order_in_doubt_is_not_cancelled(sara, order, order_page):
    make_payment(order, status=Status.UNKNOWN)
    assert sara.post(reverse("order_cancel", args=[order.number]))["Location"] == order_page
    order.refresh_from_db()
    assert order.status == "open"


def test_addresses_of_forms_show_the_order_when_opened(sara, order, order_page):
    for name in ("order_pay", "order_cancel"):
        assert sara.get(reverse(name, args=[order.number]))["Location"] == order_page
    order.refresh_from_db()
    assert (order.status, order.payments.count()) == ("open", 0)


# --- the receipt ---------------------------------------------------------------------------------------------------


def test_the_receipt_tells_all_and_hides_the_national_code(sara, buyer, order):
    pay(order)
    order.refresh_from_db()
    page = sara.get(reverse("order_receipt", args=[order.number])).content.decode()
    words = amount_in_words(99_000_000)
    for shown in (order.receipt_number, order.number, "201", "502229******5995", buyer.full_name, words, "۹٬۹۰۰٬۰۰۰"):
        assert shown in page
    assert buyer.national_code_masked in page
    assert buyer.national_code not in page


def test_an_unpaid_order_has_no_receipt(sara, order):
    assert sara.get(reverse("order_receipt", args=[order.number])).status_code == 404


# --- who sees what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["order_detail", "order_status", "order_cancel", "order_pay", "order_receipt"])
def test_the_order_of_somebody_else_is_not_there(sara, reza, order, name):
    pay(order)
    assert reza.get(reverse(name, args=[order.number])).status_code == 404
    assert reza.post(reverse(name, args=[order.number])).status_code in {404, 405}
    assert sara.get(reverse(name, args=["1405-999999"])).status_code == 404
    staff, visitor = Client(), Client()
    staff.force_login(make_staff())
    assert staff.get(reverse(name, args=[order.number])).status_code == 403
    assert visitor.get(reverse(name, args=[order.number]))["Location"].startswith(reverse("login"))


def test_an_order_cancelled_with_a_payment_under_way_keeps_the_money_as_credit(sara, order, order_page, device):
    payment = make_payment(order)
    cancel_order(buyer=order.buyer, number=order.number, actor=actor_of(device), now=timezone.now())
    Payment.objects.filter(pk=payment.pk).update(status=Status.VERIFYING)
    apply_verdict(payment.pk, verdict=gateway.paid(), cancelled=False, now=timezone.now())
    page = sara.get(order_page).context["page"]
    assert (page.stage, page.credited_rial, page.paying) == ("cancelled", 99_000_000, None)
