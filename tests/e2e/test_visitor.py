"""The visitor of these tests does notice what a page must not do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser

SITE, BANK = "http://portal.test", "http://bank.test"
PAGE = (
    '<!doctype html><html lang="fa" dir="rtl"><head><title>برگه</title></head><body><main><h1>برگه</h1>{}</main></body>'
)


@pytest.fixture
def shown(page: Page):
    """A function that shows a page with this in its middle, and returns who looked at it."""

    def show(html: str) -> Visitor:
        def answer(route: Route) -> None:
            if route.request.url != f"{SITE}/":
                route.fulfill(status=404)
                return
            headers = {"Content-Security-Policy": "default-src 'self'"}
            route.fulfill(body=PAGE.format(html), content_type="text/html; charset=utf-8", headers=headers)

        page.route("**/*", answer)
        visitor = Visitor(page, site=SITE, bank=BANK)
        visitor.open("/")
        return visitor

    return show


def test_good_page_gives_no_complaint(shown):
    assert [line for line in shown("<p>سلام</p>").complaints if "favicon" not in line] == []


@pytest.mark.parametrize(
    ("html", "noticed"),
    [
        ("<script>1</script>", "Content Security Policy"),
        ('<p style="color: red">سلام</p>', "Content Security Policy"),
        ('<img src="http://elsewhere.test/1.png" alt="">', "left the machine"),
        ('<img src="/missing.png" alt="">', "/missing.png: 404"),
    ],
)
def test_bad_page_is_noticed(shown, html, noticed):
    assert noticed in "\n".join(shown(html).complaints)


def test_page_that_shuts_people_out_is_refused(shown):
    with pytest.raises(AssertionError, match="label"):
        shown("<input name=username>")


def test_page_wider_than_the_screen_is_refused(shown):
    with pytest.raises(AssertionError, match="too wide"):
        shown("<svg width=3000 height=1></svg>")
