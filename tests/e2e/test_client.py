"""A front end of another origin: signs in, lists, searches and reads, where CORS_ORIGINS lets it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from cms.blocks import BodyBlock
from customer.models import Device
from tests.factories.content import make_body, make_document, make_image, make_media, make_page
from tests.factories.customer import PASSWORD, make_buyer

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parent / "client"


class Silent(SimpleHTTPRequestHandler):
    """A web server that knows nothing of the portal."""

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def front() -> Iterator[str]:
    """The address of the client's own server: another origin than the portal's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(FOLDER)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def article(sandbox, devices, settings, tmp_path):
    """Something for owners of the scanner, with every block; and something else for everybody."""
    settings.MEDIA_ROOT = tmp_path
    make_page(title="نگهداری روزانه", summary="گرد را پاک کنید")
    body = make_body(make_image(size=(1200, 900)), make_document(), make_media())
    return make_page(title="کالیبراسیون اسکنر", summary="هر ماه یک بار", models=[devices[1].model], body=body)


def open_client(page: Page, front: str, portal: str, more: str = "") -> None:
    page.goto(f"{front}/?portal={quote(portal, safe='')}{more}")


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.fill("[name=username]", "sara")
    page.fill("[name=password]", password)
    page.click("#sign-in button")


def test_it_signs_in_lists_searches_and_reads(page, front, live_server, article, settings, devices):
    settings.CORS_ORIGINS = [front]
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    open_client(page, front, live_server.url)
    sign_in(page)
    expect(page.locator("#list li")).to_have_text(["کالیبراسیون اسکنر", "نگهداری روزانه"])

    page.fill("[name=search]", "كاليبراسيون")
    page.click("#search button")
    expect(page.locator("#list li")).to_have_text(["کالیبراسیون اسکنر"])

    page.click("#list button")
    expect(page.locator("#state")).to_have_text("هر ماه یک بار")
    drawn = page.locator("[data-block]").evaluate_all("all => all.map(one => one.dataset.block)")
    assert drawn == list(BodyBlock().child_blocks)
    pictures = page.locator("#article img")
    expect(pictures).to_have_count(3)
    for number in range(3):
        assert pictures.nth(number).get_attribute("src").startswith("blob:")
        page.wait_for_function("n => document.querySelectorAll('#article img')[n].naturalWidth === 960", arg=number)
    assert pictures.nth(1).get_attribute("alt") == "نمای پشت"
    assert trouble == []

    Device.objects.filter(pk=devices[1].pk).update(owner=make_buyer())
    page.click("#list button")
    expect(page.locator("#state")).to_have_text("خطا: 404 not_found")


def test_without_a_token_it_is_refused(page, front, live_server, article, settings):
    settings.CORS_ORIGINS = [front]
    open_client(page, front, live_server.url, "&at-once")
    expect(page.locator("#state")).to_have_text("خطا: 401 not_authenticated")
    sign_in(page, "wrong-password")
    expect(page.locator("#state")).to_have_text("خطا: 401 sign_in.failed")
    expect(page.locator("#list li")).to_have_count(0)


@pytest.mark.parametrize("origins", [[], ["https://app.example"]])
def test_an_origin_that_is_not_named_gets_nothing(page, front, live_server, article, settings, origins):
    settings.CORS_ORIGINS = origins
    refused = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    open_client(page, front, live_server.url)
    sign_in(page)
    expect(page.locator("#state")).to_have_text(re.compile("Failed to fetch"))
    expect(page.locator("#list li")).to_have_count(0)
    assert any("CORS policy" in text for text in refused)
