"""The desk in a browser: an agent answers with the keyboard, thinks better of it, and keeps a secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as site_settings
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Route, expect

from customer.models import User
from portal.fonts import build_fonts
from support.models import Attachment, CannedReply, Message, SavedFilter, Ticket
from support.services import attachment as files
from tests.e2e.test_tickets import drop_once, forgive, photos
from tests.e2e.visitor import MOTION_OVER, OVERFLOW
from tests.factories.content import make_home, make_page
from tests.factories.customer import PASSWORD, make_buyer, make_staff
from tests.factories.support import answer, make_covered_device, make_ticket, reply

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
MAY = ["access_admin", "view_ticket", "read_conversation", "answer_ticket", "assign_ticket", "merge_ticket"]
MAY += ["view_worklog", "add_worklog", "view_slapolicy", "add_savedfilter", "delete_savedfilter", "view_buyer"]
SECRET = "مشتری بدقول است؛ تلفنی پیگیری شود"


@pytest.fixture(autouse=True)
def _fresh(settings, live_server, transactional_db):
    make_home()
    build_fonts(site_settings.STATIC_BUILD / "fonts")
    settings.PUBLIC_URL = live_server.url
    cache.clear()


@pytest.fixture
def _store(monkeypatch, tmp_path):
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


def make_agent(first_name: str = "نگار", last_name: str = "سلیمی") -> User:
    """The groups of the migrations are gone after a test that empties every table: the permissions one by one."""
    agent = make_staff(is_staff=True, first_name=first_name, last_name=last_name)
    agent.user_permissions.set(Permission.objects.filter(codename__in=MAY))
    return agent


class Person:
    """Somebody at a browser of his own. Whatever the browser complains of fails the next look."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.page: Page = context.new_page()
        self.site = site
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site}{path}")
        self.look()

    def look(self) -> None:
        """No violation of accessibility, nothing wider than the screen, no complaint."""
        self.page.wait_for_load_state("load")
        self.page.evaluate(MOTION_OVER)
        found = Axe().run(self.page)
        assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        assert self.page.evaluate(OVERFLOW) <= 1, f"{self.page.url} is too wide"
        assert self.complaints == []

    def reads(self, text: str) -> bool:
        return text in re.sub(r"\s+", " ", self.page.locator("body").inner_text())

    def key(self, name: str) -> None:
        self.page.keyboard.press(name)


@pytest.fixture
def person(new_context, live_server) -> Callable[..., Person]:
    """Signs somebody in, at a desk unless told otherwise."""

    def make(user, screen: dict = DESK) -> Person:
        somebody = Person(new_context(**screen), live_server.url)
        page = somebody.page
        page.goto(f"{live_server.url}/login/")
        page.fill("input[name=username]", user.username)
        page.fill("input[name=password]", PASSWORD)
        page.locator("form:has(input[name=password]) [type=submit]").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return somebody

    return make


@pytest.fixture
def ticket() -> Ticket:
    sara = make_buyer("sara", first_name="سارا", last_name="رستگار")
    return make_ticket(device=make_covered_device(sara), title="خطای E12 هنگام صفر کردن", importance="urgent")


