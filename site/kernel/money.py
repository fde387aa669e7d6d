"""Rial in every row and every call, toman only on a screen. Ten rial are one toman; there are no floats."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from persiantools import digits

from kernel.persian import ascii_digits, persian_digits

RIAL_PER_TOMAN = 10
TOMAN, RIAL = "تومان", "ریال"
THOUSANDS = "٬"
DECIMAL = "٫"
# The mark keeps the sign on the left of its number in a right-to-left line (as CLDR writes negative Persian numbers).
MINUS = "\u200e\u2212"

_UNSEEN = re.compile("[\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_AMOUNT = re.compile(r"([-\u2212]?)([0-9]+|[0-9]{1,3}(?:[٬,،\s][0-9]{3})+)(?:[٫.]([0-9]))?")
_MOST_DIGITS = 18


class MoneyError(ValueError):
    """A text that names no amount of toman. The message is fit to be shown; `code` is `empty` or `format`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def toman_digits(rial: int) -> str:
    """The amount in toman without its unit: `۱۲٬۵۰۰٬۰۰۰`; a rest of rial as a decimal: `۱٬۲۳۴٫۵`."""
    toman, rest = divmod(abs(rial), RIAL_PER_TOMAN)
    digits = f"{toman:,}".replace(",", THOUSANDS) + (f"{DECIMAL}{rest}" if rest else "")
    return (MINUS if rial < 0 else "") + persian_digits(digits)


def format_rial_as_toman(rial: int) -> str:
    """The amount as a person reads it: `۱۲٬۵۰۰٬۰۰۰ تومان`."""
    return f"{toman_digits(rial)} {TOMAN}"


def amount_in_words(rial: int) -> str:
    """A sum of nought or more as a receipt spells it: `یک میلیون و دویست هزار تومان`; in rial where a rest is left."""
    toman, rest = divmod(rial, RIAL_PER_TOMAN)
    return f"{digits.to_word(rial)} {RIAL}" if rest else f"{digits.to_word(toman)} {TOMAN}"


def parse_toman(text: str) -> int:
    """What a person typed in toman, as rial: any digits, with or without separators and unit. Raises `MoneyError`."""
    plain = _UNSEEN.sub("", ascii_digits(text)).replace(TOMAN, "").strip()
    if not plain:
        raise MoneyError("empty", _("Write an amount in toman."))
    match = _AMOUNT.fullmatch(plain)
    digits = re.sub(r"[^0-9]", "", match[2]) if match else ""
    if match is None or len(digits) > _MOST_DIGITS:
        raise MoneyError(
            "format",
            _("Write the amount in toman with digits only, for example %(example)s.")
            % {"example": toman_digits(125_000_000)},
        )
    rial = int(digits) * RIAL_PER_TOMAN + int(match[3] or 0)
    return -rial if match[1] else rial


def percent_of(rial: int, basis_points: int) -> int:
    """`basis_points` hundredths of a percent of an amount, to the nearest rial, halves away from zero."""
    size, rest = divmod(abs(rial * basis_points), 10_000)
    size += rest >= 5_000
    return -size if rial * basis_points < 0 else size
