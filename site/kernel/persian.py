"""Persian text: one spelling to store, one to search, one for identifiers."""

from __future__ import annotations

import re
import unicodedata

ZWNJ = "\u200c"

_DIGITS = "0123456789"
_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
_TO_ASCII = str.maketrans(_PERSIAN_DIGITS + _ARABIC_DIGITS, _DIGITS * 2)
_TO_PERSIAN = str.maketrans(_DIGITS + _ARABIC_DIGITS, _PERSIAN_DIGITS * 2)

# Letters that an Arabic keyboard types where Persian has its own.
_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})
# Only search treats these as equal; a stored name keeps what was typed.
_SEARCH_LETTERS = str.maketrans({"ة": "ه", "ە": "ه", "ٱ": "ا", "ء": None, "ـ": None, ZWNJ: None, "\u200d": None})
# Glyphs that text copied from a PDF carries instead of letters.
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
# Bidi controls, zero-width space, soft hyphen, byte order mark, surrogates, and controls that are no white space.
_UNSEEN = re.compile(
    "[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad\ufeff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")
_STRAY_ZWNJ = re.compile(f"(?<=\\s){ZWNJ}+|{ZWNJ}+(?=\\s)|^{ZWNJ}+|{ZWNJ}+$|(?<={ZWNJ}){ZWNJ}+")
_GAPS = re.compile(f"[\\s{ZWNJ}]+")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def ascii_digits(text: str) -> str:
    """The same text with Persian and Arabic digits written 0-9."""
    return text.translate(_TO_ASCII)


def persian_digits(text: str) -> str:
    """The same text with 0-9 and Arabic digits written ۰-۹."""
    return text.translate(_TO_PERSIAN)


def left_to_right(text: str) -> str:
    """A number with dashes inside a Persian line of plain text: an unseen mark before it keeps its parts in order."""
    return f"\u200e{text}"


def clean(text: str) -> str:
    """One line of text as it is stored: Persian letters, single spaces, no unseen controls; half-spaces stay."""
    return _SPACES.sub(" ", letters(text)).strip()


def clean_lines(text: str) -> str:
    """Like `clean`, for text of several lines: line breaks stay, at most one empty line in a row."""
    lines = "\n".join(_SPACES.sub(" ", line).strip() for line in letters(text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def fold(text: str) -> str:
    """The text as search compares it: no half-spaces, vowel signs or case; ASCII digits; one form of each letter."""
    bare = _without_marks(_without_marks(letters(text)).casefold())
    bare = ascii_digits(bare.translate(_LETTERS).translate(_SEARCH_LETTERS))
    return _SPACES.sub(" ", bare).strip()


def clean_identifier(text: str) -> str:
    """A serial number, dongle or user ID in the only spelling kept: ASCII digits, upper case, no spaces."""
    plain = unicodedata.normalize("NFKC", letters(text)).upper()
    plain = ascii_digits(unicodedata.normalize("NFKC", plain)).translate(_LETTERS)
    # What the spaces held apart may now combine; a last step puts it in order.
    return unicodedata.normalize("NFKC", _DASHES.sub("-", _GAPS.sub("", plain)))


def letters(text: str) -> str:
    """Persian letters, nothing unseen, half-spaces only where they part letters: all of `clean` but the spaces."""
    seen = _UNSEEN.sub("", text)
    seen = _PRESENTATION_FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), seen)
    seen = unicodedata.normalize("NFC", seen).translate(_LETTERS)
    return _STRAY_ZWNJ.sub("", seen)


def _without_marks(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
