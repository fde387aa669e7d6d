"""The gate: state of service × choice × sign-off × who asks. The page and the REST face give one answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from customer.models import Device, ServiceChoice
from customer.roles import Role
from kernel.jalali import tehran_today
from support.models import Ticket
from support.rules import GateAnswer, GateQuestion, ticket_gate
from tests.api.clients import client_of, problem_of
from tests.factories.customer import (
    make_active_device,
    make_buyer,
    make_device,
    make_expired_device,
    make_period,
    make_staff,
)
from tests.factories.papers import make_confirmed, make_new_device, make_sign_off
from tests.factories.support import choose

pytestmark = pytest.mark.django_db
PAY, WITHDRAW = ServiceChoice.Choice.PAY_PER_CASE, ServiceChoice.Choice.WITHDRAW
WISH = {"title": "صدای ناهنجار", "description": "موتور صدا می‌دهد.", "importance": "high"}


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


# --- the states ------------------------------------------------------------------------------------------------------


def never_signed(owner) -> Device:
    return make_device(owner)


def form_waits(owner) -> Device:
    return make_sign_off(make_new_device(owner)).device


def begins_tomorrow(owner) -> Device:
    device = make_device(owner)
    make_period(device, tehran_today() + timedelta(days=1), tehran_today() + timedelta(days=365))
    return device


def signed(owner) -> Device:
    return make_confirmed(make_new_device(owner)).device


def old_fleet(owner) -> Device:
    return make_active_device(owner)


def last_day(owner) -> Device:
    return make_active_device(owner, days_left=0)


def renewed(owner) -> Device:
    device = make_expired_device(owner)
    make_period(device, tehran_today() - timedelta(days=11), tehran_today() + timedelta(days=353), "renewal")
    return device


def over_since_yesterday(owner) -> Device:
    return make_expired_device(owner, days_ago=1)


def over(owner) -> Device:
    return make_expired_device(owner)


@dataclass(frozen=True)
class Case:
    make: object
    choice: str = ""
    code: str = ""  # of the refusal, empty where it is open
    next_url: str = ""
    needs_consent: bool = False

    def __str__(self):
        return f"{self.make.__name__}-{self.choice or 'no_choice'}"


SERVICE = "/devices/{pk}/service/"
CASES = [
    *(Case(make, choice) for make in (signed, old_fleet, last_day, renewed) for choice in ("", PAY, WITHDRAW)),
    *(
        Case(make, choice, "sign_off.missing", "/sign-offs/")
        for make in (never_signed, form_waits, begins_tomorrow)
        for choice in ("", PAY, WITHDRAW)
    ),
    *(Case(make, "", "service.expired", SERVICE) for make in (over, over_since_yesterday)),
    *(Case(make, WITHDRAW, "service.withdrawn", SERVICE) for make in (over, over_since_yesterday)),
    *(Case(make, PAY, needs_consent=True) for make in (over, over_since_yesterday)),
]
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def prepared(case: Case, owner) -> Device:
    device = case.make(owner)
    if case.choice:
        choose(device, case.choice)
    return device


def answer_of(device: Device) -> GateAnswer:
    asked = Device.objects.with_names().with_standing(tehran_today()).get(pk=device.pk)
    return ticket_gate(GateQuestion(buyer=asked.owner, device=asked))


def browser(buyer) -> Client:
    client = Client()
    client.force_login(buyer.user)
    return client


def text_of(response) -> str:
    return re.sub(r"\s+", " ", unescape(response.content.decode()))


# --- the owner -------------------------------------------------------------------------------------------------------


@each_case
def test_the_page_and_the_api_say_what_the_gate_says(case):
    buyer = make_buyer()
    device = prepared(case, buyer)
    next_url = case.next_url.format(pk=device.pk)
    gate = answer_of(device)
    assert (gate.code, gate.next_url, gate.needs_consent) == (case.code, next_url, case.needs_consent)

    client = browser(buyer)
    shown = text_of(client.get("/tickets/new/"))
    assert (f'name="device" value="{device.pk}"' in shown) == gate.is_open
    assert ("choice-shut" in shown) == (not gate.is_open)
    assert ('name="accept_tariff"' in shown) == gate.needs_consent
    asked = {**WISH, "device": device.pk}
    by_page, by_api = client.post("/tickets/new/", asked), client_of(buyer.user).post(API, asked, format="json")
    if case.code:
        told = problem_of(by_api, 409)
        assert (by_page.status_code, told["code"], told["detail"]) == (409, case.code, gate.message)
        assert told["next"] == {"label": gate.next_label, "url": next_url}
        for page in (shown, text_of(by_page)):
            assert gate.message in page
            assert f'href="{next_url}"' in page
        assert WISH["description"] in text_of(by_page)
        assert not Ticket.objects.exists()
    elif case.needs_consent:
        assert problem_of(by_api, 409)["code"] == "ticket.tariff_not_accepted"
        assert (by_page.status_code, Ticket.objects.count()) == (409, 0)
        accepted = {**asked, "accept_tariff": True}
        assert client.post("/tickets/new/", {**asked, "accept_tariff": "on"}).status_code == 302
        assert client_of(buyer.user).post(API, accepted, format="json").status_code == 201
    else:
        assert (by_page.status_code, by_api.status_code, Ticket.objects.count()) == (302, 201, 2)


API = "/api/v1/tickets/"


# --- everybody else --------------------------------------------------------------------------------------------------


@each_case
def test_for_nobody_else_it_opens(case):
    former, owner = make_buyer(), make_buyer()
    device = prepared(case, former)
    Device.objects.filter(pk=device.pk).update(owner=owner)
    wish = {**WISH, "device": device.pk, "accept_tariff": True}
    for buyer in (former, make_buyer()):
        # His own device, so that there is a form at all.
        make_active_device(buyer)
        page = browser(buyer).post("/tickets/new/", wish)
        assert page.status_code == 400
        assert str(device.identifier) not in text_of(page)
        problem_of(client_of(buyer.user).post(API, wish, format="json"), 404)
    for person in (*(make_staff(role) for role in Role), make_staff(is_superuser=True, is_staff=True)):
        client = Client()
        client.force_login(person)
        assert client.post("/tickets/new/", wish).status_code == 403
        problem_of(client_of(person).post(API, wish, format="json"), 403)
    assert Client().post("/tickets/new/", wish).url.startswith("/login/")
    problem_of(APIClient().post(API, wish, format="json"), 401)
    assert not Ticket.objects.exists()


def test_a_shut_gate_never_shuts_an_open_ticket():
    """Who has opened a ticket may go on in it, whatever happens to the cover."""
    buyer = make_buyer()
    device = old_fleet(buyer)
    made = browser(buyer).post("/tickets/new/", {**WISH, "device": device.pk}).url
    device.periods.update(ends_on=tehran_today() - timedelta(days=1))
    choose(device, WITHDRAW)
    assert answer_of(device).code == "service.withdrawn"
    assert browser(buyer).post(made, {"body": "هنوز صدا می‌دهد"}).status_code == 302
    assert Ticket.objects.get().messages.count() == 1


def shut(question: GateQuestion) -> GateAnswer:
    question.shared.setdefault("asked", 0)
    question.shared["asked"] += 1
    return GateAnswer(code="debt.ceiling", message="سقف پر است", next_label="پرداخت", next_url="/account/")


def test_a_further_rule_joins_the_list_and_is_told_alike(settings):
    settings.TICKET_GATES = [*settings.TICKET_GATES, f"{__name__}.shut"]
    buyer = make_buyer()
    device = old_fleet(buyer)
    asked = {**WISH, "device": device.pk}
    told = problem_of(client_of(buyer.user).post(API, asked, format="json"), 409)
    assert (told["code"], told["next"]["url"]) == ("debt.ceiling", "/account/")
    page = browser(buyer).post("/tickets/new/", asked)
    assert page.status_code == 409
    assert 'href="/account/"' in text_of(page)


def test_a_ticket_counts_today_in_tehran():
    """On the last day of a contract the gate is open until midnight there."""
    buyer = make_buyer()
    assert answer_of(last_day(buyer)).is_open
    assert not answer_of(over_since_yesterday(buyer)).is_open
    assert tehran_today(timezone.now()) == tehran_today()
