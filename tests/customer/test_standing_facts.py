"""The facts about a device hold wherever a query mentions them: filtered, ordered, counted, within another query."""

from datetime import timedelta

import pytest
from django.db.models import Count, Q

from customer.models import Device
from kernel.jalali import tehran_today
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    buyer = make_buyer()
    make_active_device(owner=buyer, days_left=30)
    make_expired_device(owner=buyer, days_ago=3)
    make_device(owner=buyer)
    return buyer


def test_facts_can_be_filtered_ordered_and_counted(owner):
    today = tehran_today()
    devices = Device.objects.filter(owner=owner).with_standing(today)
    with_period = devices.filter(last_ends_on__isnull=False).order_by("-last_ends_on")
    assert [device.last_ends_on for device in with_period] == [today + timedelta(days=30), today - timedelta(days=3)]
    assert devices.filter(running_origin__isnull=False).count() == 1
    assert devices.aggregate(over=Count("pk", filter=Q(last_ends_on__lt=today))) == {"over": 1}


def test_facts_belong_to_their_own_device_within_another_query(owner):
    over = Device.objects.with_standing(tehran_today()).filter(last_ends_on__lt=tehran_today())
    found = Device.objects.filter(owner=owner, pk__in=over.values("pk")).with_standing(tehran_today())
    assert [device.standing.is_expired for device in found] == [True]


def test_standing_is_derived_once(owner):
    device = Device.objects.filter(owner=owner).with_standing(tehran_today()).first()
    assert device.standing is device.standing
