"""What the desk promises is kept, but never longer than it holds."""

from datetime import time

import pytest
from django.core.cache import cache
from django.db import transaction

from support.models import Holiday, SlaPolicy, WorkingHours
from support.services.promises import KEY, USUAL, promises

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_entered():
    for model in (WorkingHours, Holiday, SlaPolicy):
        for row in model.objects.all():
            row.delete()


def policy(importance, mode="", minutes=60):
    return SlaPolicy.objects.create(
        importance=importance, mode=mode, first_answer_minutes=minutes, resolution_minutes=10 * minutes
    )


def test_a_policy_of_the_mode_comes_before_the_one_of_every_mode():
    policy("high", minutes=30)
    policy("high", mode="contract", minutes=20)
    known = promises()
    assert [known.of("high", mode).answer_minutes for mode in ("contract", "pay_per_case")] == [20, 30]
    assert known.of("low", "contract") == USUAL


def test_what_is_kept_costs_no_query(django_assert_num_queries):
    promises()
    with django_assert_num_queries(0):
        promises()


def test_a_change_holds_at_once():
    assert promises().of("high", "contract") == USUAL
    made = policy("high", minutes=30)
    assert promises().of("high", "contract").answer_minutes == 30
    made.first_answer_minutes = 15
    made.save()
    assert promises().of("high", "contract").answer_minutes == 15
    made.delete()
    assert promises().of("high", "contract") == USUAL
    hours = WorkingHours.objects.create(weekday=0, opens_at=time(8), closes_at=time(12))
    assert promises().calendar.hours == {0: [(time(8), time(12))]}
    hours.delete()
    Holiday.objects.create(day="2026-03-21", title="نوروز")
    assert [str(day) for day in promises().calendar.holidays] == ["2026-03-21"]


@pytest.mark.django_db(transaction=True)
def test_what_somebody_kept_before_the_change_was_committed_does_not_stay():
    before = promises()
    with transaction.atomic():
        Holiday.objects.create(day="2026-03-21", title="نوروز")
        cache.set(KEY, before)  # by a reader who cannot see the change yet
    assert promises().calendar.holidays
    Holiday.objects.all().delete()
