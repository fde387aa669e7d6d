from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from commerce.models import Order, PlanPrice
from customer.models import ServiceChoice
from kernel.jalali import contract_end, format_date, tehran_today
from tests.factories.customer import make_active_device, make_device, make_expired_device, make_staff

TWO_YEARS = {"choice": "renew", "years": "2", "expected_total_rial": "99000000"}


def service_page(device) -> str:
    return reverse("device_service", args=[device.pk])


def send(client: Client, page: str, form: dict[str, str]):
    """As a browser does: with the page that the form stood on."""
    return client.post(page, form, headers={"referer": f"http://testserver{page}"})


def said(reply) -> list[str]:
    return [message.level_tag for message in get_messages(reply.wsgi_request)]


def test_prices_vat_totals_and_new_dates_are_shown_before_paying(sara, device):
    page = sara.get(service_page(device)).content.decode()
    today = tehran_today()
    for shown in ("۹٬۰۰۰٬۰۰۰ تومان", "۹۰۰٬۰۰۰ تومان", "۹٬۹۰۰٬۰۰۰ تومان", format_date(today)):
        assert shown in page
    for years in (1, 2, 3):
        assert format_date(contract_end(today, years)) in page


def test_a_term_opens_its_order_and_leads_to_checkout(sara, device):
    reply = sara.post(service_page(device), TWO_YEARS)
    order = Order.objects.get()
    assert (order.years, order.total_rial, order.status) == (2, 99_000_000, "open")
    assert reply["Location"] == reverse("order_detail", args=[order.number])


def test_a_double_click_opens_one_order(sara, device):
    first, second = (sara.post(service_page(device), TWO_YEARS) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_another_term_in_a_second_tab_replaces_the_first_order(sara, device):
    sara.post(service_page(device), TWO_YEARS)
    sara.post(service_page(device), {"choice": "renew", "years": "1", "expected_total_rial": "52800000"})
    assert sorted(Order.objects.values_list("years", "status")) == [(1, "open"), (2, "cancelled")]
    assert sara.get(service_page(device)).context["open_order"].years == 1


def test_a_price_that_changed_meanwhile_is_shown_and_asked_again(sara, device):
    plan = device.model.plans.get(years=2)
    PlanPrice.objects.create(plan=plan, net_rial=100_000_000, valid_from=tehran_today())
    reply = sara.post(service_page(device), TWO_YEARS, follow=True)
    assert Order.objects.count() == 0
    assert reply.redirect_chain == [(service_page(device), 302)]
    page = reply.content.decode()
    assert "۱۱٬۰۰۰٬۰۰۰ تومان" in page
    assert "۹٬۹۰۰٬۰۰۰ تومان" not in page
    sara.post(service_page(device), TWO_YEARS | {"expected_total_rial": "110000000"})
    assert Order.objects.get().total_rial == 110_000_000


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"choice": "renew"},
        {"choice": "renew", "years": "2"},
        {"choice": "renew", "years": "4", "expected_total_rial": "1"},
        {"choice": "renew", "years": "two", "expected_total_rial": "99000000"},
        {"choice": "renew", "years": "2", "expected_total_rial": "free"},
        {"choice": "sell"},
    ],
)
def test_what_is_no_choice_changes_nothing(sara, device, form):
    reply = sara.post(service_page(device), form)
    assert (reply.status_code, said(reply)) == (302, ["error"])
    assert not Order.objects.exists()
    assert not ServiceChoice.objects.exists()


@pytest.mark.parametrize("choice", ["pay_per_case", "withdraw"])
def test_the_other_choices_ask_once_more_and_are_registered(sara, device, choice):
    asked = sara.get(service_page(device), {"choice": choice})
    assert asked.templates[0].name == "commerce/device_service_confirm.html"
    assert not ServiceChoice.objects.exists()
    reply = sara.post(service_page(device), {"choice": choice})
    assert reply["Location"] == reverse("device_detail", args=[device.pk])
    assert ServiceChoice.objects.get().choice == choice
    assert said(reply) == ["success"]


@pytest.mark.parametrize("choice", ["pay_per_case", "withdraw"])
def test_a_running_contract_closes_the_other_choices_and_says_why(sara, buyer, choice):
    device = make_active_device(buyer)
    page = sara.get(service_page(device), {"choice": choice})
    assert page.templates[0].name == "commerce/device_service.html"
    assert page.context["pay_per_case_closed"]
    assert page.context["withdraw_closed"]
    assert f"?choice={choice}" not in page.content.decode()
    reply = send(sara, service_page(device), {"choice": choice})
    assert said(reply) == ["error"]
    assert not ServiceChoice.objects.exists()


def test_a_choice_that_holds_already_is_marked_and_closed(sara, device):
    sara.post(service_page(device), {"choice": "withdraw"})
    page = sara.get(service_page(device))
    assert page.context["withdraw_closed"]
    assert page.context["pay_per_case_closed"] == ""


def test_a_device_without_sign_off_says_what_is_missing(sara, buyer, device):
    waiting = make_device(buyer, model=device.model)
    page = sara.get(service_page(waiting))
    assert not page.context["can_renew"]
    assert '<form class="card plan"' not in page.content.decode()
    assert said(send(sara, service_page(waiting), TWO_YEARS)) == ["error"]
    assert not Order.objects.exists()


def test_a_model_without_plans_says_so(sara, buyer):
    page = sara.get(service_page(make_expired_device(buyer)))
    assert page.context["quotes"] == []
    assert page.status_code == 200


def test_nobody_reaches_the_device_of_somebody_else(reza, device):
    assert reza.get(service_page(device)).status_code == 404
    assert reza.post(service_page(device), TWO_YEARS).status_code == 404
    assert not Order.objects.exists()


def test_staff_and_visitors_have_no_devices(device):
    client = Client()
    assert client.get(service_page(device))["Location"].startswith(reverse("login"))
    client.force_login(make_staff())
    assert client.get(service_page(device)).status_code == 403


def test_the_page_costs_seven_statements(sara, device, django_assert_num_queries):
    sara.get(service_page(device))  # the brand is cached from here on
    with django_assert_num_queries(7):
        sara.get(service_page(device))
