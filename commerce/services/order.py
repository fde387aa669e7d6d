"""Closing orders that nobody pays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from commerce.models import Order
from customer.models import Buyer
from customer.services import trace
from integrations import outbox
from kernel.actor import SYSTEM, Actor
from kernel.refused import Refused


def crm_message(order: Order) -> outbox.Outgoing:
    """What tells the CRM of the order's state; one message per state."""
    return outbox.Outgoing(
        topic="crm.order",
        dedupe_key=f"crm.order:{order.number}:{order.status}",
        payload={"order_id": order.pk},
        stream=f"crm:{order.buyer_id}",
    )


def close_order(order: Order, *, to: Order.Status, actor: Actor, now: datetime) -> None:
    """Step: cancels or expires a locked order. Raises Refused `payment.in_doubt` while money may be under way."""
    if order.payments.in_doubt().exists():
        raise Refused(
            "payment.in_doubt",
            _("We are asking the bank about a payment of this order; please wait."),
            next_label=_("See the order"),
            next_url=f"/orders/{order.number}/",
        )
    order.move(to)
    order.save(update_fields=["status"])
    trace.record(f"order.{to}", f"order:{order.number}", actor=actor, now=now, buyer_id=order.buyer_id)
    outbox.emit(crm_message(order))


def cancel_order(*, buyer: Buyer, number: str, actor: Actor, now: datetime) -> Order:
    """The buyer changes his mind. Raises Refused `order.not_open`, `payment.in_doubt`; Order.DoesNotExist."""
    with transaction.atomic(durable=True):
        order = Order.objects.select_for_update().get(number=number, buyer=buyer)
        close_order(order, to=Order.Status.CANCELLED, actor=actor, now=now)
    return order


def expire_orders(*, now: datetime, limit: int = 200) -> int:
    """Closes open orders whose price has lapsed and that have no payment under way; returns how many."""
    expired = 0
    lapsed = Order.objects.filter(status=Order.Status.OPEN, expires_at__lte=now).order_by("expires_at")
    for pk in lapsed.values_list("pk", flat=True)[:limit]:
        with transaction.atomic(durable=True):
            order = Order.objects.select_for_update().get(pk=pk)
            if order.status != Order.Status.OPEN or order.payments.under_way().exists():
                continue
            close_order(order, to=Order.Status.EXPIRED, actor=SYSTEM, now=now)
            expired += 1
    return expired
