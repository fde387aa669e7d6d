"""National codes and mobile numbers of Iran: one spelling to keep, masks to show."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from kernel.persian import ascii_digits

_BETWEEN_DIGITS = re.compile("[\\s\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069().\\-\u2010-\u2015\u2212]")
_MOBILE = re.compile(r"(?:\+98|0098|98|0)?(9[0-9]{9})")
_NATIONAL_CODE = re.compile(r"[0-9]{10}")


class IdentityError(ValueError):
    """A number that is none. The message is fit to be shown; `code` is `empty`, `format` or `checksum`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clean_national_code(text: str) -> str:
    """A national code as ten ASCII digits; raises `IdentityError` when its check digit is wrong."""
    code = _BETWEEN_DIGITS.sub("", ascii_digits(text))
    if not code:
        raise IdentityError("empty", _("Write the national code."))
    if not _NATIONAL_CODE.fullmatch(code):
        raise IdentityError("format", _("A national code has ten digits."))
    # Ten equal digits satisfy the checksum, yet nobody bears them.
    if len(set(code)) == 1 or int(code[9]) != _check_digit(code[:9]):
        raise IdentityError("checksum", _("This national code is not right. Please check its digits."))
    return code


def make_national_code(serial: int) -> str:
    """A well-formed national code for demonstrations and tests, another for each serial from 0 to 999,999,999."""
    prefix = f"{(serial * 7_654_321 + 45_812_907) % 1_000_000_000:09d}"
    return clean_national_code(f"{prefix}{_check_digit(prefix)}")


def mask_national_code(code: str) -> str:
    """A national code of which only the last four digits can be read: `******1234`."""
    return "*" * len(code[:-4]) + code[-4:]


def clean_mobile(text: str) -> str:
    """An Iranian mobile number, however it was typed, as `+989121234567`; raises `IdentityError`."""
    number = _BETWEEN_DIGITS.sub("", ascii_digits(text))
    if not number:
        raise IdentityError("empty", _("Write the mobile number."))
    match = _MOBILE.fullmatch(number)
    if match is None:
        raise IdentityError(
            "format", _("Write a mobile number of Iran, for example %(example)s.") % {"example": "09121234567"}
        )
    return f"+98{match[1]}"


def local_mobile(mobile: str) -> str:
    """`+989121234567` as it is dialled at home: `09121234567`. Other numbers come back as they are."""
    return f"0{mobile[3:]}" if mobile.startswith("+98") else mobile


def mask_mobile(mobile: str) -> str:
    """A mobile number whose middle cannot be read: `0912***4567`."""
    local = local_mobile(mobile)
    return f"{local[:4]}***{local[-4:]}"


def _check_digit(prefix: str) -> int:
    rest = sum(int(digit) * weight for digit, weight in zip(prefix, range(10, 1, -1), strict=True)) % 11
    return rest if rest < 2 else 11 - rest
