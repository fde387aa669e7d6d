"""Page-shaped reads of this app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from commerce.models import LedgerEntry, Order, OrderLine, Payment, ServicePlan
from commerce.rules import Quote, Stage, order_stage, quote, renewal_span
from customer.models import Device
from customer.queries import DeviceEvent
from integrations import payments as gateways
from integrations.ports import ReturnHint
from kernel.jalali import tehran_today
from kernel.money import percent_of


def renewal_quotes(device: Device, *, today: date) -> list[Quote]:
    """What can be bought for a device (read through `with_standing`), cheapest term first. One query."""
    mine = _offered(today).filter(Q(device_model=device.model_id) | Q(device_type=device.model.device_type_id))
    # A plan for the model itself comes before one for the whole type.
    by_years = {plan.years: plan for plan in sorted(mine, key=lambda plan: plan.device_model_id is not None)}
    return [
        quote(
            plan_id=plan.pk,
            years=years,
            net_rial=plan.net_rial,
            vat_basis_points=plan.vat_basis_points,
            last_ends_on=device.standing.service_ends_on,
            today=today,
        )
        for years, plan in sorted(by_years.items())
    ]


def cheapest_renewals(devices: list[Device], *, today: date) -> dict[int, int]:
    """The lowest total in rial per device id, for a list: one query whatever its length."""
    plans = list(_offered(today)) if devices else []
    cheapest: dict[int, int] = {}
    for device in devices:
        shared = {plan.years: plan for plan in plans if plan.device_type_id == device.model.device_type_id}
        own = {plan.years: plan for plan in plans if plan.device_model_id == device.model_id}
        totals = [plan.net_rial + percent_of(plan.net_rial, plan.vat_basis_points) for plan in (shared | own).values()]
        if totals:
            cheapest[device.pk] = min(totals)
    return cheapest


def _offered(today: date) -> QuerySet[Any]:
    """The plans that can be bought today, with price and VAT; in no order, so that nothing is joined to sort them."""
    return ServicePlan.objects.priced(today).filter(is_offered=True).order_by()


def credit_rial(buyer_id: int) -> int:
    """What the house owes the buyer (0 when nothing): from the last entry, one indexed row."""
    last = LedgerEntry.objects.filter(buyer_id=buyer_id).order_by("-sequence").values_list("balance_rial", flat=True)
    return max(0, -(last.first() or 0))


def open_renewal(device: Device) -> Order | None:
    """The renewal of this device that waits for its payment, if any."""
    return Order.objects.filter(device=device, kind=Order.Kind.RENEWAL, status=Order.Status.OPEN).first()


def orders_of(user: Any, *, status: str = "") -> QuerySet[Order]:
    """A person's orders for a list, newest first, `is_asking` where the bank is being asked. One query."""
    orders = Order.objects.visible_to(user).with_asking().select_related("device__model__brand")
    return orders.filter(status=status) if status else orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """An order as its page shows it. `starts_on`, `ends_on`: the days that it brings or has brought, if any."""

    order: Order
    stage: Stage
    lines: list[OrderLine]
    payments: list[Payment]
    starts_on: date | None
    ends_on: date | None

    @property
    def last_payment(self) -> Payment | None:
        return self.payments[0] if self.payments else None

    @property
    def paying(self) -> Payment | None:
        """The payment that paid the order."""
        paid = (payment for payment in self.payments if payment.status == Payment.Status.PAID)
        return next((payment for payment in paid if not is_credit(payment)), None)

    @property
    def credited_rial(self) -> int:
        """What came in beyond the price and was kept as credit."""
        return sum(payment.amount_rial for payment in self.payments if is_credit(payment))


def is_credit(payment: Payment) -> bool:
    """Whether this payment (read with its ledger entry) was kept as credit instead of paying its order."""
    return hasattr(payment, "ledger_entry")


def checkout(order: Order, *, now: datetime) -> Checkout:
    """The page of an order that was read with its device and service period. At most three queries."""
    payments = list(order.payments.select_related("ledger_entry"))
    stage = order_stage(order, payments, now=now)
    starts_on, ends_on = _span(order, stage, today=tehran_today(now))
    return Checkout(
        order=order,
        stage=stage,
        lines=list(order.lines.all()),
        payments=payments,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def _span(order: Order, stage: Stage, *, today: date) -> tuple[date | None, date | None]:
    if order.service_period is not None:
        return order.service_period.starts_on, order.service_period.ends_on
    if order.device is None or order.years is None or stage in {Stage.CANCELLED, Stage.LAPSED}:
        return None, None
    last = order.device.periods.aggregate(last=Max("ends_on"))["last"]
    return renewal_span(last_ends_on=last, today=today, years=order.years)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A browser that came back from the bank, and the payment that it speaks of."""

    payment: Payment
    claims_paid: bool


def returning_payment(gateway: str, params: Mapping[str, str], *, payment_id: UUID | None) -> Return | None:
    """The payment of a returning browser, known or not: found by the gateway's own id of it, never by a session.

    None for a gateway, id or payment that is not ours, and where address and gateway speak of different payments.
    """
    try:
        hint: ReturnHint = gateways.gateway(gateway).parse_return(params)
    except KeyError:
        return None
    if not hint.authority:
        return None
    found = Payment.objects.filter(gateway=gateway, authority=hint.authority).select_related("order")
    payment = (found.filter(pk=payment_id) if payment_id else found).first()
    return Return(payment=payment, claims_paid=hint.claims_paid) if payment else None


def payment_in_doubt(order: Order) -> Payment | None:
    """The payment of this order about which the bank is being asked, if any."""
    return order.payments.in_doubt().order_by("-created_at").first()


def device_events(device: Device) -> list[DeviceEvent]:
    """Paid renewals of a device for its timeline; prices are not part of it."""
    paid = Order.objects.filter(device=device, buyer=device.owner_id, status=Order.Status.PAID)
    return [
        DeviceEvent(
            at=order.paid_at,
            kind="renewal_paid",
            title=_("Renewal paid, receipt %(number)s") % {"number": order.receipt_number},
            url=f"/orders/{order.number}/",
        )
        for order in paid.only("number", "receipt_number", "paid_at")
        if order.paid_at
    ]
