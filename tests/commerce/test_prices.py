"""The price of a day: dated prices, dated VAT, the plan of the model before that of its type; one query."""

from datetime import timedelta

import pytest

from commerce.models import PlanPrice, ServicePlan, VatRate
from commerce.queries import cheapest_renewals, renewal_quotes
from customer.models import Device
from kernel.jalali import tehran_today
from tests.factories.customer import make_expired_device

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def offer(years, *prices, **of):
    """A plan with (net_rial, days from today) prices."""
    plan = ServicePlan.objects.create(years=years, **of)
    for net_rial, begins_in in prices:
        PlanPrice.objects.create(plan=plan, net_rial=net_rial, valid_from=tehran_today() + begins_in * DAY)
    return plan


def read(device):
    return Device.objects.with_names().with_standing(tehran_today()).get(pk=device.pk)


def test_price_and_vat_of_the_day_hold():
    plan = offer(1, (100, -30), (200, -1), (900, 1), device_model=make_expired_device().model)
    assert [(row.net_rial, row.vat_basis_points) for row in ServicePlan.objects.priced(tehran_today())] == [(200, 0)]
    VatRate.objects.create(basis_points=900, valid_from=tehran_today() - DAY)
    VatRate.objects.create(basis_points=1000, valid_from=tehran_today())
    VatRate.objects.create(basis_points=1200, valid_from=tehran_today() + DAY)
    assert ServicePlan.objects.priced(tehran_today()).get(pk=plan.pk).vat_basis_points == 1000


def test_a_plan_without_a_price_is_left_out():
    offer(1, (100, 1), device_model=make_expired_device().model)
    assert not ServicePlan.objects.priced(tehran_today())


def test_cheapest_and_quotes_agree_at_one_query_each(django_assert_num_queries):
    VatRate.objects.create(basis_points=1000, valid_from=tehran_today() - DAY)
    device = read(make_expired_device())
    offer(1, (100_000, -1), device_type=device.model.device_type)
    offer(1, (300_000, -1), device_model=device.model)
    offer(2, (400_000, -1), device_type=device.model.device_type)
    offer(3, (50_000, -1), device_model=device.model).delete()
    with django_assert_num_queries(1):
        quotes = renewal_quotes(device, today=tehran_today())
    assert [(quote.years, quote.total_rial) for quote in quotes] == [(1, 330_000), (2, 440_000)]
    with django_assert_num_queries(1):
        assert cheapest_renewals([device, device], today=tehran_today()) == {device.pk: 330_000}
