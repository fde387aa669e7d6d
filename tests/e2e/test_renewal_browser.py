"""A buyer renews in a browser: from sign-in to the renewed device, through the stand-in bank."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from commerce.models import Order, Payment
from commerce.services import payment as payments
from customer.models import Device
from integrations.outbox import deliver_due
from kernel.jalali import format_date, parse_jalali, tehran_today
from kernel.persian import persian_digits
from tests.e2e.visitor import Visitor
from tests.factories.customer import PASSWORD
from tests.faults.shows import jalali_end_of_two_years

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

on_a_phone = pytest.mark.browser_context_args(
    viewport={"width": 360, "height": 780}, is_mobile=True, has_touch=True, device_scale_factor=2
)
on_a_desk = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900})
in_the_dark = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900}, color_scheme="dark")
without_scripts = pytest.mark.browser_context_args(viewport={"width": 360, "height": 780}, java_script_enabled=False)


def renew(visitor: Visitor, expired: Device) -> None:
    """The whole way; every page on it is looked at."""
    end = format_date(parse_jalali(jalali_end_of_two_years(tehran_today())), "long")
    visitor.sign_in("sara", PASSWORD)
    number = visitor.choose_two_years(expired.pk)
    assert visitor.reads(end)
    assert visitor.reads("۹٬۷۹۰٬۰۰۰ تومان")
    visitor.go_to_the_bank()
    assert visitor.reads("۹٬۷۹۰٬۰۰۰ تومان")
    visitor.answer_the_bank("paid", number)
    assert visitor.page.locator("#pay").count() == 0
    assert visitor.reads(end)

    order = Order.objects.get(number=number)
    assert order.status == "paid"
    visitor.press(f"a[href='/orders/{number}/receipt/']", f"/orders/{number}/receipt/")
    assert visitor.reads(persian_digits(order.receipt_number)) or visitor.reads(order.receipt_number)
    assert visitor.reads(end)

    assert deliver_due() == 3
    visitor.open("/inbox/")
    assert visitor.reads(end)
    visitor.press("a[href^='/inbox/']:has-text('i700')", r"/inbox/\d+/")
    visitor.open("/dashboard/")
    assert visitor.reads(end)


@pytest.mark.parametrize(
    "screen",
    [
        pytest.param("phone", marks=on_a_phone),
        pytest.param("desk", marks=on_a_desk),
        pytest.param("dark desk", marks=in_the_dark),
        pytest.param("phone without scripts", marks=without_scripts),
    ],
)
def test_buyer_renews_and_pays(visitor: Visitor, devices, sandbox, screen):
    renew(visitor, devices[1])

    state = sandbox.snapshot()
    assert [row["status"] for row in state["payments"]] == ["verified"]
    assert [deal["Status"] for deal in state["didar"]["deals"]] == ["Won"]
    assert len(state["sms"]) == 1
    assert len(visitor.visited) == 11


@on_a_phone
def test_page_waits_for_a_silent_bank_and_shows_the_answer_by_itself(visitor: Visitor, devices, sandbox, settings):
    visitor.sign_in("sara", PASSWORD)
    number = visitor.choose_two_years(devices[1].pk)
    visitor.go_to_the_bank()
    settings.PROVIDER_TIMEOUT_SECONDS = 1.0
    sandbox.arm("zarinpal", "timeout_after_effect")
    visitor.answer_the_bank("paid", number)
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0

    assert Payment.objects.get().status == "unknown"
    assert visitor.page.locator("#pay").count() == 0
    expect(visitor.page.locator("[data-poll-url]")).to_be_visible()
    assert payments.sweep_payments(now=timezone.now() + timedelta(minutes=1)) == 1
    expect(visitor.page.locator(f"a[href='/orders/{number}/receipt/']")).to_be_visible(timeout=20_000)
    visitor.look("paid by itself")


@on_a_desk
def test_buyer_turns_back_at_the_bank_and_tries_again(visitor: Visitor, devices):
    visitor.sign_in("sara", PASSWORD)
    number = visitor.choose_two_years(devices[1].pk)
    visitor.go_to_the_bank()
    visitor.answer_the_bank("cancelled", number)

    order = Order.objects.get(number=number)
    assert (Payment.objects.get().status, order.status) == ("failed", "open")
    assert devices[1].periods.count() == 1
    visitor.go_to_the_bank()
    visitor.answer_the_bank("paid", number)
    order.refresh_from_db()
    assert order.status == "paid"
