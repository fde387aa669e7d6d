"""Pure predicates and arithmetic on money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

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
