"""Re-proving the books: every check gives a sentence for each row that breaks a rule, and nothing when all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import Coalesce, RowNumber, Substr

from commerce.models import LedgerEntry, NumberSeries, Order, Payment
from customer.models import ServicePeriod

Breaches = Iterator[str]


def ledger_adds_up() -> Breaches:
    """Per buyer: sequence 1, 2, 3… and a running balance that is the sum so far."""
    proved = LedgerEntry.objects.order_by().annotate(
        nth=Window(RowNumber(), partition_by="buyer_id", order_by="sequence"),
        sum_so_far=Window(Sum("amount_rial"), partition_by="buyer_id", order_by="sequence"),
    )
    for entry in proved.iterator():
        if entry.sequence != entry.nth:
            yield f"ledger entry {entry.pk}: sequence {entry.sequence} of buyer {entry.buyer_id} should be {entry.nth}"
        if entry.balance_rial != entry.sum_so_far:
            yield f"ledger entry {entry.pk}: balance {entry.balance_rial}, the entries add up to {entry.sum_so_far}"


def paid_orders_have_one_payment() -> Breaches:
    """A paid order has exactly one payment of its amount spent on it; any other payment stands as credit."""
    spent = Q(payments__status=Payment.Status.PAID, payments__ledger_entry__isnull=True)
    orders = Order.objects.order_by().annotate(spent=Count("payments", filter=spent))
    for order in orders.filter(status=Order.Status.PAID).exclude(spent=1).iterator():
        yield f"order {order.number}: paid, with {order.spent} payments spent on it"
    for order in orders.exclude(status=Order.Status.PAID).exclude(spent=0).iterator():
        yield f"order {order.number}: {order.status}, yet {order.spent} payments are neither spent nor credited"


def payments_match_their_order() -> Breaches:
    """The money that was spent on an order is the order's total; the credit is what the bank took."""
    paid = Payment.objects.filter(status=Payment.Status.PAID).select_related("order")
    for payment in paid.filter(ledger_entry__isnull=True).exclude(amount_rial=F("order__total_rial")).iterator():
        yield f"payment {payment.pk}: {payment.amount_rial} rial spent on an order of {payment.order.total_rial}"
    taken = Coalesce("payment__settled_rial", "payment__amount_rial")
    credited = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.CREDIT).exclude(
        amount_rial=-1 * taken, payment__status=Payment.Status.PAID
    )
    for entry in credited.iterator():
        yield f"ledger entry {entry.pk}: its credit is not the amount of a paid payment"


def renewals_have_their_period() -> Breaches:
    """Each renewal period comes from exactly one paid order of the same device."""
    for period in ServicePeriod.objects.filter(origin="renewal", order__isnull=True).iterator():
        yield f"service period {period.pk}: a renewal that no order paid for"
    wrong = Order.objects.filter(service_period__isnull=False).exclude(service_period__device_id=F("device_id"))
    for order in wrong.iterator():
        yield f"order {order.number}: its service period belongs to another device"


def periods_do_not_overlap() -> Breaches:
    """No device has service twice on one day."""
    earlier = ServicePeriod.objects.filter(device=OuterRef("device"), starts_on__lt=OuterRef("starts_on"))
    latest = earlier.order_by().values("device").annotate(latest=Max("ends_on")).values("latest")
    for period in ServicePeriod.objects.annotate(before=Subquery(latest)).filter(before__gte=F("starts_on")).iterator():
        yield f"service period {period.pk}: begins before another of device {period.device_id} has ended"


def receipts_have_no_gap() -> Breaches:
    """The receipts of a year are numbered 1 to n, and n is the last number given."""
    years = (
        Order.objects.filter(receipt_number__isnull=False)
        .order_by()
        .annotate(year=Substr("receipt_number", 2, 4))
        .values("year")
        .annotate(many=Count("pk"), highest=Max("receipt_number"))
    )
    found = {int(row["year"]): (row["many"], int(row["highest"][6:])) for row in years}
    for series in NumberSeries.objects.filter(name="receipt"):
        many, highest = found.pop(series.jalali_year, (0, 0))
        if not many == highest == series.last:
            yield f"receipts of {series.jalali_year}: {many} receipts, highest {highest}, last given {series.last}"
    for year in found:
        yield f"receipts of {year}: numbers that no series gave"


CHECKS: list[Callable[[], Breaches]] = [
    ledger_adds_up,
    paid_orders_have_one_payment,
    payments_match_their_order,
    renewals_have_their_period,
    periods_do_not_overlap,
    receipts_have_no_gap,
]
