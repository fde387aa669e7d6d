"""The filters of `portal` show what the kernel writes; they live here because nothing else is behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import Group
from django.template import Context, Template
from django.utils.safestring import mark_safe

from portal.templatetags import portal as tags

AZAR = date(2026, 11, 22)


def render(expression: str, value: object = None) -> str:
    return Template("{% load portal %}" + expression).render(Context({"value": value}))


@pytest.mark.parametrize(
    ("expression", "value", "shown"),
    [
        ("{{ value|toman }}", 125_000_000, "۱۲٬۵۰۰٬۰۰۰ تومان"),
        ("{{ value|toman }}", 0, "۰ تومان"),
        ("{{ value|toman }}", None, ""),
        ("{{ value|toman_digits }}", 12_345, "۱٬۲۳۴٫۵"),
        ("{{ value|in_words }}", 12_000_000, "یک میلیون و دویست هزار تومان"),
        ("{{ value|in_words }}", None, ""),
        ("{{ value|jalali }}", AZAR, "۱ آذر ۱۴۰۵"),
        ("{{ value|jalali }}", datetime(2026, 11, 21, 21, tzinfo=UTC), "۱ آذر ۱۴۰۵"),
        ("{{ value|jalali }}", None, ""),
        ("{{ value|jalali }}", date.min, "0001-01-01"),
        ("{{ value|jalali_numeric }}", AZAR, "۱۴۰۵/۰۹/۰۱"),
        ("{{ value|jalali_weekday }}", AZAR, "یکشنبه ۱ آذر ۱۴۰۵"),
        ("{{ value|moment }}", datetime(2026, 11, 22, 11, tzinfo=UTC), "۱ آذر ۱۴۰۵، ساعت ۱۴:۳۰"),
        ("{{ value|moment }}", None, ""),
        ("{{ value|persian }}", 12, "۱۲"),
        ("{{ value|persian }}", None, ""),
        ("{{ value|persian }}", "<b>1", "&lt;b&gt;۱"),
        ("{{ value|mobile }}", "+989121234567", "09121234567"),
        ("{{ missing|toman }}{{ missing|jalali }}{{ missing|mobile }}", None, ""),
    ],
)
def test_filters_show_values_for_people(expression: str, value: object, shown: str) -> None:
    assert render(expression, value) == shown


def test_icon_points_into_the_sprite() -> None:
    assert render('{% icon "bell" %}') == (
        '<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#bell"/></svg>'
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (14, "۱۴ بایت"),
        (1024, "۱ کیلوبایت"),
        (36352, "۳۶ کیلوبایت"),
        (10 * 1024**2, "۱۰ مگابایت"),
        (1_600_000, "۱٫۵ مگابایت"),
    ],
)
def test_size_of_a_file_in_persian(size: int, text: str) -> None:
    assert Template("{% load portal %}{{ size|file_size }}").render(Context({"size": size})) == text


def test_number_with_dashes_keeps_its_order_in_a_sentence() -> None:
    assert Template("{% load portal %}{{ n|ltr }}").render(Context({"n": "1405-000001"})) == "\u200e1405-000001"


def test_a_piece_is_rendered_once_for_the_same_values(monkeypatch):
    rendered = []

    def render(name, values):
        rendered.append(values)
        return mark_safe(f"<b>{values['label']}</b>")

    monkeypatch.setattr(tags, "render_to_string", render)
    tags._pieces.clear()
    page = Template('{% load portal %}{% for n in "12" %}{% piece "a.html" label=label %}{% endfor %}')
    assert page.render(Context({"label": "یک"})) == "<b>یک</b><b>یک</b>"
    assert page.render(Context({"label": "دو"})) == "<b>دو</b><b>دو</b>"
    assert rendered == [{"label": "یک"}, {"label": "دو"}]
    tags._pieces.clear()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_piece_does_not_take_a_text_for_html_that_reads_the_same(order):
    page = Template('{% load portal %}{% piece "components/pill.html" label=label %}')
    labels = [f"<i>{order}</i>", mark_safe(f"<i>{order}</i>")]
    shown = [page.render(Context({"label": labels[n]})) for n in order]
    assert "&lt;i&gt;" in shown[order.index(0)]
    assert "<i>" in shown[order.index(1)]


def test_a_piece_knows_one_from_true():
    page = Template('{% load portal %}{% piece "components/pill.html" label=label %}')
    assert ["True" in page.render(Context({"label": label})) for label in (1, True)] == [False, True]


def test_pieces_are_few_and_short(monkeypatch):
    monkeypatch.setattr(tags, "MOST_PIECES", 2)
    monkeypatch.setattr(tags, "LONGEST_PIECE", 60)
    tags._pieces.clear()
    page = Template('{% load portal %}{% piece "components/pill.html" label=label %}')
    for label in ("یک", "دو", "سه", "ب" * 60):
        assert label in page.render(Context({"label": label}))
    assert [values[0][1] for _name, values in tags._pieces] == ["دو", "سه"]
    tags._pieces.clear()


def test_a_piece_of_what_may_change_is_rendered_each_time():
    """A row equals itself whatever has become of its fields."""
    page = Template('{% load portal %}{% piece "components/pill.html" label=label %}')
    group = Group(pk=7, name="پیش")
    assert "پیش" in page.render(Context({"label": group}))
    group.name = "پس"
    assert "پس" in page.render(Context({"label": group}))
    assert "الف" in page.render(Context({"label": ["الف"]}))
