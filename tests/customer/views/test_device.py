"""The pages of the devices: whose, what they say, and what they cost."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from customer.models import Brand, Device, DeviceType
from customer.rules import ServiceMode
from customer.services.service import choose_mode
from tests.factories.commerce import actor_of
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device, make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer():
    return make_buyer()


@pytest.fixture
def look(client, buyer):
    """Opens an address as the buyer; returns the response."""
    client.force_login(buyer.user)
    return client.get


def names(response) -> list[str]:
    return [device.identifier for device in response.context["page_obj"]]


def test_list_shows_own_devices_and_no_others(look, buyer):
    mine, other = make_active_device(buyer), make_active_device()
    response = look(reverse("device_list"))
    assert names(response) == [mine.identifier]
    assert other.identifier not in response.content.decode()


def test_list_puts_what_is_urgent_first(look, buyer):
    long = make_active_device(buyer, days_left=200)
    soon = make_active_device(buyer, days_left=3)
    waiting = make_device(buyer)
    decided = make_expired_device(buyer)
    choose_mode(buyer=buyer, device_id=decided.pk, choice="pay_per_case", actor=actor_of(decided), now=timezone.now())
    over = make_expired_device(buyer)
    order = [over, soon, long, waiting, decided]
    assert names(look(reverse("device_list"))) == [device.identifier for device in order]


@pytest.mark.parametrize("query", ["", "?status=active", "?status=active&page=1", "?status=", "?q=&status=expired"])
def test_list_of_all_is_one_link_away(look, buyer, query):
    both = {make_active_device(buyer).identifier, make_expired_device(buyer).identifier}
    content = look(f"/devices/{query}").content.decode()
    [link] = re.findall(r'<a class="filter" href="([^"]*)"(?: aria-current="true")?>همه</a>', content)
    assert link.startswith("/devices/")
    assert "status" not in link
    assert set(names(look(unescape(link)))) == both


@pytest.mark.parametrize("status", ["active", "expired", "renewed", "awaiting_sign_off"])
def test_list_narrowed_by_status(look, buyer, status):
    devices = {
        "active": make_active_device(buyer),
        "expired": make_expired_device(buyer),
        "awaiting_sign_off": make_device(buyer),
    }
    expected = [devices[status].identifier] if status in devices else []
    assert names(look(f"/devices/?status={status}")) == expected


def test_list_with_unknown_status_shows_all(look, buyer):
    make_active_device(buyer)
    assert len(names(look("/devices/?status=sold&page=nonsense"))) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("m4-۲۲۸", True),
        ("٢٢٨٧١", True),
        ("كاوش", True),
        ("کاوش‌گر فرز", True),
        ("کاوشگر m4", True),
        ("فرز ۲۲۸۷۱", True),
        ("کوره", False),
        ("22872", False),
    ],
)
def test_search_forgives_spelling(look, buyer, words, found):
    brand = Brand.objects.create(name="کاوش‌گر")
    kind = DeviceType.objects.create(name="فرز پنج‌محوره", slug="mill")
    make_device(buyer, model=make_model(brand=brand, device_type=kind, name="M4"), identifier="M4-22871")
    assert bool(names(look(reverse("device_list") + f"?q={words}"))) is found


def test_empty_list_says_what_will_come(look):
    assert escape("هنوز دستگاهی به نام شما ثبت نشده است") in look("/devices/").content.decode()


def test_empty_search_leads_back_to_all(look, buyer):
    make_device(buyer)
    content = look("/devices/?q=nothing").content.decode()
    assert "دستگاهی پیدا نشد" in content
    assert 'href="/devices/"' in content


@pytest.mark.parametrize("count", [1, 3, 30])
def test_list_costs_the_same_however_long(look, buyer, count, django_assert_num_queries: DjangoAssertNumQueries):
    for _ in range(count):
        make_active_device(buyer)
    look("/devices/")
    with django_assert_num_queries(4):  # session, user, page with its count, unread messages
        look("/devices/")


def test_detail_shows_facts_and_history(look, buyer):
    device = make_active_device(buyer, identifier_kind="dongle", identifier="7F-0193-AC")
    response = look(reverse("device_detail", args=[device.pk]))
    content = response.content.decode()
    assert '<bdi dir="ltr" class="code">7F-0193-AC</bdi>' in content
    assert "دانگل" in content
    assert "فعال" in content
    assert "۲۱۴ روز مانده" in content
    assert [event.kind for event in response.context["events"]] == ["period_legacy", "installed"]


@pytest.mark.parametrize(
    ("choice", "mode"), [("pay_per_case", ServiceMode.PAY_PER_CASE), ("withdraw", ServiceMode.WITHDRAWN)]
)
def test_detail_of_expired_device_names_status_and_mode(look, buyer, choice, mode):
    device = make_expired_device(buyer)
    choose_mode(buyer=buyer, device_id=device.pk, choice=choice, actor=actor_of(device), now=timezone.now())
    content = look(reverse("device_detail", args=[device.pk])).content.decode()
    assert "منقضی شده" in content
    assert f'<span class="pill">{mode.label}</span>' in content


def test_detail_leads_to_the_choices(look, buyer):
    device = make_expired_device(buyer)
    assert f'href="/devices/{device.pk}/service/"' in look(reverse("device_detail", args=[device.pk])).content.decode()


def test_detail_of_device_without_service_offers_none(look, buyer):
    device = make_device(buyer)
    content = look(reverse("device_detail", args=[device.pk])).content.decode()
    assert "منتظر تأیید نصب" in content
    assert f'href="/devices/{device.pk}/service/"' not in content


def test_detail_of_foreign_or_invented_device_is_404(look):
    assert look(reverse("device_detail", args=[make_device().pk])).status_code == 404
    assert look(reverse("device_detail", args=[10**30])).status_code == 404


def test_name_of_a_model_is_escaped(look, buyer):
    device = make_device(buyer, model=make_model(name="<script>alert(1)</script>"))
    for path in ("/devices/", f"/devices/{device.pk}/"):
        assert "<script>alert" not in look(path).content.decode()


def test_devices_belong_to_today_s_owner(look, buyer):
    device = make_active_device(buyer)
    Device.objects.filter(pk=device.pk).update(owner=make_buyer())
    assert names(look("/devices/")) == []
