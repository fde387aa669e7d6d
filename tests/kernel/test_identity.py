from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.identity import (
    IdentityError,
    clean_mobile,
    clean_national_code,
    local_mobile,
    make_national_code,
    mask_mobile,
    mask_national_code,
)
from kernel.persian import persian_digits

SERIALS = st.integers(min_value=0, max_value=999_999_999)


@pytest.mark.parametrize(
    "typed", ["0499370899", "۰۴۹۹۳۷۰۸۹۹", " 049-937089-9 ", "٠٤٩٩٣٧٠٨٩٩", "\u202a0499370899\u202c"]
)
def test_national_code_is_kept_as_ten_ascii_digits(typed: str) -> None:
    assert clean_national_code(typed) == "0499370899"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("049937089", "format"),
        ("04993708990", "format"),
        ("049937089x", "format"),
        ("0499370890", "checksum"),
        ("0499307899", "checksum"),
        *((str(digit) * 10, "checksum") for digit in range(10)),
    ],
)
def test_a_wrong_national_code_is_refused(typed: str, code: str) -> None:
    with pytest.raises(IdentityError) as caught:
        clean_national_code(typed)
    assert caught.value.code == code


@given(st.from_regex(r"[0-9]{10}", fullmatch=True) | SERIALS.map(make_national_code))
def test_the_checksum_is_the_published_one(code: str) -> None:
    """Written down a second time: the weighted sum of nine digits modulo 11 decides the tenth."""
    rest = sum(int(code[9 - place]) * (place + 1) for place in range(1, 10)) % 11
    right = int(code[9]) == (rest if rest < 2 else 11 - rest) and len(set(code)) > 1
    try:
        assert clean_national_code(code) == code
    except IdentityError:
        assert not right
    else:
        assert right


@given(SERIALS, st.integers(1, 9))
def test_a_wrong_check_digit_is_always_noticed(serial: int, shift: int) -> None:
    code = make_national_code(serial)
    with pytest.raises(IdentityError):
        clean_national_code(f"{code[:9]}{(int(code[9]) + shift) % 10}")


@given(SERIALS)
def test_made_codes_are_valid(serial: int) -> None:
    code = make_national_code(serial)
    assert clean_national_code(persian_digits(code)) == code


def test_made_codes_are_all_different() -> None:
    assert len({make_national_code(serial) for serial in range(50_000)}) == 50_000


@pytest.mark.parametrize(
    "typed",
    [
        "09121234567",
        "9121234567",
        "+989121234567",
        "00989121234567",
        "989121234567",
        "۰۹۱۲ ۱۲۳ ۴۵۶۷",
        "٠٩١٢-١٢٣-٤٥٦٧",
        "(0912) 123 4567",
        "\u200e+98 912 123 4567",
    ],
)
def test_mobile_is_kept_as_e164(typed: str) -> None:
    assert clean_mobile(typed) == "+989121234567"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("0912123456", "format"),
        ("091212345678", "format"),
        ("02188888888", "format"),
        ("+14155550100", "format"),
        ("+9809121234567", "format"),
        ("0912 abc 4567", "format"),
    ],
)
def test_what_is_no_iranian_mobile_is_refused(typed: str, code: str) -> None:
    with pytest.raises(IdentityError) as caught:
        clean_mobile(typed)
    assert caught.value.code == code


def test_mobile_is_shown_as_it_is_dialled() -> None:
    assert local_mobile("+989121234567") == "09121234567"
    assert local_mobile("") == ""


def test_masks_hide_all_but_the_end() -> None:
    assert mask_national_code("0499370899") == "******0899"
    assert mask_mobile("+989121234567") == "0912***4567"
    assert mask_mobile("") == "***"


@given(st.text())
def test_cleaning_raises_nothing_else(text: str) -> None:
    for ask in (clean_national_code, clean_mobile):
        try:
            assert ask(ask(text)) == ask(text)
        except IdentityError as error:
            assert error.code
