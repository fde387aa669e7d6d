"""`with_asking` says in SQL what `Payment.IN_DOUBT` says in Python."""

import pytest
from django.utils import timezone

from commerce.models import Order, Payment
from tests.factories.commerce import make_order, make_payment, make_plans
from tests.factories.customer import make_expired_device

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", Payment.Status.values)
def test_an_order_is_asked_about_exactly_while_a_payment_is_in_doubt(status):
    device = make_expired_device()
    make_plans(device.model)
    order = make_order(device)
    paid = {"paid_at": timezone.now(), "reference": "1"} if status == Payment.Status.PAID else {}
    make_payment(order, status=status, **paid)
    expected = status in Payment.IN_DOUBT
    assert [row.is_asking for row in Order.objects.with_asking()] == [expected]
    assert Order.objects.with_asking().filter(is_asking=True).exists() == expected
