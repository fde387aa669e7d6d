"""How search reads Persian."""

from itertools import pairwise

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from kernel.persian import fold
from kernel.persian_search import distance, excerpt, marked, skeleton, stem, tokens, words

PERSIAN = st.text(alphabet="اآبپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیيكةۀأإؤئءًٌٍَُِّٰٓٔـ\u200c ", max_size=40)


def first_words(text: str) -> list[str]:
    return [token.word for token in tokens(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("می‌خواهم", "میخواهم"),
        ("می‌خواهم", "می خواهم"),
        ("نمی‌شود", "نمی شود"),
        ("کوره‌ها", "کوره"),
        ("کوره ها", "کوره"),
        ("کورهها", "کوره"),
        ("کوره‌های", "کوره"),
        ("کوره‌ای", "کوره"),
        ("کوره‌ی", "کوره"),
        ("کورهٔ", "کوره"),
        ("کورۀ", "کوره"),
        ("كوره", "کوره"),
        ("دستگاه‌هایم", "دستگاه"),
        ("دستگاهی", "دستگاه"),
        ("دستگاه‌هایشان", "دستگاه"),
        ("علي", "علی"),
        ("تأیید", "تایید"),
        ("مسؤول", "مسوول"),
        ("تَنظیم", "تنظیم"),
        ("تنظیمات", "تنظیم"),
        ("اطّلاعات", "اطلاعات"),
        ("کالـــیبره", "کالیبره"),
        ("\u202bاسکنر\u202c", "اسکنر"),
        ("خطاى", "خطا"),
        ("E-12", "E12"),
        ("e 12", "E12"),
        ("E‑۱۲", "E12"),
        ("E_١٢", "e12"),
        ("S 1600", "S-1600"),
        ("i 700", "I700"),
        ("ZG-4410-22", "zg.4410.22"),
        ("۱۵۳۰", "1530"),
        ("٢٫١", "2.1"),
        ("files", "file"),
    ],
)
def test_spellings_of_one_word(one, other):
    assert first_words(one) == first_words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2.1", "21"), ("E12", "E13"), ("کوره", "کوروش"), ("زمان", "زم"), ("درمان", "در"), ("سیستم", "سیست")],
)
def test_different_words_stay_different(one, other):
    assert first_words(one) != first_words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("نرم‌افزار", ["نرمافزار", "نرم", "افزار"]),
        ("خطای E-12", ["خطا", "e12", "12"]),
        ("خطایE12", ["خطا", "e12"]),
        ("ZG-4410-22", ["zg441022", "zg", "4410", "22"]),
        ("دستگاه، دستگاه‌ها!", ["دستگا"]),
        ("", []),
        ("‌ ‌ - … %_", []),
        ("😀", []),
    ],
)
def test_words_of_a_text(text, expected):
    assert words(text) == expected


def test_tokens_know_their_place():
    text = "از «کوره‌های» بزرگ"
    assert [text[token.start : token.end] for token in tokens(text)] == ["از", "کوره‌های", "بزرگ"]


@given(PERSIAN)
def test_stem_of_a_stem_is_itself(text):
    for word in fold(text).split():
        assert stem(stem(word)) == stem(word)


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    found = tokens(text)
    assert all(token.word and 0 <= token.start < token.end <= len(text) for token in found)
    assert all(before.start <= after.start and before.end <= after.end for before, after in pairwise(found))
    assert "<" not in marked(text, []).replace("&lt;", "")


@given(st.text(max_size=80))
def test_marks_enclose_only_words_of_the_text(text):
    wanted = words(text)
    html = marked(text, wanted)
    bare = html.replace("<mark>", "").replace("</mark>", "")
    assert bare == marked(text, [])
    assert html.count("<mark>") == html.count("</mark>")


def test_marked_is_escaped_and_safe():
    html = marked('<img src=x onerror="alert(1)"> کوره‌ها & برنامه', words("کوره"))
    assert isinstance(html, SafeString)
    assert html == "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; <mark>کوره‌ها</mark> &amp; برنامه"


def test_a_word_that_a_space_tore_apart_is_marked_whole():
    assert marked("برنامه می شود", words("میشود")) == "برنامه <mark>می شود</mark>"


def test_excerpt_shows_where_the_words_stand_together():
    text = "کوره در آغاز. " + "جمله‌ای بی‌ربط است. " * 40 + "دمای کوره را اندازه بگیرید." + " پایان." * 40
    html = excerpt(text, words("دمای کوره"))
    assert "<mark>دمای</mark> <mark>کوره</mark>" in html
    assert html.startswith("… ")
    assert html.endswith(" …")
    assert len(html) < 300


def test_excerpt_without_a_hit_is_the_beginning():
    assert excerpt("کوتاه <b>", ["هیچ"]) == "کوتاه &lt;b&gt;"


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("کوره", "کوره", 0),
        ("کوره", "کروه", 1),
        ("کوره", "کوه", 1),
        ("کوره", "کووره", 1),
        ("کوره", "گوره", 1),
        ("abc", "xyz", 2),
    ],
)
def test_distance(one, other, steps):
    assert distance(one, other, 1) == steps == distance(other, one, 1)


@given(PERSIAN, PERSIAN)
def test_distance_is_the_same_both_ways_and_never_beyond_its_limit(one, other):
    assert distance(one, other, 2) == distance(other, one, 2) <= 3
    assert distance(one, one, 2) == 0


@pytest.mark.parametrize(
    ("latin", "persian"),
    [
        ("kalibrasion", "کالیبراسیون"),
        ("dangel", "دانگل"),
        ("koore", "کوره"),
        ("eskaner", "اسکنر"),
        ("garanti", "گارانتی"),
    ],
)
def test_latin_spellings_sound_like_the_word(latin, persian):
    assert skeleton(latin) == skeleton(first_words(persian)[0])
