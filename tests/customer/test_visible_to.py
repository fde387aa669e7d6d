"""What a person sees is found by the buyer behind the sign-in, at no cost beyond the rows themselves."""

import pytest
from django.contrib.auth.models import AnonymousUser

from commerce.models import LedgerEntry, Order, Payment
from customer.models import CorrectionRequest, Device, InboxItem, ServiceChoice
from tests.factories.customer import make_buyer, make_device, make_staff

pytestmark = pytest.mark.django_db
MODELS = [Device, Order, Payment, LedgerEntry, InboxItem, CorrectionRequest, ServiceChoice]


@pytest.mark.parametrize("model", MODELS)
def test_visitors_and_staff_see_nothing(model, django_assert_num_queries):
    staff = make_staff()
    staff.as_buyer  # noqa: B018 - read once, as the middleware does
    with django_assert_num_queries(0):
        assert not model.objects.visible_to(AnonymousUser())
        assert not model.objects.visible_to(staff)


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_found_without_the_tables_of_people(model, django_assert_num_queries):
    user = make_buyer().user
    with django_assert_num_queries(1) as asked:
        assert list(model.objects.visible_to(user)) == []
    sql = asked.captured_queries[0]["sql"]
    assert "customer_buyer" not in sql
    assert "customer_user" not in sql


def test_a_buyer_sees_his_own(django_assert_num_queries):
    mine, _foreign = make_device(), make_device()
    assert list(Device.objects.visible_to(mine.owner.user)) == [mine]
