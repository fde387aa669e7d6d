"""Pure predicates and arithmetic on money, and what an order's page says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from commerce.models import Order, Payment
from kernel.jalali import contract_end
from kernel.money import percent_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The price of a renewal in rial, and the days that it covers (both included)."""

    plan_id: int
    years: int
    net_rial: int
    vat_rial: int
    starts_on: date
    ends_on: date

    @property
    def total_rial(self) -> int:
        return self.net_rial + self.vat_rial

    @property
    def yearly_rial(self) -> int:
        """The total for each of the years, rounded down; for comparing terms, never for paying."""
        return self.total_rial // self.years


def renewal_span(*, last_ends_on: date | None, today: date, years: int) -> tuple[date, date]:
    """From the day after the running period ends, or today if that has passed; no day is lost or doubled."""
    after = last_ends_on + timedelta(days=1) if last_ends_on else today
    starts_on = max(after, today)
    return starts_on, contract_end(starts_on, years)


def quote(
    *, plan_id: int, years: int, net_rial: int, vat_basis_points: int, last_ends_on: date | None, today: date
) -> Quote:
    """The price with VAT and the span of a renewal asked for today."""
    starts_on, ends_on = renewal_span(last_ends_on=last_ends_on, today=today, years=years)
    return Quote(
        plan_id=plan_id,
        years=years,
        net_rial=net_rial,
        vat_rial=percent_of(net_rial, vat_basis_points),
        starts_on=starts_on,
        ends_on=ends_on,
    )


class Stage(StrEnum):
    """The one thing that an order's page says."""

    OPEN = "open"
    AT_BANK = "at_bank"
    ASKING = "asking"
    REVIEW = "review"
    FAILED = "failed"
    PAID = "paid"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"

    @property
    def is_payable(self) -> bool:
        """Whether another attempt at paying may be offered; `services.payment.require_payable` is the guard."""
        return self in {Stage.OPEN, Stage.AT_BANK, Stage.FAILED}

    @property
    def is_waiting(self) -> bool:
        """Whether the page changes by itself: it looks again until the bank has answered."""
        return self in {Stage.AT_BANK, Stage.ASKING}


# What the newest attempt means for an open order.
STAGE_OF_LAST: dict[str, Stage] = {
    Payment.Status.REDIRECTED: Stage.AT_BANK,
    Payment.Status.FAILED: Stage.FAILED,
    Payment.Status.EXPIRED: Stage.FAILED,
}


def order_stage(order: Order, payments: Sequence[Payment], *, now: datetime) -> Stage:
    """Where an order stands. `payments`: all of its attempts, newest first."""
    statuses = [payment.status for payment in payments]
    if order.status == Order.Status.PAID:
        return Stage.PAID
    if any(status in Payment.IN_DOUBT for status in statuses):
        return Stage.ASKING
    if order.status == Order.Status.CANCELLED:
        return Stage.CANCELLED
    if order.status == Order.Status.OPEN and Payment.Status.MISMATCH in statuses:
        return Stage.REVIEW
    if order.status == Order.Status.EXPIRED or order.expires_at <= now:
        return Stage.LAPSED
    return STAGE_OF_LAST.get(statuses[0], Stage.OPEN) if statuses else Stage.OPEN
