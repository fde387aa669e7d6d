"""What commerce has to say, and to do, when a device changes hands."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from commerce.models import Order, Payment
from commerce.services.order import close_order
from customer.models import Device
from customer.services.transfer import Blocker
from kernel.actor import Actor


def blockers(device: Device) -> list[Blocker]:
    """Money under way blocks; an order that merely waits is dropped with the transfer."""
    orders = Order.objects.filter(device=device, status=Order.Status.OPEN)
    if Payment.objects.filter(order__in=orders).in_doubt().exists():
        message = _("The bank is being asked about a payment for this device.")
        return [Blocker(code="payment_in_doubt", policy="blocks", message=message)]
    if orders.exists():
        message = _("An unpaid order of this device will be cancelled.")
        return [Blocker(code="open_order", policy="warns", message=message)]
    return []


def drop_open_orders(device: Device, *, actor: Actor, now: datetime) -> None:
    """Step of the executing transaction: the old owner's open orders of the (locked) device are cancelled."""
    for order in Order.objects.select_for_update().filter(device=device, status=Order.Status.OPEN):
        close_order(order, to=Order.Status.CANCELLED, actor=actor, now=now)
