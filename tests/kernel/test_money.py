from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import (
    MINUS,
    MoneyError,
    amount_in_words,
    format_rial_as_toman,
    parse_toman,
    percent_of,
    toman_digits,
)

AMOUNTS = st.integers(min_value=-(10**18), max_value=10**18)


@pytest.mark.parametrize(
    ("rial", "shown"),
    [
        (125_000_000, "۱۲٬۵۰۰٬۰۰۰ تومان"),
        (0, "۰ تومان"),
        (10, "۱ تومان"),
        (12_345, "۱٬۲۳۴٫۵ تومان"),
        (5, "۰٫۵ تومان"),
        (-125_000, f"{MINUS}۱۲٬۵۰۰ تومان"),
        (-5, f"{MINUS}۰٫۵ تومان"),
    ],
)
def test_rial_is_shown_as_toman(rial: int, shown: str) -> None:
    assert format_rial_as_toman(rial) == shown
    assert f"{toman_digits(rial)} تومان" == shown


@given(AMOUNTS)
def test_shown_amount_reads_back(rial: int) -> None:
    assert parse_toman(format_rial_as_toman(rial)) == rial
    assert parse_toman(toman_digits(rial)) == rial


@pytest.mark.parametrize(
    ("typed", "rial"),
    [
        ("12500000", 125_000_000),
        ("12,500,000", 125_000_000),
        ("۱۲،۵۰۰،۰۰۰ تومان", 125_000_000),
        (" ١٢ ٥٠٠ ", 125_000),
        ("1.5", 15),
        ("-20", -200),
        ("0", 0),
    ],
)
def test_typed_toman_becomes_rial(typed: str, rial: int) -> None:
    assert parse_toman(typed) == rial


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("تومان", "empty"),
        ("ده هزار", "format"),
        ("1,2345", "format"),
        ("12.500", "format"),
        ("12.500.000", "format"),
        ("1e9", "format"),
        ("NaN", "format"),
        ("1000 ریال", "format"),
        ("--5", "format"),
        ("9" * 19, "format"),
        ("²", "format"),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, code: str) -> None:
    with pytest.raises(MoneyError) as caught:
        parse_toman(typed)
    assert caught.value.code == code
    assert str(caught.value)


@given(st.text())
def test_parse_raises_nothing_else(text: str) -> None:
    try:
        assert isinstance(parse_toman(text), int)
    except MoneyError as error:
        assert error.code in {"empty", "format"}


@pytest.mark.parametrize(
    ("rial", "spelt"),
    [
        (0, "صفر تومان"),
        (99_000_000, "نه میلیون و نهصد هزار تومان"),
        (1_089_000_000, "یکصد و هشت میلیون و نهصد هزار تومان"),
        (10_005, "ده هزار و پنج ریال"),
    ],
)
def test_amounts_are_spelt_in_toman_or_to_the_rial(rial: int, spelt: str) -> None:
    assert amount_in_words(rial) == spelt


@pytest.mark.parametrize(
    ("rial", "basis_points", "part"),
    [(480_000_000, 1_000, 48_000_000), (15, 1_000, 2), (14, 1_000, 1), (-15, 1_000, -2), (1, 0, 0), (999, 10_000, 999)],
)
def test_percent_of_rounds_halves_up(rial: int, basis_points: int, part: int) -> None:
    assert percent_of(rial, basis_points) == part


@given(AMOUNTS, st.integers(min_value=0, max_value=10_000))
def test_percent_of_is_the_nearest_rial(rial: int, basis_points: int) -> None:
    exact = Fraction(rial * basis_points, 10_000)
    assert abs(percent_of(rial, basis_points) - exact) <= Fraction(1, 2)
    assert percent_of(-rial, basis_points) == -percent_of(rial, basis_points)
