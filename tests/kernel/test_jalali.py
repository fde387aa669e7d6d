from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.jalali import (
    EARLIEST,
    LATEST,
    JalaliError,
    check_range,
    contract_end,
    format_date,
    format_moment,
    jalali_iso,
    jalali_year,
    parse_jalali,
    tehran_date,
    tehran_today,
)
from kernel.persian import persian_digits

DAYS = st.dates(min_value=EARLIEST, max_value=LATEST)
AZAR = date(2026, 11, 22)


def jalali(text: str) -> date:
    year, month, day = map(int, text.split("/"))
    return jdatetime.date(year, month, day).togregorian()


def test_every_day_round_trips_and_agrees_with_another_calendar() -> None:
    day = jdatetime.date(1300, 1, 1)
    gregorian = EARLIEST
    while gregorian <= LATEST:
        iso = f"{day.year:04d}/{day.month:02d}/{day.day:02d}"
        assert jalali_iso(gregorian) == iso
        assert parse_jalali(iso) == gregorian
        gregorian += timedelta(days=1)
        day += jdatetime.timedelta(days=1)
    assert (day.year, day.month, day.day) == (1501, 1, 1)


def test_dates_are_written_for_people() -> None:
    assert format_date(AZAR) == "۱ آذر ۱۴۰۵"
    assert format_date(AZAR, "weekday") == "یکشنبه ۱ آذر ۱۴۰۵"
    assert format_date(AZAR, "numeric") == "۱۴۰۵/۰۹/۰۱"
    assert format_date(jalali("1406/04/03")) == "۳ تیر ۱۴۰۶"
    assert jalali_iso(jalali("1406/04/03")) == "1406/04/03"
    assert jalali_year(AZAR) == 1405


def test_moments_are_written_in_tehran() -> None:
    assert format_moment(datetime(2026, 11, 21, 20, 35, tzinfo=UTC)) == "۱ آذر ۱۴۰۵، ساعت ۰۰:۰۵"


