"""A person at a browser who looks closely at every page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response

PERSIAN = re.compile("[آ-ی]")
# What never ends (a spinner) is not waited for.
MOTION_OVER = """() => Promise.all(document.getAnimations()
    .filter((motion) => motion.effect.getComputedTiming().endTime !== Infinity)
    .map((motion) => motion.finished.catch(() => null)))"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Visitor:
    """Signed out at first. `complaints` gathers what no page may do, wherever it happens.

    `scripts`: whether the browser runs any; without them axe cannot look.
    """

    def __init__(self, page: Page, *, site: str, bank: str, scripts: bool = True) -> None:
        self.page, self.site, self.bank, self.scripts = page, site, bank, scripts
        self.complaints: list[str] = []
        self.visited: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        """Violations of the content security policy are errors here too."""
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.site}/", f"{self.bank}/", "data:", "blob:")):
            self.complaints.append(f"{self.page.url}: left the machine for {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.url}: {response.status}")

    # --- moving ------------------------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site}{path}")
        self.look(path)

    def press(self, selector: str, arrives_at: str) -> None:
        """Clicks and looks at the page that comes; `arrives_at` is a regular expression for its path."""
        self.page.locator(selector).first.click()
        self.page.wait_for_url(lambda url: re.fullmatch(arrives_at, urlsplit(url).path) is not None)
        self.look(arrives_at)

    def look(self, path: str) -> None:
        """No violation of accessibility, nothing wider than the screen, a title in Persian, the right direction."""
        page = self.page
        page.wait_for_load_state("load")
        if self.scripts:
            page.evaluate(MOTION_OVER)  # a message that is still fading in has too little contrast
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
            assert page.evaluate(OVERFLOW) <= 1, f"{path} is too wide"
        assert PERSIAN.search(page.title()), f"{path}: {page.title()}"
        assert page.locator("html").get_attribute("dir") == "rtl"
        self.visited.append(urlsplit(page.url).path)

    def reads(self, text: str) -> bool:
        """Whether the page says this, spaces of any kind counting as one."""
        said = re.sub(r"\s+", " ", self.page.locator("body").inner_text())
        return text in said

    # --- the way through the house -----------------------------------------------------------------------------------

    def sign_in(self, username: str, password: str) -> None:
        self.open("/login/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.press("form:has(input[name=password]) [type=submit]", "/dashboard/")

    def choose_two_years(self, device_id: int) -> str:
        """From the dashboard to the order; returns its number."""
        self.press(f"a[href='/devices/{device_id}/']", f"/devices/{device_id}/")
        self.press(f"a[href='/devices/{device_id}/service/']", f"/devices/{device_id}/service/")
        self.press("form:has(input[name=years][value='2']) [type=submit]", r"/orders/[\d-]+/")
        return urlsplit(self.page.url).path.split("/")[2]

    def go_to_the_bank(self) -> None:
        self.press("#pay [type=submit]", r"/zarinpal/pg/StartPay/A\w+")

    def answer_the_bank(self, result: str, number: str) -> None:
        self.press(f"button[name=result][value={result}]", f"/orders/{number}/")
