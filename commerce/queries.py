"""Page-shaped reads of this app."""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from commerce.models import LedgerEntry, Order, Payment, ServicePlan, VatRate
from commerce.rules import Quote, quote
from customer.models import Device
from customer.queries import DeviceEvent
from kernel.money import percent_of


def vat_basis_points(on: date) -> int:
    """The VAT rate in force on a day, in hundredths of a percent; 0 when none has been entered."""
    rate = VatRate.objects.filter(valid_from__lte=on).order_by("-valid_from").values_list("basis_points", flat=True)
    return rate.first() or 0


def renewal_quotes(device: Device, *, today: date) -> list[Quote]:
    """What can be bought for a device (read through `with_standing`), cheapest term first. Two queries."""
    plans = ServicePlan.objects.priced(today).filter(is_offered=True)
    mine = plans.filter(Q(device_model=device.model_id) | Q(device_type=device.model.device_type_id))
    rate = vat_basis_points(today)
    # A plan for the model itself comes before one for the whole type.
    by_years = {plan.years: plan for plan in sorted(mine, key=lambda plan: plan.device_model_id is not None)}
    return [
        quote(
            plan_id=plan.pk,
            years=years,
            net_rial=plan.net_rial,
            vat_basis_points=rate,
            last_ends_on=device.last_ends_on,
            today=today,
        )
        for years, plan in sorted(by_years.items())
    ]


def cheapest_renewals(devices: list[Device], *, today: date) -> dict[int, int]:
    """The lowest total in rial per device id, for a list: two queries whatever its length."""
    plans = list(ServicePlan.objects.priced(today).filter(is_offered=True)) if devices else []
    rate = vat_basis_points(today) if devices else 0
    cheapest: dict[int, int] = {}
    for device in devices:
        shared = {p.years: p.net_rial for p in plans if p.device_type_id == device.model.device_type_id}
        own = {p.years: p.net_rial for p in plans if p.device_model_id == device.model_id}
        if offered := shared | own:
            net = min(offered.values())
            cheapest[device.pk] = net + percent_of(net, rate)
    return cheapest


def credit_rial(buyer_id: int) -> int:
    """What the house owes the buyer (0 when nothing): from the last entry, one indexed row."""
    last = LedgerEntry.objects.filter(buyer_id=buyer_id).order_by("-sequence").values_list("balance_rial", flat=True)
    return max(0, -(last.first() or 0))


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
