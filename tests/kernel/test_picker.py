"""The calendar in a real browser, under the policy of the buyers' pages."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django import forms
from django.template import Context, Template

from kernel.fields import JalaliDateField
from kernel.jalali import JalaliError, format_date, parse_jalali, tehran_today

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "site" / "static"
SITE = "http://portal.test"
AZAR = date(2026, 11, 22)
PAGE = Template(
    """<!doctype html><html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>فرم</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">{{ form.media }}</head><body><main><h1>فرم</h1>
    <form>{% for field in form %}<p>{{ field.label_tag }}{{ field }}</p>{% endfor %}</form></main></body></html>"""
)


class VisitForm(forms.Form):
    installed_on = JalaliDateField(label="تاریخ نصب", initial=AZAR)
    sold_on = JalaliDateField(label="تاریخ فروش", required=False)
    fixed_on = JalaliDateField(label="تاریخ ثابت", disabled=True)


@pytest.fixture
def form_page(page: Page) -> Page:
    """A page with three date inputs; whatever the browser complains about fails the test."""
    complaints: list[str] = []

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/":
            body = PAGE.render(Context({"form": VisitForm()}))
            policy = {"Content-Security-Policy": "default-src 'self'"}
            route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=policy)
        elif path == "/favicon.ico":
            route.fulfill(status=204)
        else:
            route.fulfill(path=STATIC / path.removeprefix("/static/"))

    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", answer)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{SITE}/")
    page.wait_for_selector(".jalali-open")
    yield page
    assert complaints == []


def button(page: Page, label: str = "تاریخ نصب") -> Locator:
    return page.get_by_role("button", name=f"انتخاب از تقویم: {label}")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def spoken(jalali: str) -> str:
    return format_date(parse_jalali(jalali), "weekday")


def test_the_calendar_agrees_with_the_server_on_every_month(form_page: Page) -> None:
    months = form_page.evaluate(
        """async () => {
            const { dayNumber, monthLength } = await import("/static/js/jalali-picker.js");
            const months = [];
            for (let year = 1300; year <= 1500; year += 1)
                for (let month = 1; month <= 12; month += 1)
                    months.push([year, month, dayNumber(year, month, 1), monthLength(year, month)]);
            return months;
        }"""
    )
    assert len(months) == 201 * 12
    for year, month, first, length in months:
        day = date(1970, 1, 1) + timedelta(days=first)
        assert day == parse_jalali(f"{year}/{month}/1")
        assert day + timedelta(days=length - 1) == parse_jalali(f"{year}/{month}/{length}")
    lengths = [length for year, month, first, length in months]
    firsts = [first for year, month, first, length in months]
    assert [b - a for a, b in pairwise(firsts)] == lengths[:-1]


@pytest.mark.parametrize(
    "typed",
    [
        "۱۴۰۵/۰۹/۰۱",
        "1405-9-1",
        "١٤٠٥ ٩ ١",
        "14050901",
        "1405/12/30",
        "1403/12/30",
        "2026-11-22",
        "1299/1/1",
        "05/9/1",
        "",
    ],
)
def test_the_calendar_reads_what_the_server_reads(form_page: Page, typed: str) -> None:
    number = form_page.evaluate(
        "async (text) => (await import('/static/js/jalali-picker.js')).typedDay(text)", typed
    )  # fmt: skip
    try:
        expected = (parse_jalali(typed) - date(1970, 1, 1)).days
    except JalaliError:
        expected = None
    assert number == expected


def test_the_calendar_opens_on_the_date_of_its_input(form_page: Page) -> None:
    button(form_page).click()
    dialog = form_page.get_by_role("dialog", name="تاریخ نصب")
    assert dialog.is_visible()
    assert form_page.get_by_role("grid", name="آذر ۱۴۰۵").is_visible()
    chosen = form_page.locator("[aria-selected='true']")
    assert chosen.get_attribute("aria-label") == "یکشنبه ۱ آذر ۱۴۰۵"
    assert focused(form_page) == "یکشنبه ۱ آذر ۱۴۰۵"
    heads = dialog.get_by_role("columnheader")
    assert [heads.nth(i).get_attribute("abbr") for i in (0, 6)] == ["شنبه", "جمعه"]
    assert form_page.locator("dialog[open] .jalali-friday").all_inner_texts() == ["۶", "۱۳", "۲۰", "۲۷"]


@pytest.mark.parametrize(
    ("keys", "arrives"),
    [
        (["ArrowLeft"], "1405/09/02"),
        (["ArrowRight"], "1405/08/30"),
        (["ArrowDown"], "1405/09/08"),
        (["ArrowUp"], "1405/08/24"),
        (["Home"], "1405/08/30"),
        (["End"], "1405/09/06"),
        (["PageDown"], "1405/10/01"),
        (["PageUp"], "1405/08/01"),
        (["Shift+PageDown"], "1406/09/01"),
        (["Shift+PageUp"], "1404/09/01"),
        (["ArrowRight", "Shift+PageUp", *["PageDown"] * 4], "1404/12/29"),
    ],
)
def test_every_key_moves_as_it_should(form_page: Page, keys: list[str], arrives: str) -> None:
    button(form_page).press("Enter")
    for key in keys:
        form_page.keyboard.press(key)
    assert focused(form_page) == spoken(arrives)
    form_page.keyboard.press("Enter")
    assert form_page.get_by_label("تاریخ نصب", exact=False).first.input_value() == format_date(
        parse_jalali(arrives), "numeric"
    )


def test_choosing_fills_in_tells_the_page_and_gives_the_focus_back(form_page: Page) -> None:
    form_page.evaluate(
        """() => { window.heard = []; const input = document.querySelector("[name=sold_on]");
        for (const kind of ["input", "change"]) input.addEventListener(kind, () => heard.push(kind)); }"""
    )
    button(form_page, "تاریخ فروش").press("Enter")
    assert focused(form_page) == format_date(tehran_today(), "weekday")
    form_page.keyboard.press("Space")
    assert form_page.locator("[name=sold_on]").input_value() == format_date(tehran_today(), "numeric")
    assert form_page.evaluate("heard") == ["input", "change"]
    assert focused(form_page) == "انتخاب از تقویم: تاریخ فروش"
    assert form_page.locator("dialog[open]").count() == 0


def test_escape_changes_nothing(form_page: Page) -> None:
    typed = form_page.locator("[name=installed_on]")
    typed.fill("1405")
    typed.press("Alt+ArrowDown")
    form_page.keyboard.press("ArrowDown")
    form_page.keyboard.press("Escape")
    assert typed.input_value() == "1405"
    assert form_page.evaluate("document.activeElement.name") == "installed_on"


def test_the_pointer_goes_through_months_and_chooses(form_page: Page) -> None:
    button(form_page).click()
    for name in ("ماه بعد", "سال بعد", "سال قبل", "ماه قبل", "ماه بعد"):
        form_page.get_by_role("button", name=name).click()
    assert focused(form_page) == "ماه بعد"
    form_page.get_by_role("gridcell", name=spoken("1405/10/15")).click()
    assert form_page.locator("[name=installed_on]").input_value() == "۱۴۰۵/۱۰/۱۵"


def test_the_calendar_ends_with_the_known_years(form_page: Page) -> None:
    typed = form_page.locator("[name=installed_on]")
    for edge, keys in (("1300/01/01", ["ArrowRight", "PageUp"]), ("1500/12/29", ["ArrowLeft", "Shift+PageDown"])):
        typed.fill(edge)
        typed.press("Alt+ArrowDown")
        before = focused(form_page)
        for key in keys:
            form_page.keyboard.press(key)
            assert focused(form_page) == before
        form_page.keyboard.press("Escape")


def test_an_input_that_is_fixed_has_no_calendar(form_page: Page) -> None:
    assert not button(form_page, "تاریخ ثابت").is_visible()


def test_an_input_that_arrives_later_gets_its_calendar(form_page: Page) -> None:
    form_page.evaluate(
        """() => { const row = document.createElement("p");
        const [old] = document.querySelectorAll("[name=sold_on]");
        const input = old.cloneNode(); input.id = "later"; input.setAttribute("aria-label", "later");
        row.append(input); document.querySelector("form").append(row); }"""
    )
    form_page.locator("#later + .jalali-open").click()
    assert form_page.locator("dialog[open]").count() == 1


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_calendar_is_accessible_and_fits(form_page: Page, width: int) -> None:
    form_page.set_viewport_size({"width": width, "height": 740})
    button(form_page).click()
    results = Axe().run(form_page)
    assert results.violations_count == 0, results.generate_report()
    assert form_page.evaluate("document.documentElement.scrollWidth") <= width
    for target in form_page.locator("dialog[open] :is(button, [data-day])").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
