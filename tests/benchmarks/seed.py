"""`python -m tests.benchmarks.seed --buyers N --devices M`: the demo, its crowd, and what the crowd leaves out.

On top of `load_demo --buyers --devices` every device gets an order of the past and every buyer more messages; two
buyers get much more of everything. Prints the keys of the benchmark's visitors as JSON.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import django

from tests.benchmarks import content, tickets_seed
from tests.benchmarks.sessions import session_of
from tests.benchmarks.visitors import Visitor, Visitors

if TYPE_CHECKING:
    from commerce.models import ServicePlan
    from customer.models import Buyer, Device, DeviceModel

CROWD = 25
CLINIC_DEVICES = 30
MESSAGES_EACH = 6

PAST_ORDERS = """
INSERT INTO commerce_order (number, buyer_id, kind, status, device_id, plan_id, years, net_rial, vat_rial, total_rial,
                            created_at, expires_at)
SELECT '1404-' || lpad((100000 + d.id)::text, 7, '0'), d.owner_id, 'renewal', 'expired', d.id, p.id, p.years,
       48000000, 4800000, 52800000, now() - interval '90 days' - d.id * interval '1 second', now() - interval '89 days'
FROM customer_device d JOIN LATERAL (SELECT id, years FROM commerce_serviceplan ORDER BY id LIMIT 1) p ON true
"""
PAST_LINES = """
INSERT INTO commerce_orderline (order_id, title, quantity, unit_rial, net_rial)
SELECT id, 'قرارداد خدمات یک‌ساله', 1, net_rial, net_rial FROM commerce_order o
WHERE NOT EXISTS (SELECT FROM commerce_orderline WHERE order_id = o.id)
"""
PAST_PAYMENTS = """
INSERT INTO commerce_payment (id, order_id, gateway, status, amount_rial, authority, redirect_url, card_masked,
                              card_hash, result_code, result_reason, raw_reply, was_uncertain, checks, created_at)
SELECT gen_random_uuid(), id, 'zarinpal', 'failed', total_rial, 'A' || lpad(id::text, 35, '0'), '', '', '', '-51', '',
       '{}', false, 1, created_at FROM commerce_order
"""
MORE_MESSAGES = """
INSERT INTO customer_inboxitem (buyer_id, kind, title, body, url, dedupe_key, must_acknowledge, created_at, read_at)
SELECT b.id, 'general', 'یادآوری شمارهٔ ' || n, 'متن کوتاه یک پیام برای خریدار.', '', 'bench:' || n, false,
       now() - n * interval '1 day', CASE WHEN n > 2 THEN now() END
FROM customer_buyer b CROSS JOIN generate_series(1, %s) n WHERE b.id = %s OR %s = 0
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buyers", type=int, required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--fleet", type=int, required=True, help="devices of the buyer who pays")
    parser.add_argument("--tickets", type=int, default=0, help="tickets besides those of the demo")
    options = parser.parse_args()
    django.setup()
    found = seed(buyers=options.buyers, devices=options.devices, fleet=options.fleet, tickets=options.tickets)
    print(found.to_json())