def test_an_agent_answers_takes_back_and_keeps_a_secret(person, ticket, settings):
    settings.TICKET_UNDO = timedelta(seconds=60)  # looking closely takes longer than the usual ten
    agent = make_agent()
    make_ticket(ticket.buyer, title="درخواست آموزش", importance="low")
    CannedReply.objects.create(title="درخواست عکس", body="سلام {buyer}، لطفاً از خطا عکس بفرستید. {agent}")
    desk, buyer = person(agent), person(ticket.buyer.user, PHONE)

    # From the queue, with the keyboard only.
    desk.open("/admin/tickets/")
    desk.key("j")
    desk.key("Enter")
    expect(desk.page.locator("#talk")).to_be_visible()
    desk.look()

    # A canned reply, sent and taken back.
    desk.key("r")
    expect(desk.page.locator("#id_body")).to_be_focused()
    desk.page.locator("[data-desk-canned] summary").click()
    desk.page.get_by_role("button", name="درخواست عکس").click()
    filled = "سلام سارا رستگار، لطفاً از خطا عکس بفرستید. نگار سلیمی"
    expect(desk.page.locator("#id_body")).to_have_value(filled)
    desk.key("Control+Enter")
    undo = desk.page.locator("[data-desk-undo]")
    expect(undo).to_be_visible()
    desk.look()
    buyer.open(f"/tickets/{ticket.number}/")
    assert not buyer.reads(filled)
    undo.get_by_role("button").click()
    expect(undo).to_have_count(0)
    expect(desk.page.locator("#id_body")).to_have_value(filled)
    assert not Message.objects.exists()

    # A note, which looks different and stays inside.
    desk.page.locator("#id_body").fill("")
    desk.page.locator("h1").click()
    desk.key("n")
    desk.page.locator("#id_body").fill(SECRET)
    desk.look()
    desk.page.get_by_role("button", name="ثبت یادداشت").click()
    expect(desk.page.locator(".desk-said-note")).to_have_count(1)

    # The answer, for good.
    settings.TICKET_UNDO = timedelta(seconds=4)
    desk.page.locator("label[for=id_kind_reply]").click()
    desk.page.locator("#id_body").fill("نسخهٔ ۴٫۲ را نصب کنید.")
    desk.page.get_by_role("button", name="ارسال پاسخ").click()
    expect(desk.page.locator(".desk-said-staff")).to_have_count(1)
    expect(desk.page.locator("[data-desk-undo]")).to_have_count(0, timeout=15_000)
    buyer.open(f"/tickets/{ticket.number}/")
    assert buyer.reads("نسخهٔ ۴٫۲ را نصب کنید.")
    for path in (f"/tickets/{ticket.number}/", f"/tickets/{ticket.number}/print/", "/tickets/?q=بدقول", "/dashboard/"):
        buyer.open(path)
        assert SECRET not in buyer.page.content(), path
    assert ticket.number not in buyer.page.request.get(f"{buyer.site}/tickets/?q=بدقول").text()

    # What the buyer says comes without a reload.
    reply(ticket, "نصب شد، سپاس")
    expect(desk.page.locator("#talk")).to_contain_text("نصب شد، سپاس", timeout=30_000)
    desk.look()


def test_keys_rest_while_something_is_typed_and_work_in_any_layout(person, ticket):
    desk = person(make_agent())
    desk.open(f"/admin/tickets/{ticket.number}/")
    desk.key("r")
    desk.page.locator("#id_body").type("nnn u a c")
    expect(desk.page.locator("#id_body")).to_have_value("nnn u a c")
    expect(desk.page.locator("#id_kind_reply")).to_be_checked()
    expect(desk.page.locator("details.desk-act[open]")).to_have_count(0)
    # On a Persian layout the key that is called N writes another letter; its place is the same.
    desk.page.locator("h1").click()
    desk.page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'د', code: 'KeyN', bubbles: true}))"
    )
    expect(desk.page.locator("#id_kind_note")).to_be_checked()
    expect(desk.page.locator("[data-desk-draft]")).to_contain_text("پیش‌نویس", timeout=10_000)
    desk.page.reload()
    expect(desk.page.locator("#id_body")).to_have_value("nnn u a c")
    desk.page.locator("h1").click()
    desk.key("Shift+Slash")
    expect(desk.page.locator("[data-desk-shortcuts]")).to_be_visible()
    desk.look()
    desk.key("Escape")
    desk.key("a")
    expect(desk.page.locator("#id_assignform_assignee")).to_be_focused()
    desk.page.locator("h1").click()
    desk.key("u")
    desk.page.wait_for_url("**/admin/tickets/")


