"""Counts in one query whose SQL is kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customer.models import User
from kernel.counting import KeptCounts
from tests.factories.customer import make_staff

pytestmark = pytest.mark.django_db


def _of(person_id, now):
    return {
        "self": (User.objects.filter(pk=person_id), 5),
        "recent": (User.objects.filter(date_joined__gt=now), 5),
        "all": (User.objects.order_by("username"), 1),
    }


def test_each_person_and_moment_has_its_own_counts(django_assert_num_queries):
    now = timezone.now()
    User.objects.all().update(date_joined=now - timedelta(days=9))
    first, second = make_staff(), make_staff()
    User.objects.filter(pk=first.pk).update(date_joined=now - timedelta(hours=2))
    User.objects.filter(pk=second.pk).update(date_joined=now)
    counts = KeptCounts(_of)
    with django_assert_num_queries(1):
        assert counts.of(first.pk, now - timedelta(hours=1)) == {"self": 1, "recent": 1, "all": 2}
    assert counts.of(second.pk, now - timedelta(hours=3)) == {"self": 1, "recent": 2, "all": 2}
    assert counts.of(0, now) == {"self": 0, "recent": 0, "all": 2}


def test_the_sql_is_put_together_once():
    asked = []

    def build(person_id, now):
        asked.append(person_id)
        return _of(person_id, now)

    counts = KeptCounts(build)
    for person_id in (1, 2, 3):
        counts.of(person_id, timezone.now())
    assert len(asked) == 1