def seed(*, buyers: int, devices: int, fleet: int, tickets: int) -> Visitors:
    from django.db import connection
    from django.utils import timezone

    from customer.models import Buyer, User
    from portal.demo import load
    from portal.demo_crowd import make_crowd

    now = timezone.now()
    load(now)
    make_crowd(buyers=buyers, devices=devices, now=now)
    clinic, big = Buyer.objects.get(user__username="sara"), Buyer.objects.get(user__username="reza")
    many, several = _devices(big, fleet, now), _devices(clinic, CLINIC_DEVICES, now)
    with connection.cursor() as cursor:
        cursor.execute(PAST_ORDERS)
        cursor.execute(PAST_PAYMENTS)
        cursor.execute(MORE_MESSAGES, [MESSAGES_EACH, 0, 0])
        cursor.execute(MORE_MESSAGES.replace("bench:", "clinic:"), [CLINIC_DEVICES, clinic.pk, 1])
    open_orders = _open_orders(many, now)
    with connection.cursor() as cursor:
        cursor.execute(PAST_LINES)
    content.write(copies=max(10, devices // 10))
    agent = User.objects.get(username="support")
    if tickets:
        tickets_seed.write(tickets=tickets, fleet_id=big.pk)
        tickets_seed.lengthen(_ticket_of(several[0].pk), agent=agent, now=now)
    step = max(1, buyers // CROWD)
    names = [f"crowd{n}" for n in range(1, buyers + 1, step)][:CROWD]
    return Visitors(
        clinic=replace(_visitor(clinic.user, device=several[0].pk), covered=several[1].pk),
        fleet=_visitor(big.user),
        staff=Visitor(username="admin", session=session_of(User.objects.get(username="admin"))),
        agent=Visitor(username=agent.username, session=session_of(agent)),
        crowd=[_visitor(user) for user in User.objects.filter(username__in=names)],
        open_orders=open_orders,
    )


def _devices(owner: Buyer, count: int, now: datetime) -> list[Device]:
    """Devices in every standing, as the crowd's are."""
    from customer.models import Device, DeviceModel, Ownership, ServicePeriod
    from portal.demo_crowd import ENDINGS

    today = now.date()
    models: list[DeviceModel] = list(DeviceModel.objects.all())
    devices = Device.objects.bulk_create(
        Device(
            owner=owner,
            model=models[n % len(models)],
            identifier_kind=Device.IdentifierKind.SERIAL,
            identifier=f"BM-{owner.pk}-{n:04d}",
            sold_on=today - timedelta(days=410),
            installed_on=today - timedelta(days=400),
        )
        for n in range(count)
    )
    Ownership.objects.bulk_create(Ownership(device=one, owner=owner, began_at=now) for one in devices)
    spans = [(device, _ends_on(ENDINGS[n % len(ENDINGS)], today)) for n, device in enumerate(devices, start=1)]
    ServicePeriod.objects.bulk_create(
        ServicePeriod(
            device=device,
            starts_on=ends_on - timedelta(days=364),
            ends_on=ends_on,
            origin=ServicePeriod.Origin.LEGACY,
            legacy_reason="ناوگان قدیم",
        )
        for device, ends_on in spans
        if ends_on
    )
    return devices


def _ends_on(left: int | None, today: date) -> date | None:
    return None if left is None else today + timedelta(days=left)


def _open_orders(devices: list[Device], now: datetime) -> list[str]:
    """One order waiting for its payment for each device; their numbers."""
    from commerce.models import Order, ServicePlan

    plan: ServicePlan = ServicePlan.objects.order_by("pk")[0]
    orders = Order.objects.bulk_create(
        Order(
            number=f"1405-9{n:05d}",
            buyer_id=device.owner_id,
            kind=Order.Kind.RENEWAL,
            device=device,
            plan=plan,
            years=plan.years,
            net_rial=48_000_000,
            vat_rial=4_800_000,
            total_rial=52_800_000,
            created_at=now,
            expires_at=now + timedelta(hours=20),
        )
        for n, device in enumerate(devices)
    )
    return [order.number for order in orders]


def _visitor(user: object, *, device: int = 0) -> Visitor:
    from knox.models import AuthToken

    from commerce.models import Order
    from customer.models import Device

    device = device or Device.objects.filter(owner__user=user).values_list("pk", flat=True)[0]
    order = Order.objects.filter(device=device).values_list("number", flat=True)[0]
    token = AuthToken.objects.create(user)[1]
    return Visitor(
        username=user.username,
        session=session_of(user),
        token=token,
        device=device,
        order=order,
        ticket=_ticket_of(device),
    )


def _ticket_of(device: int) -> str:
    """The newest ticket of a device, if it has one."""
    from support.models import Ticket

    return Ticket.objects.filter(device=device).order_by("-pk").values_list("number", flat=True).first() or ""


if __name__ == "__main__":
    main()
