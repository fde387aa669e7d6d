"""The buyer's devices and what happened to them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from customer.services.service import choose_mode
from kernel.jalali import jalali_iso, tehran_today
from tests.api.clients import client_of, problem_of
from tests.factories.commerce import actor_of, make_order, make_plans, make_vat
from tests.factories.customer import (
    make_active_device,
    make_device,
    make_expired_device,
    make_model,
    make_period,
)

DEVICES = "/api/v1/devices/"


def test_a_device_is_exactly_what_the_contract_says(buyer, api):
    device = make_active_device(buyer, days_left=214)
    today = tehran_today()
    ends_on = today + timedelta(days=214)
    assert api.get(f"{DEVICES}{device.pk}/").json() == {
        "id": device.pk,
        "brand": device.model.brand.name,
        "model": device.model.name,
        "device_type": device.model.device_type.name,
        "device_type_slug": device.model.device_type.slug,
        "identifier_kind": "serial",
        "identifier_kind_label": "شماره سریال",
        "identifier": device.identifier,
        "installed_on": device.installed_on.isoformat(),
        "installed_on_jalali": jalali_iso(device.installed_on),
        "warranty_ends_on": device.warranty_ends_on.isoformat(),
        "warranty_ends_on_jalali": jalali_iso(device.warranty_ends_on),
        "service_ends_on": ends_on.isoformat(),
        "service_ends_on_jalali": jalali_iso(ends_on),
        "service_status": "active",
        "service_status_label": "فعال",
        "service_mode": "contract",
        "service_mode_label": api.get(DEVICES).json()["results"][0]["service_mode_label"],
        "days_left": 214,
    }


def test_what_is_not_known_is_null(buyer, api):
    device = make_device(buyer, installed_on=None, warranty_ends_on=None)
    body = api.get(f"{DEVICES}{device.pk}/").json()
    empty = ["installed_on", "warranty_ends_on", "service_ends_on"]
    assert {body[name] for one in empty for name in (one, f"{one}_jalali")} == {None}
    assert (body["service_status"], body["service_mode"], body["days_left"]) == ("awaiting_sign_off", "undecided", None)


def states(buyer):
    """One device of every status and mode."""
    awaiting = make_device(buyer)
    active = make_active_device(buyer)
    renewed = make_device(buyer)
    make_period(renewed, tehran_today(), tehran_today() + timedelta(days=364), origin="renewal")
    undecided, per_case, withdrawn = (make_expired_device(buyer) for _ in range(3))
    for device, choice in ((per_case, "pay_per_case"), (withdrawn, "withdraw")):
        choose_mode(buyer=buyer, device_id=device.pk, choice=choice, actor=actor_of(device), now=timezone.now())
    return awaiting, active, renewed, undecided, per_case, withdrawn


def test_every_status_and_mode_by_its_word(buyer, api):
    states(buyer)
    rows = api.get(f"{DEVICES}?ordering=id").json()["results"]
    assert [(row["service_status"], row["service_mode"]) for row in rows] == [
        ("awaiting_sign_off", "undecided"),
        ("active", "contract"),
        ("renewed", "contract"),
        ("expired", "undecided"),
        ("expired", "pay_per_case"),
        ("expired", "withdrawn"),
    ]
    labels = [row["service_status_label"] for row in rows]
    assert labels[1:4] == ["فعال", "تمدید شده", "منقضی شده"]


@pytest.mark.parametrize(
    ("status", "found"), [("awaiting_sign_off", [0]), ("active", [1]), ("renewed", [2]), ("expired", [3, 4, 5])]
)
def test_devices_can_be_asked_for_by_status(buyer, api, status, found):
    devices = states(buyer)
    rows = api.get(f"{DEVICES}?service_status={status}").json()["results"]
    assert [row["id"] for row in rows] == [devices[index].pk for index in found]


def test_only_ones_own_devices(other, api):
    device = make_active_device(other)
    assert api.get(DEVICES).json()["count"] == 0
    for path in ("", "timeline/", "service-options/"):
        problem_of(api.get(f"{DEVICES}{device.pk}/{path}"), 404)


@pytest.mark.parametrize("search", ["كارا", "مینیکارا", "مینی‌کارا", "AB-12", "ab-۱۲"])
def test_search_finds_however_it_is_typed(buyer, api, search):
    wanted = make_device(buyer, model=make_model(name="مینی‌کارا"), identifier="AB-12")
    make_device(buyer)
    rows = api.get(DEVICES, {"search": search}).json()["results"]
    assert [row["id"] for row in rows] == [wanted.pk]


@pytest.mark.parametrize("name", ["id", "installed_on", "warranty_ends_on", "service_ends_on"])
def test_order_both_ways_with_the_unknown_last(buyer, api, name):
    known = [make_active_device(buyer, days_left=days) for days in (10, 30, 20)]
    make_device(buyer, installed_on=None, warranty_ends_on=None)
    up = [row[name] for row in api.get(f"{DEVICES}?ordering={name}").json()["results"]]
    down = [row[name] for row in api.get(f"{DEVICES}?ordering=-{name}").json()["results"]]
    assert [value for value in up if value is not None] == sorted(value for value in up if value is not None)
    assert [value for value in down if value is not None] == sorted(
        (value for value in down if value is not None), reverse=True
    )
    if name != "id":
        assert up[-1] is None
        assert down[-1] is None
    assert len(up) == len(known) + 1


def test_pages_cover_everything_once(buyer, api):
    ids = [make_device(buyer).pk for _ in range(5)]
    seen, address = [], f"{DEVICES}?page_size=2"
    while address:
        body = api.get(address).json()
        assert body["count"] == 5
        seen += [row["id"] for row in body["results"]]
        address = body["next"]
    assert seen == ids


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_two_queries(buyer, api, django_assert_num_queries, number):
    for _ in range(number):
        make_expired_device(buyer)
    with django_assert_num_queries(2):  # token, rows with their number
        assert api.get(DEVICES).json()["count"] == number


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_three_queries_by_session(buyer, client, django_assert_num_queries, number):
    client.force_login(buyer.user)
    for _ in range(number):
        make_expired_device(buyer)
    with django_assert_num_queries(3):  # session, account, rows with their number
        assert client.get(DEVICES).json()["count"] == number


def test_one_device_costs_two_queries(device, api, django_assert_num_queries):
    with django_assert_num_queries(2):
        api.get(f"{DEVICES}{device.pk}/")


def test_the_day_changes_at_midnight_in_tehran(buyer):
    with time_machine.travel("2026-11-22 12:00+03:30", tick=False):
        device = make_active_device(buyer, days_left=0)
    for moment, status in (("2026-11-22 23:59+03:30", "active"), ("2026-11-23 00:01+03:30", "expired")):
        with time_machine.travel(moment, tick=False):
            body = client_of(buyer.user).get(f"{DEVICES}{device.pk}/").json()
            assert (body["service_status"], body["days_left"]) == (status, 0)


def test_the_timeline_tells_newest_first(buyer, device, api):
    choose_mode(buyer=buyer, device_id=device.pk, choice="withdraw", actor=actor_of(device), now=timezone.now())
    body = api.get(f"{DEVICES}{device.pk}/timeline/").json()
    assert [row["kind"] for row in body["results"]] == ["choice_withdraw", "period_legacy", "installed"]
    first = body["results"][0]
    assert first.keys() == {"at", "on", "on_jalali", "kind", "title", "detail", "url"}
    assert (first["on"], first["on_jalali"]) == (tehran_today().isoformat(), jalali_iso(tehran_today()))
    assert first["at"].endswith("Z")


@pytest.mark.parametrize("number", [1, 3])
def test_the_timeline_costs_the_same_however_long(buyer, api, django_assert_num_queries, number):
    device = make_device(buyer)
    for n in range(number):
        first = tehran_today() - timedelta(days=100 * (n + 1))
        make_period(device, first, first + timedelta(days=10))
    with django_assert_num_queries(8):  # token, device, periods, choices, forms, owners, orders, tickets
        assert api.get(f"{DEVICES}{device.pk}/timeline/").json()["count"] == number + 1


def test_options_show_price_and_span(device, api):
    body = api.get(f"{DEVICES}{device.pk}/service-options/").json()
    assert body.keys() == {"renewals", "pay_per_case", "withdraw"}
    assert [(row["years"], row["net_rial"], row["vat_rial"], row["total_rial"]) for row in body["renewals"]] == [
        (1, 48_000_000, 4_800_000, 52_800_000),
        (2, 90_000_000, 9_000_000, 99_000_000),
        (3, 129_000_000, 12_900_000, 141_900_000),
    ]
    assert {row["starts_on"] for row in body["renewals"]} == {tehran_today().isoformat()}
    assert body["renewals"][0].keys() >= {"ends_on", "ends_on_jalali", "starts_on_jalali"}
    assert (body["pay_per_case"], body["withdraw"]) == ({"allowed": True, "tariff": []}, {"allowed": True})


def test_options_of_a_running_device_are_renewals_only(buyer, api):
    device = make_active_device(buyer, days_left=10)
    make_plans(device.model)
    body = api.get(f"{DEVICES}{device.pk}/service-options/").json()
    assert {row["starts_on"] for row in body["renewals"]} == {(tehran_today() + timedelta(days=11)).isoformat()}
    assert (body["pay_per_case"]["allowed"], body["withdraw"]["allowed"]) == (False, False)


def test_a_device_that_waits_for_its_sign_off_has_no_options(buyer, api):
    device = make_device(buyer)
    make_plans(device.model)
    body = api.get(f"{DEVICES}{device.pk}/service-options/").json()
    assert body == {"renewals": [], "pay_per_case": {"allowed": False, "tariff": []}, "withdraw": {"allowed": False}}


def test_a_former_owner_sees_nothing(buyer, other, device, api):
    make_order(device)
    device.owner = other
    device.save()
    problem_of(api.get(f"{DEVICES}{device.pk}/"), 404)
    theirs = client_of(other.user)
    assert theirs.get(f"{DEVICES}{device.pk}/").status_code == 200
    assert [row["kind"] for row in theirs.get(f"{DEVICES}{device.pk}/timeline/").json()["results"]] == [
        "period_legacy",
        "installed",
    ]


def test_plans_may_be_missing(api, buyer):
    make_vat()
    device = make_expired_device(buyer)
    assert api.get(f"{DEVICES}{device.pk}/service-options/").json()["renewals"] == []
