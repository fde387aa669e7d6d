"""The table of contents, the minutes, the places in a video."""

import pytest
from django.core.exceptions import ValidationError

from cms.fields import ClockFormField, clock
from cms.models import ArticleDownload
from cms.outline import minutes_of, outline_of
from cms.reading import percent
from cms.templatetags.cms import file_size
from tests.factories.reading import block, items


def test_headings_get_anchors_that_are_unique_and_readable():
    raw = [
        block("heading", "نصب دستگاه"),
        block("text", "<p>متن</p>"),
        block("subheading", "نصب دستگاه"),
        block("heading", "می‌شود؟"),
        block("heading", "!!!"),
        block("heading", ""),
    ]
    found = [(one.position, one.level, one.anchor) for one in outline_of(raw)]
    assert found == [(0, 2, "s-نصب-دستگاه"), (2, 3, "s-نصب-دستگاه-2"), (3, 2, "s-میشود"), (4, 2, "s-part")]


def test_anchor_does_not_depend_on_what_stands_before():
    before = outline_of([block("heading", "نصب")])
    after = outline_of([block("text", "<p>تازه</p>"), block("heading", "پیش‌نیاز"), block("heading", "نصب")])
    assert after[-1].anchor == before[0].anchor


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (180, 1), (181, 2), (900, 5)])
def test_reading_time_counts_words(words, minutes):
    assert minutes_of([block("text", f"<p>{'واژه ' * words}</p>")]) == minutes


def test_reading_time_counts_words_inside_blocks_but_no_keys():
    raw = [block("steps", items({"title": "یک دو", "text": "<p>" + "واژه " * 200 + "</p>", "image": 5}))]
    assert minutes_of(raw) == 2


@pytest.mark.parametrize(
    ("typed", "seconds"), [("2:30", 150), ("۲:۳۰", 150), ("1:02:05", 3725), ("90", 90), ("0", 0), ("", None)]
)
def test_clock_takes_what_people_type(typed, seconds):
    assert ClockFormField(required=False).clean(typed) == seconds


@pytest.mark.parametrize("typed", ["دو", "2:3:4:5", "-5", "2.30"])
def test_clock_refuses_the_rest(typed):
    with pytest.raises(ValidationError):
        ClockFormField().clean(typed)


def test_clock_notices_a_change():
    field = ClockFormField()
    assert not field.has_changed(150, "2:30")
    assert field.has_changed(150, "2:31")
    assert field.has_changed(150, "x")
    assert (clock(150), clock(3725), clock(0)) == ("2:30", "1:02:05", "0:00")


@pytest.mark.parametrize(
    ("seconds", "of", "shown"), [(None, None, None), (0, 60, None), (36, 60, 60), (58, 60, 100), (60, 60, 100)]
)
def test_last_moments_count_as_all(seconds, of, shown):
    assert percent(seconds, of) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(None, ""), (0, ""), (10, "۱ کیلوبایت"), (700_000, "۷۰۰ کیلوبایت"), (2_400_000, "۲٫۴ مگابایت")]
)
def test_size_is_written_for_people(size, shown):
    assert file_size(size) == shown


def test_versions_are_compared_by_number():
    versions = ["4.9", "4.10.1", "", "4.2.0", "v10"]
    rows = [ArticleDownload(software_version=version) for version in versions]
    ordered = [row.software_version for row in sorted(rows, key=lambda row: row.version_key, reverse=True)]
    assert ordered == ["v10", "4.10.1", "4.9", "4.2.0", ""]
