"""Devices in the admin."""

from __future__ import annotations

from datetime import date

import pytest

from customer.models import Device, ServicePeriod, Trace
from tests.factories.customer import make_active_device, make_buyer, make_device, make_model

LIST = "/admin/customer/device/"


def form(**values) -> dict[str, object]:
    return {
        "identifier_kind": "serial",
        "identifier": "sn ۱۲۳-a",
        "sold_on": "۱۴۰۴/۰۶/۲۰",
        "installed_on": "1404/07/01",
        "warranty_ends_on": "",
    } | values


def test_a_device_is_registered_for_a_buyer(administrator):
    owner, model = make_buyer(), make_model()
    page = administrator.get(f"{LIST}create/?owner={owner.pk}").content.decode()
    assert owner.full_name in page
    response = administrator.post(f"{LIST}create/", form(owner=owner.pk, model=model.pk))
    device = Device.objects.get()
    assert response.url == f"{LIST}inspect/{device.pk}/"
    assert (device.owner, device.identifier) == (owner, "SN123-A")
    assert (device.sold_on, device.installed_on) == (date(2025, 9, 11), date(2025, 9, 23))
    assert Trace.objects.filter(verb="device.registered").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": "abc"}, "owner"),
        ({"owner": "987654"}, "owner"),
        ({"identifier": " "}, "identifier"),
        ({"installed_on": "1404/06/01"}, "installed_on"),
        ({"installed_on": "2025-09-23"}, "installed_on"),
        ({"warranty_ends_on": "1404/06/30"}, "warranty_ends_on"),
    ],
)
def test_what_is_wrong_is_said_on_its_field(administrator, wrong, field):
    data = form(owner=make_buyer().pk, model=make_model().pk) | wrong
    response = administrator.post(f"{LIST}create/", data)
    assert list(response.context["form"].errors) == [field]
    assert not Device.objects.exists()


def test_a_taken_identifier_is_refused(administrator):
    make_device(identifier="SN123-A")
    data = form(owner=make_buyer().pk, model=make_model().pk)
    response = administrator.post(f"{LIST}create/", data)
    assert list(response.context["form"].errors) == ["identifier"]
    assert Device.objects.count() == 1


def test_the_owner_cannot_be_edited(administrator):
    device, other = make_device(), make_buyer()
    url = f"{LIST}edit/{device.pk}/"
    assert "owner" not in administrator.get(url).context["form"].fields
    administrator.post(url, form(owner=other.pk, model=device.model_id))
    after = Device.objects.get()
    assert (after.owner, after.identifier) == (device.owner, "SN123-A")
    assert Trace.objects.filter(verb="device.changed").count() == 1


def test_a_device_of_the_old_fleet_is_put_into_service(administrator):
    device = make_device()
    url = f"{LIST}activate-legacy/{device.pk}/"
    data = {"starts_on": "۱۴۰۴/۱۱/۰۱", "ends_on": "۱۴۰۵/۱۰/۳۰", "legacy_reason": "فرم کاغذی"}
    assert administrator.post(url, data).url == f"{LIST}inspect/{device.pk}/"
    period = ServicePeriod.objects.get()
    assert (period.origin, period.legacy_reason, period.starts_on) == ("legacy", "فرم کاغذی", date(2026, 1, 21))
    assert Trace.objects.get(verb="service.legacy_activated").data["reason"] == "فرم کاغذی"
    assert url not in administrator.get(f"{LIST}inspect/{device.pk}/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"legacy_reason": ""}, "legacy_reason"),
        ({"ends_on": "1404/10/01"}, "ends_on"),
        ({"starts_on": "x"}, "starts_on"),
    ],
)
def test_activation_says_what_is_wrong(administrator, wrong, field):
    device = make_device()
    data = {"starts_on": "1404/11/01", "ends_on": "1405/10/30", "legacy_reason": "فرم کاغذی"} | wrong
    response = administrator.post(f"{LIST}activate-legacy/{device.pk}/", data)
    assert list(response.context["form"].errors) == [field]
    assert not ServicePeriod.objects.exists()


def test_a_device_in_service_is_not_activated_again(administrator):
    device = make_active_device()
    data = {"starts_on": "1410/01/01", "ends_on": "1410/10/30", "legacy_reason": "فرم کاغذی"}
    response = administrator.post(f"{LIST}activate-legacy/{device.pk}/", data)
    assert response.context["form"].non_field_errors()
    assert ServicePeriod.objects.count() == 1


def test_the_chooser_finds_one_buyer_among_many(administrator):
    buyers = [make_buyer() for _ in range(12)]
    wanted = make_buyer(last_name="شجاعی‌پور")
    first = administrator.get("/admin/buyer_chooser/").json()["html"]
    assert first.count("data-chooser-modal-choice") == 10
    for text in ("شجاعي پور", wanted.user.username, wanted.national_code, f"0{wanted.phone[3:]}"):
        found = administrator.get("/admin/buyer_chooser/results/", {"q": text}).content.decode()
        assert wanted.full_name in found
        assert found.count("data-chooser-modal-choice") == 1, text
    chosen = administrator.get(f"/admin/buyer_chooser/chosen/{wanted.pk}/").json()
    assert chosen["result"]["title"] == wanted.full_name
    assert buyers
