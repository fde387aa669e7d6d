from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.persian import ascii_digits, clean, clean_identifier, clean_lines, fold, persian_digits

# Mostly what such texts are made of, so that the rules meet each other; and everything else besides.
TEXT = (
    st.text()
    | st.text(alphabet="یيىكکهةۀأآإٱئؤءاـًِّٕٔ\u200c\u200d\u200e\u200b\ufeffﻲﻛﷲﹱ ۱٢3aZß\n\r\t\u00a0\u2028-–")
    | st.text(alphabet=st.characters(min_codepoint=0x0600, max_codepoint=0x06FF))
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("علي", "علی"),
        ("كبري", "کبری"),
        ("  سارا   محمدی ", "سارا محمدی"),
        ("می‌خواهم", "می‌خواهم"),
        ("می‌‌خواهم", "می‌خواهم"),
        ("‌سارا ‌ محمدی‌", "سارا محمدی"),
        ("\u202bسارا\u202c\u200f", "سارا"),
        ("یک\nخط", "یک خط"),
        ("ﻋﻠﻲ", "علی"),
        ("پلاک ۱۲", "پلاک ۱۲"),
        ("a\x00b", "ab"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_clean_gives_the_stored_spelling(typed: str, stored: str) -> None:
    assert clean(typed) == stored


def test_clean_lines_keeps_breaks_and_one_empty_line() -> None:
    assert clean_lines(" يک \r\n\r\n\r\n\r\n دو  سه \n") == "یک\n\nدو سه"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي", "علی"),
        ("می‌خواهم", "میخواهم"),
        ("مؤسسه", "مؤسسهٔ"),
        ("آزمون", "ازمون"),
        ("مُحَمَّد", "محمد"),
        ("خــــوب", "خوب"),
        ("سرویس ۱۴۰۵", "سرویس 1405"),
        ("سرویس ١٤٠٥", "سرویس ۱۴۰۵"),
        ("CAD/CAM", "cad/cam"),
        ("خانة", "خانه"),
        ("خانۀ", "خانه"),
    ],
)
def test_fold_makes_spellings_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_fold_keeps_words_apart() -> None:
    assert fold("دستگاه  نو") == "دستگاه نو"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" sn ۱۲٣-4 ", "SN123-4"),
        ("ab‌c\u200e12", "ABC12"),
        ("A–1−2", "A-1-2"),
        ("ＡＢ１２", "AB12"),
    ],
)
def test_clean_identifier_keeps_one_spelling(typed: str, kept: str) -> None:
    assert clean_identifier(typed) == kept


@given(TEXT)
def test_normalisation_is_idempotent(text: str) -> None:
    for normalise in (clean, clean_lines, fold, clean_identifier, ascii_digits, persian_digits):
        once = normalise(text)
        assert normalise(once) == once, normalise.__name__


@given(TEXT)
def test_stored_text_is_found_by_what_was_typed(text: str) -> None:
    assert fold(clean(text)) == fold(text)


@given(st.integers(min_value=0))
def test_digits_go_there_and_back(number: int) -> None:
    assert ascii_digits(persian_digits(str(number))) == str(number)