def test_two_agents_learn_of_each_other_and_do_not_collide(person, ticket):
    first, second = person(make_agent()), person(make_agent(first_name="بهرام", last_name="توکلی"))
    first.open(f"/admin/tickets/{ticket.number}/")
    second.open(f"/admin/tickets/{ticket.number}/")
    second.page.locator("#id_body").type("دارم می‌نویسم")
    expect(first.page.locator("[data-desk-colleagues]")).to_contain_text("بهرام توکلی", timeout=20_000)
    # While the other's page sleeps, an answer is given: what he then sends is held back and kept.
    seen = second.page.locator("[name=last_seen]").input_value()
    second.page.route("**/pulse/", lambda route: route.abort())
    answer(ticket, make_agent(first_name="سهیل"), "من پاسخ دادم")
    second.page.evaluate(f"document.querySelector('[name=last_seen]').value = '{seen}'")
    second.page.get_by_role("button", name="ارسال پاسخ").click()
    expect(second.page.locator("#say [role=alert]")).to_be_visible()
    expect(second.page.locator("#id_body")).to_have_value("دارم می‌نویسم")
    expect(second.page.locator("#talk")).to_contain_text("من پاسخ دادم")


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.usefixtures("_store")
def test_an_agent_sends_files_over_a_line_that_breaks_and_takes_them_back(person, ticket, settings, screen):
    settings.TICKET_UNDO = timedelta(seconds=60)
    desk = person(make_agent(), screen)
    desk.open(f"/admin/tickets/{ticket.number}/")
    ready = desk.page.locator("[data-list] input[name=attachments]")
    sent = drop_once(desk.page, "**/admin/tickets/files/uploads/*/")
    desk.page.set_input_files("input[name=attachments]", photos())
    expect(desk.page.locator("[data-list] li")).to_have_count(2)
    # Sent too early, it waits for its files and goes by itself.
    desk.page.locator("#id_body").fill("نقشهٔ اتصال را ببینید.")
    desk.page.get_by_role("button", name="ارسال پاسخ").click()
    undo = desk.page.locator("[data-desk-undo]")
    expect(undo).to_be_visible(timeout=60_000)
    assert forgive(desk, "net::ERR_CONNECTION_RESET") == 1
    assert sent[1] == sent[2] != "0"  # it went on where it stood
    message = Message.objects.get()
    assert (message.attachments.count(), Attachment.objects.count()) == (2, 2)
    expect(desk.page.locator(".desk-said-staff img")).to_have_count(2)
    expect(desk.page.locator("[data-list] li")).to_have_count(0)
    desk.look()

    # Taken back, text and files stand there again; one file is left out.
    undo.get_by_role("button").click()
    expect(undo).to_have_count(0)
    expect(ready).to_have_count(2)
    ready.first.uncheck()
    desk.look()

    # A third comes from the clipboard; the page is lost, and what was ready is there again.
    desk.page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["E12"], "log.txt", {type: "text/plain"}));
          const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.querySelector("#id_body").dispatchEvent(paste);
        }"""
    )
    expect(ready).to_have_count(3)
    desk.page.reload()
    expect(ready).to_have_count(3)
    ready.first.uncheck()
    desk.page.get_by_role("button", name="ارسال پاسخ").click()
    expect(undo).to_be_visible()
    assert sorted(Message.objects.get().attachments.values_list("name", flat=True)) == ["log.txt", "عکس 2.jpg"]
    assert desk.page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('files:')).length") == 0


def test_an_answer_that_is_sent_again_after_a_lost_reply_is_said_once(person, ticket, settings):
    settings.TICKET_UNDO = timedelta(seconds=60)
    desk = person(make_agent())
    desk.open(f"/admin/tickets/{ticket.number}/")
    heard = lose_the_answer(desk.page, "**/say/")
    desk.page.locator("#id_body").fill("نسخهٔ ۴٫۲ را نصب کنید.")
    desk.page.get_by_role("button", name="ارسال پاسخ").click()
    desk.page.wait_for_url("chrome-error://**")
    assert Message.objects.count() == 1
    desk.page.reload()  # which sends the form again
    assert heard == [heard[0]] * 2
    expect(desk.page.locator(".desk-said-staff")).to_have_count(1)
    assert Message.objects.count() == 1


def lose_the_answer(page: Page, address: str) -> list[str]:
    """The server hears what is sent, but the browser does not hear the first answer; what was sent."""
    heard: list[str] = []

    def on_form(route: Route) -> None:
        heard.append(route.request.post_data or "")
        if len(heard) > 1:
            route.continue_()
            return
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route(address, on_form)
    return heard


def test_an_article_is_found_and_linked(person, ticket):
    make_page(title="کالیبراسیون محور چهارم")
    desk = person(make_agent())
    desk.open(f"/admin/tickets/{ticket.number}/")
    desk.key("l")
    desk.page.locator("#id_article").type("کالیبراسیون")
    desk.page.locator("[data-desk-found] button").first.click()
    text = desk.page.locator("#id_body").input_value()
    assert "کالیبراسیون محور چهارم" in text
    assert f"{desk.site}/knowledge" in text or f"{desk.site}/" in text


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_queue_ticket_and_reports_fit_the_screen(person, ticket, screen):
    agent = make_agent()
    SavedFilter.objects.create(owner=agent, name="فوری‌ها", query="importance=urgent")
    desk = person(agent, screen)
    for path in ("/admin/tickets/?importance=urgent", f"/admin/tickets/{ticket.number}/", "/admin/ticket-reports/"):
        desk.open(path)
    desk.open("/admin/tickets/")
    desk.page.locator("[name=numbers]").first.check()
    desk.page.locator("[name=do][value=assign]").click()
    desk.page.wait_for_load_state("load")
    assert Ticket.objects.get().assignee == agent
    assert timezone.now() > Ticket.objects.get().created_at
