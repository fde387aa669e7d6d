"""The dashboard: what needs doing comes first, at a price that does not grow."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commerce.models import Order
from customer.models import InboxItem
from customer.services.inbox import Message, tell
from customer.services.service import choose_mode
from portal.dashboard import overview_of
from tests.factories.commerce import actor_of, make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device, make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


def see(buyer):
    return overview_of(buyer.user, now=timezone.now())


def devices(tops) -> list[int]:
    return [top.device.pk for top in tops]


def make_item(buyer, number: int = 0, *, must_acknowledge: bool = False, read: bool = False) -> InboxItem:
    key = f"test:{number}:{must_acknowledge}"
    message = Message(
        kind=InboxItem.Kind.LEGAL, title=f"خبر {number}", body="", dedupe_key=key, must_acknowledge=must_acknowledge
    )
    tell(buyer.pk, message, now=timezone.now())
    item = InboxItem.objects.get(buyer=buyer, dedupe_key=key)
    if read:
        InboxItem.objects.filter(pk=item.pk).update(read_at=timezone.now())
    return item


def test_new_buyer_is_told_what_will_come(client, buyer):
    content = client.get("/dashboard/").content.decode()
    assert "هنوز دستگاهی به نام شما ثبت نشده است" in content
    assert "پیام تازه‌ای ندارید" in content
    assert not see(buyer).something_waits


def test_device_that_waits_for_a_choice_comes_first_with_its_price(client, buyer):
    make_vat(1000)
    model = make_model()
    make_plans(model, 48_000_000, 90_000_000)
    active = make_active_device(buyer)
    over = make_expired_device(buyer, model=model)
    overview = see(buyer)
    assert (devices(overview.undecided), devices(overview.devices)) == ([over.pk], [active.pk])
    assert overview.undecided[0].from_rial == 52_800_000
    assert "تمدید از ۵٬۲۸۰٬۰۰۰ تومان" in client.get("/dashboard/").content.decode()


def test_decided_device_does_not_wait(buyer):
    device = make_expired_device(buyer)
    choose_mode(buyer=buyer, device_id=device.pk, choice="withdraw", actor=actor_of(device), now=timezone.now())
    overview = see(buyer)
    assert (overview.undecided, devices(overview.devices)) == ([], [device.pk])


def test_large_fleet_shows_the_most_urgent_and_the_way_to_the_rest(client, buyer):
    for _ in range(5):
        make_expired_device(buyer)
    for _ in range(5):
        make_active_device(buyer)
    overview = see(buyer)
    assert (len(overview.undecided), overview.more_undecided, len(overview.devices)) == (3, True, 1)
    content = client.get("/dashboard/").content.decode()
    assert "خدمات دستگاه‌های دیگری هم پایان یافته است" in content
    assert 'href="/devices/?status=expired"' in content


def test_open_order_waits_for_payment(client, buyer):
    device = make_expired_device(buyer)
    make_plans(device.model)
    order = make_order(device)
    assert [o.is_asking for o in see(buyer).orders] == [False]
    content = client.get("/dashboard/").content.decode()
    assert f'href="/orders/{order.number}/"' in content
    assert "منتظر پرداخت است" in content


@pytest.mark.parametrize("status", ["unknown", "verifying"])
def test_payment_in_doubt_asks_not_to_pay_again(client, buyer, status):
    device = make_expired_device(buyer)
    make_plans(device.model)
    make_payment(make_order(device), status=status)
    Order.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert [o.is_asking for o in see(buyer).orders] == [True]
    assert "لطفاً دوباره پرداخت نکنید" in client.get("/dashboard/").content.decode()


def test_lapsed_cancelled_and_foreign_orders_do_not_wait(buyer):
    mine, other = make_expired_device(buyer), make_expired_device()
    make_plans(mine.model)
    make_plans(other.model)
    make_order(mine)
    Order.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    make_order(other)
    assert see(buyer).orders == []


def test_messages_to_be_confirmed_wait_even_when_read(buyer):
    legal = make_item(buyer, 1, must_acknowledge=True, read=True)
    plain, _read, _foreign = make_item(buyer, 2), make_item(buyer, 3, read=True), make_item(make_buyer(), 4)
    overview = see(buyer)
    assert overview.must_acknowledge == [legal]
    assert overview.messages == [plain]
    assert overview.unread_count == 1


def test_foreign_devices_do_not_show(client, buyer):
    other = make_expired_device()
    assert other.identifier not in client.get("/dashboard/").content.decode()


def fill(buyer, count: int) -> None:
    """One of everything that the dashboard can show, `count` times."""
    model = make_model()
    make_plans(model)
    for number in range(count):
        make_payment(make_order(make_expired_device(buyer, model=model)), status="unknown")
        make_active_device(buyer, model=model)
        make_device(buyer, model=model)
        make_item(buyer, number)
        make_item(buyer, number, must_acknowledge=True)


def test_costs_at_most_eight_queries_whatever_the_fleet(client):
    make_vat()
    counts = []
    for size in (1, 3, 30):
        buyer = make_buyer()
        fill(buyer, size)
        client.force_login(buyer.user)
        client.get("/dashboard/")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/dashboard/").status_code == 200
        counts.append(len(captured))
    assert len(set(counts)) == 1
    assert counts[0] <= 8
