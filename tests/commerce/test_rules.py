"""Prices and spans."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.rules import quote, renewal_span
from kernel.jalali import jalali_iso, parse_jalali

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def day(text: str) -> date:
    return parse_jalali(text)


@pytest.mark.parametrize(
    ("last", "today", "years", "starts", "ends"),
    [
        (None, "1405/09/01", 1, "1405/09/01", "1406/08/30"),
        ("1405/08/19", "1405/09/01", 2, "1405/09/01", "1407/08/30"),  # lapsed: from today
        ("1405/08/30", "1405/09/01", 1, "1405/09/01", "1406/08/30"),  # ended yesterday: nothing lost
        ("1405/09/01", "1405/09/01", 1, "1405/09/02", "1406/09/01"),  # ends today: from tomorrow
        ("1406/04/03", "1405/09/01", 3, "1406/04/04", "1409/04/03"),  # early renewal: nothing lost
        ("1403/12/29", "1403/12/01", 1, "1403/12/30", "1404/12/28"),  # begins on 30 Esfand of a leap year
        ("1403/12/30", "1403/12/01", 1, "1404/01/01", "1404/12/29"),
    ],
)
def test_span_of_a_renewal(last, today, years, starts, ends):
    span = renewal_span(last_ends_on=day(last) if last else None, today=day(today), years=years)
    assert tuple(jalali_iso(d) for d in span) == (starts, ends)


@given(last=st.none() | DAYS, today=DAYS, years=st.integers(1, 3))
def test_no_day_is_lost_or_doubled(last, today, years):
    starts_on, ends_on = renewal_span(last_ends_on=last, today=today, years=years)
    assert starts_on >= today
    if last is not None:
        assert starts_on > last
        assert starts_on in {today, last + timedelta(days=1)}
    assert 365 * years - 1 <= (ends_on - starts_on).days + 1 <= 366 * years


@given(first=DAYS, years=st.lists(st.integers(1, 3), min_size=1, max_size=6))
def test_early_renewals_follow_each_other_without_a_gap(first, years):
    last = first
    for term in years:
        starts_on, ends_on = renewal_span(last_ends_on=last, today=first, years=term)
        assert starts_on == last + timedelta(days=1)
        last = ends_on


@given(net=st.integers(1, 10**13), rate=st.integers(0, 10_000))
def test_total_is_net_and_vat_in_whole_rials(net, rate):
    asked = quote(plan_id=1, years=1, net_rial=net, vat_basis_points=rate, last_ends_on=None, today=date(2026, 11, 22))
    assert asked.total_rial == net + asked.vat_rial
    assert abs(asked.vat_rial * 10_000 - net * rate) <= 5_000
