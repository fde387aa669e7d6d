"""Makers of prices, orders and payments, through the verbs where there is one."""

from __future__ import annotations

from datetime import date
from itertools import count

from django.utils import timezone

from commerce.models import Order, Payment, PlanPrice, ServicePlan, VatRate
from commerce.services.renewal import request_renewal
from customer.models import Device, DeviceModel
from kernel.actor import Actor

_serial = count(1)
LONG_AGO = date(2020, 3, 20)


def make_vat(basis_points: int = 1000, valid_from: date = LONG_AGO) -> VatRate:
    return VatRate.objects.create(basis_points=basis_points, valid_from=valid_from)


def make_plan(model: DeviceModel, *, years: int = 1, net_rial: int = 48_000_000, valid_from: date = LONG_AGO):
    plan = ServicePlan.objects.create(device_model=model, years=years)
    PlanPrice.objects.create(plan=plan, net_rial=net_rial, valid_from=valid_from)
    return plan


def make_plans(model: DeviceModel, *prices_rial: int) -> list[ServicePlan]:
    """Plans of 1, 2, 3 years at these net prices."""
    prices = prices_rial or (48_000_000, 90_000_000, 129_000_000)
    return [make_plan(model, years=years, net_rial=net) for years, net in enumerate(prices, start=1)]


def actor_of(device: Device) -> Actor:
    return Actor(user_id=device.owner.user_id, ip="192.0.2.1", agent="tests")


def make_order(device: Device, *, years: int = 2, now=None) -> Order:
    """An open renewal of a device whose model has plans."""
    return request_renewal(
        buyer=device.owner,
        device_id=device.pk,
        years=years,
        expected_total_rial=None,
        actor=actor_of(device),
        now=now or timezone.now(),
    )


def make_payment(order: Order, *, status: str = Payment.Status.REDIRECTED, now=None, **values) -> Payment:
    """A payment that has been sent to the bank."""
    now = now or timezone.now()
    n = next(_serial)
    values = {
        "gateway": "zarinpal",
        "amount_rial": order.total_rial,
        "authority": f"A9{n:034d}",
        "created_at": now,
        "redirected_at": now,
        "next_check_at": now,
    } | values
    return Payment.objects.create(order=order, status=status, **values)
