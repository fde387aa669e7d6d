"""From the wish to an order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from commerce.models import Order, PlanPrice
from commerce.queries import cheapest_renewals, renewal_quotes
from commerce.services.order import cancel_order, expire_orders
from commerce.services.renewal import request_renewal
from customer.models import Device, ServiceChoice
from integrations.models import OutboxMessage
from kernel.jalali import tehran_today
from kernel.refused import Refused
from tests.factories.commerce import actor_of, make_order, make_payment, make_plan, make_plans, make_vat
from tests.factories.customer import make_buyer, make_device, make_expired_device

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def device():
    device = make_expired_device()
    make_vat()
    make_plans(device.model)
    return device


def renew(device, *, years=2, expected=None, buyer=None):
    return request_renewal(
        buyer=buyer or device.owner,
        device_id=device.pk,
        years=years,
        expected_total_rial=expected,
        actor=actor_of(device),
        now=timezone.now(),
    )


def standing(device):
    return Device.objects.with_names().with_standing(tehran_today()).get(pk=device.pk)


def test_order_freezes_price_vat_and_line(device):
    order = renew(device)

    assert (order.net_rial, order.vat_rial, order.total_rial) == (90_000_000, 9_000_000, 99_000_000)
    assert order.lines.get().net_rial == 90_000_000
    assert ServiceChoice.objects.get().years == 2
    assert OutboxMessage.objects.get().dedupe_key == f"crm.order:{order.number}:open"


def test_asking_again_gives_the_same_open_order(device):
    assert renew(device) == renew(device)
    assert Order.objects.count() == ServiceChoice.objects.count() == 1


def test_another_term_replaces_the_open_order(device):
    first, second = renew(device, years=1), renew(device, years=3)
    first.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "open")


def test_price_that_changed_meanwhile_is_shown_again(device):
    with pytest.raises(Refused) as refused:
        renew(device, expected=98_000_000)
    assert refused.value.code == "renewal.price_changed"
    assert "۹٬۹۰۰٬۰۰۰" in refused.value.message
    assert not Order.objects.exists()


def test_a_new_price_replaces_an_open_order_at_the_old_price(device):
    old = renew(device)
    PlanPrice.objects.create(plan=old.plan, net_rial=95_000_000, valid_from=tehran_today())
    new = renew(device)
    old.refresh_from_db()
    assert (old.status, new.total_rial) == ("cancelled", 104_500_000)


@pytest.mark.parametrize("status", ["verifying", "unknown"])
def test_nothing_replaces_an_order_whose_payment_is_in_doubt(device, status):
    order = renew(device)
    make_payment(order, status=status)
    for act in (
        lambda: renew(device, years=1),
        lambda: cancel_order(buyer=device.owner, number=order.number, actor=actor_of(device), now=timezone.now()),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "payment.in_doubt"
    assert Order.objects.get().status == "open"


def test_device_awaiting_sign_off_cannot_renew():
    device = make_device()
    make_plans(device.model)
    with pytest.raises(Refused) as refused:
        renew(device)
    assert refused.value.code == "service.awaiting_sign_off"


def test_term_without_a_price_is_not_offered():
    device = make_expired_device()
    make_plan(device.model, years=1, valid_from=tehran_today() + timedelta(days=1))
    with pytest.raises(Refused) as refused:
        renew(device, years=1)
    assert refused.value.code == "renewal.not_offered"


def test_foreign_device_does_not_exist(device):
    with pytest.raises(Device.DoesNotExist):
        renew(device, buyer=make_buyer())


def test_price_of_the_day_and_model_before_type(device):
    plan = device.model.plans.get(years=1)
    plan.device_model, plan.device_type = None, device.model.device_type
    plan.save()
    own = make_plan(device.model, years=1, net_rial=50_000_000)
    PlanPrice.objects.create(plan=own, net_rial=60_000_000, valid_from=tehran_today() + timedelta(days=1))

    quotes = renewal_quotes(standing(device), today=tehran_today())
    assert [(q.years, q.net_rial) for q in quotes] == [(1, 50_000_000), (2, 90_000_000), (3, 129_000_000)]
    assert cheapest_renewals([standing(device)], today=tehran_today()) == {device.pk: 55_000_000}


def test_lapsed_orders_expire_unless_money_is_under_way(device):
    order, busy = renew(device), make_expired_device()
    make_plans(busy.model)
    waiting = make_order(busy)
    make_payment(waiting, status="redirected")

    assert expire_orders(now=timezone.now() + timedelta(days=2)) == 1
    order.refresh_from_db()
    waiting.refresh_from_db()
    assert (order.status, waiting.status) == ("expired", "open")


def test_cancelled_once(device):
    order = renew(device)
    cancel_order(buyer=device.owner, number=order.number, actor=actor_of(device), now=timezone.now())
    with pytest.raises(Refused) as refused:
        cancel_order(buyer=device.owner, number=order.number, actor=actor_of(device), now=timezone.now())
    assert refused.value.code == "order.not_open"
