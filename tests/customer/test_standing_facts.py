"""The facts about a device hold wherever a query mentions them: filtered, ordered, counted, within another query."""

from datetime import timedelta

import pytest
from django.db.models import Count, Q
from django.utils import timezone

from customer.models import Device, ServiceChoice
from customer.rules import ServiceMode
from kernel.jalali import tehran_today
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device, make_period

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


def choose(device, *, days_ago):
    at = timezone.now() - timedelta(days=days_ago)
    ServiceChoice.objects.create(
        device=device,
        buyer=device.owner,
        choice="withdraw",
        made_on=tehran_today(at),
        made_at=at,
        made_by=device.owner.user,
    )


def test_urgency_follows_the_standing():
    buyer, today = make_buyer(), tehran_today()
    decided, decided_too_early = make_expired_device(owner=buyer, days_ago=9), make_expired_device(owner=buyer)
    choose(decided, days_ago=3)
    choose(decided_too_early, days_ago=60)
    later = make_device(owner=buyer)
    make_period(later, today + timedelta(days=5), today + timedelta(days=300))
    wanted = [
        (0, decided_too_early),
        (0, make_expired_device(owner=buyer, days_ago=2)),
        (1, make_active_device(owner=buyer, days_left=0)),
        (1, make_active_device(owner=buyer, days_left=30)),
        (2, later),
        (2, make_device(owner=buyer)),
        (3, decided),
    ]
    found = list(Device.objects.visible_to(buyer.user).with_standing(today).by_urgency())
    assert [row.urgency for row in found] == [urgency for urgency, _ in wanted]
    assert {row.pk for row in found[4:6]} == {later.pk, wanted[5][1].pk}  # where nothing ends, databases differ
    assert [row.pk for row in found[:4] + found[6:]] == [row.pk for _, row in wanted[:4] + wanted[6:]]
    undecided = {row.pk for row in found if row.standing.is_expired and row.standing.mode == ServiceMode.UNDECIDED}
    assert undecided == {row.pk for row in found if row.urgency == 0}
