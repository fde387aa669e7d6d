"""The annotated query says what the rule says, at a constant number of queries."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customer.models import Device, ServiceChoice
from customer.rules import ServiceMode, ServiceStatus
from kernel.jalali import tehran_today
from tests.factories.customer import (
    make_active_device,
    make_buyer,
    make_device,
    make_expired_device,
    make_period,
)

pytestmark = pytest.mark.django_db


def choose(device, choice, *, buyer=None, days_ago=0):
    at = timezone.now() - timedelta(days=days_ago)
    ServiceChoice.objects.create(
        device=device,
        buyer=buyer or device.owner,
        choice=choice,
        made_on=tehran_today(at),
        made_at=at,
        made_by=device.owner.user,
    )


def standing(device):
    return Device.objects.with_standing(tehran_today()).get(pk=device.pk).standing


def test_standing_of_each_kind_of_device():
    assert standing(make_device()).status == ServiceStatus.AWAITING_SIGN_OFF
    assert standing(make_active_device(days_left=30)).days_left == 30
    assert standing(make_expired_device()).status == ServiceStatus.EXPIRED
    renewed = make_expired_device(days_ago=10)
    make_period(renewed, tehran_today() - timedelta(days=9), tehran_today() + timedelta(days=300), "renewal")
    assert standing(renewed).status == ServiceStatus.RENEWED


def test_mode_follows_the_last_choice():
    device = make_expired_device(days_ago=20)
    choose(device, "pay_per_case", days_ago=10)
    assert standing(device).mode == ServiceMode.PAY_PER_CASE
    choose(device, "withdraw", days_ago=5)
    assert standing(device).mode == ServiceMode.WITHDRAWN


def test_a_former_owners_choice_does_not_bind_the_new_one():
    device = make_expired_device(days_ago=20)
    choose(device, "withdraw", days_ago=10)
    device.owner = make_buyer()
    device.save()

    assert standing(device).mode == ServiceMode.UNDECIDED


@pytest.mark.parametrize("status", ServiceStatus.values)
def test_filter_by_status_agrees_with_the_rule(status):
    make_device()
    make_active_device()
    make_expired_device()
    renewed = make_expired_device(days_ago=10)
    make_period(renewed, tehran_today() - timedelta(days=9), tehran_today() + timedelta(days=300), "renewal")
    today = tehran_today()

    found = {d.pk for d in Device.objects.in_status(status, today)}
    expected = {d.pk for d in Device.objects.with_standing(today) if d.standing.status == status}
    assert found == expected
    assert len(found) == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_one_query(rows, django_assert_num_queries):
    buyer = make_buyer()
    for _ in range(rows):
        make_expired_device(buyer)
    with django_assert_num_queries(1):
        devices = list(Device.objects.visible_to(buyer.user).with_names().with_standing(tehran_today()))
        assert [d.standing.status for d in devices] == [ServiceStatus.EXPIRED] * rows
        assert [str(d.model) for d in devices]


def test_standing_without_the_annotation_is_a_bug():
    with pytest.raises(AttributeError):
        _ = make_device().standing