def test_the_day_turns_at_midnight_in_tehran() -> None:
    assert tehran_date(datetime(2026, 11, 21, 20, 29, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert tehran_date(datetime(2026, 11, 21, 20, 30, tzinfo=UTC)) == AZAR
    assert tehran_today(datetime(2026, 11, 21, 20, 30, tzinfo=UTC)) == AZAR


def test_today_needs_no_argument(time_machine) -> None:
    time_machine.move_to(datetime(2027, 3, 20, 20, 30, tzinfo=UTC))
    assert jalali_iso(tehran_today()) == "1406/01/01"


def test_a_naive_moment_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        tehran_date(datetime(2026, 11, 22))


@pytest.mark.parametrize(
    "typed",
    [
        "1405/09/01",
        "۱۴۰۵/۰۹/۰۱",
        "١٤٠٥/٩/١",
        "1405-9-1",
        "1405.09.01",
        "1405 9 1",
        " ۱۴۰۵ / ۹ / ۱ ",
        "\u200e۱۴۰۵/۰۹/۰۱\u200f",
        "14050901",
    ],
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert parse_jalali(typed) == AZAR


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (" \u200f", "empty"),
        ("آذر", "format"),
        ("1405/09", "format"),
        ("1405//01", "format"),
        ("1/9/1405", "format"),
        ("1405/09/01/02", "format"),
        ("140509011", "format"),
        ("-1405/09/01", "format"),
        ("05/09/01", "two_digit_year"),
        ("2026-11-22", "gregorian_year"),
        ("20261122", "gregorian_year"),
        ("1999/1/1", "gregorian_year"),
        ("1900/01/01", "gregorian_year"),
        ("2100/12/31", "gregorian_year"),
        ("1299/12/29", "out_of_range"),
        ("1501/01/01", "out_of_range"),
        ("9999/01/01", "out_of_range"),
        ("0000/01/01", "out_of_range"),
        ("140/01/01", "out_of_range"),
        ("1405/13/01", "no_such_day"),
        ("1405/00/01", "no_such_day"),
        ("1405/07/31", "no_such_day"),
        ("1405/12/30", "no_such_day"),
        ("1405/01/00", "no_such_day"),
    ],
)
def test_what_is_no_jalali_date_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(JalaliError) as caught:
        parse_jalali(typed)
    assert caught.value.code == code
    assert "%(" not in str(caught.value)


@given(st.text() | st.from_regex(r"[0-9۰-۹]{1,9}[/.\- ]?[0-9۰-۹]{0,3}[/.\- ]?[0-9۰-۹]{0,3}", fullmatch=True))
def test_parse_raises_nothing_else(text: str) -> None:
    try:
        assert EARLIEST <= parse_jalali(text) <= LATEST
    except JalaliError as error:
        assert error.code


@given(DAYS)
def test_the_numeric_form_reads_back(day: date) -> None:
    assert parse_jalali(format_date(day, "numeric")) == day


@pytest.mark.parametrize("day", [date.min, EARLIEST - timedelta(days=1), LATEST + timedelta(days=1), date.max])
def test_days_outside_the_known_years_are_refused(day: date) -> None:
    for ask in (jalali_iso, jalali_year, format_date, check_range, lambda day: contract_end(day, 1)):
        with pytest.raises(JalaliError) as caught:
            ask(day)
        assert caught.value.code == "out_of_range"
    assert persian_digits("1500") in str(caught.value)


@pytest.mark.parametrize(
    ("starts", "years", "ends"),
    [
        ("1405/09/01", 1, "1406/08/30"),
        ("1405/09/01", 2, "1407/08/30"),
        ("1405/09/01", 3, "1408/08/30"),
        ("1405/01/01", 1, "1405/12/29"),
        ("1403/01/01", 1, "1403/12/30"),
        ("1405/07/01", 1, "1406/06/31"),
        ("1403/12/30", 1, "1404/12/28"),
        ("1403/12/30", 5, "1408/12/29"),
        ("1403/12/29", 1, "1404/12/28"),
        ("1404/12/29", 4, "1408/12/28"),
    ],
)
def test_a_contract_ends_the_day_before_the_same_day(starts: str, years: int, ends: str) -> None:
    assert jalali_iso(contract_end(jalali(starts), years)) == ends


@given(st.dates(min_value=EARLIEST, max_value=LATEST - timedelta(days=4 * 366)), st.integers(1, 3))
def test_a_contract_is_as_long_as_its_years(starts_on: date, years: int) -> None:
    days = (contract_end(starts_on, years) - starts_on).days + 1
    assert 365 * years <= days + 1
    assert days <= 366 + 365 * (years - 1)


@given(
    st.dates(min_value=EARLIEST, max_value=LATEST - timedelta(days=40 * 366)),
    st.lists(st.integers(1, 3), min_size=1, max_size=12),
)
def test_chained_contracts_lose_and_double_no_day(starts_on: date, terms: list[int]) -> None:
    covered, start = 0, starts_on
    for years in terms:
        end = contract_end(start, years)
        assert end >= start
        covered += (end - start).days + 1
        start = end + timedelta(days=1)
    assert covered == (start - starts_on).days
    # However the years are cut, they end where one long contract would; 30 Esfand moves to the 29th at the first cut.
    one = contract_end(starts_on, sum(terms))
    assert start - timedelta(days=1) in {one, one - timedelta(days=1)}
    if not jalali_iso(starts_on).endswith("12/30"):
        assert start - timedelta(days=1) == one


def test_a_contract_beyond_the_known_years_is_refused() -> None:
    with pytest.raises(JalaliError) as caught:
        contract_end(jalali("1499/01/02"), 2)
    assert caught.value.code == "out_of_range"
    with pytest.raises(ValueError, match="one year"):
        contract_end(AZAR, 0)
