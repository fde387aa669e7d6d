"""A buyer asks for help in a browser: two photos over a bad line, an answer that appears, a verdict."""

from __future__ import annotations

import random
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import FileSystemStorage
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, Route, expect

from customer.models import Device
from integrations.outbox import deliver_due
from support.models import Attachment, Ticket, TicketDraft
from support.services import attachment as files
from support.services.ticket import close_ticket
from tests.e2e.visitor import Visitor
from tests.factories.customer import PASSWORD, make_staff
from tests.factories.support import actor_of, answer, make_ticket, note

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
on_a_phone = pytest.mark.browser_context_args(**PHONE)
on_a_desk = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900})
in_the_dark = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900}, color_scheme="dark")
without_scripts = pytest.mark.browser_context_args(**PHONE, java_script_enabled=False)
TITLE, TEXT = "خطای E12 هنگام کالیبراسیون", "از دیروز محور چهارم صفر نمی‌شود."
ADDED = " چراغ قرمز هم چشمک می‌زند."
REPLY = "لطفاً کابل انکودر را یک بار جدا و دوباره وصل کنید."


@pytest.fixture(autouse=True)
def _store(monkeypatch, tmp_path, settings):
    settings.TICKET_UNDO = timedelta(0)  # an answer arrives at once
    storage = FileSystemStorage(location=tmp_path)
    monkeypatch.setattr(Attachment._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(files, "private_storage", lambda: storage)


@pytest.fixture
def agent(transactional_db):
    """Of no group: those of the migrations are gone after a test that empties every table."""
    return make_staff(is_staff=True, first_name="نگار")


def photo(seed: int) -> bytes:
    """A picture as large as two pieces of an upload."""
    noise = Image.frombytes("RGB", (1200, 1000), random.Random(seed).randbytes(1200 * 1000 * 3))
    data = BytesIO()
    noise.save(data, "JPEG", quality=90)
    return data.getvalue()


def photos() -> list[dict]:
    return [{"name": f"عکس {n}.jpg", "mimeType": "image/jpeg", "buffer": photo(n)} for n in (1, 2)]


def slow_down(page: Page) -> None:
    """A phone with few bars."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    conditions = {"offline": False, "latency": 60, "downloadThroughput": 1_500_000, "uploadThroughput": 900_000}
    line.send("Network.emulateNetworkConditions", conditions)


def drop_once(page: Page, uploads: str = "**/attachments/uploads/*/") -> list[str]:
    """The line drops in the middle of the first photo, once; the pieces that were sent."""
    sent: list[str] = []

    def on_piece(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        sent.append(route.request.headers["upload-offset"])
        if len(sent) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(uploads, on_piece)
    return sent


def forgive(visitor: Visitor, said: str) -> int:
    """Forgets the complaints that the test has caused itself; how many there were."""
    caused = [complaint for complaint in visitor.complaints if said in complaint]
    visitor.complaints = [complaint for complaint in visitor.complaints if complaint not in caused]
    return len(caused)


def say_what_is_wrong(visitor: Visitor, device: Device) -> None:
    visitor.open("/tickets/")
    visitor.press("a[href='/tickets/new/']", "/tickets/new/")
    visitor.page.check(f"input[name=device][value='{device.pk}']")
    visitor.page.fill("input[name=title]", TITLE)
    visitor.page.fill("textarea[name=description]", TEXT)


def close_and_rate(visitor: Visitor, url: str) -> Ticket:
    page = visitor.page
    page.locator("a[href='#close']").click()
    visitor.press("dialog#close [type=submit]", url)
    expect(page.locator("#rate")).to_be_visible()
    page.locator("label[for='stars-4']").click()
    page.fill("#rate textarea", "سریع بود.")
    visitor.press("#rate [type=submit]", url)
    return Ticket.objects.get()


@pytest.mark.parametrize(
    "screen",
    [
        pytest.param("phone", marks=on_a_phone),
        pytest.param("desk", marks=on_a_desk),
        pytest.param("dark", marks=in_the_dark),
    ],
)
def test_from_two_photos_on_a_bad_line_to_the_verdict(visitor: Visitor, devices, agent, sandbox, screen):
    page = visitor.page
    visitor.sign_in("sara", PASSWORD)
    slow_down(page)
    sent = drop_once(page)
    say_what_is_wrong(visitor, devices[0])
    page.set_input_files("input[type=file]", photos())
    expect(page.locator("[data-list] li")).to_have_count(2)
    expect(page.locator("[data-list] progress").first).to_be_visible()
    expect(page.locator("[data-list] input[name=attachments]")).to_have_count(2, timeout=60_000)
    assert forgive(visitor, "net::ERR_CONNECTION_RESET") == 1
    assert sent[1] == sent[2] != "0"  # it went on where it stood
    expect(page.locator("[data-draft-status]")).to_have_text("متن شما نگه داشته شد.")
    assert TicketDraft.objects.get().body == TEXT
    visitor.look("/tickets/new/")

    # Without a line for a moment: what is typed stays on the phone, the page is lost, and all comes back.
    page.context.set_offline(True)
    page.locator("textarea[name=description]").press_sequentially(ADDED)
    page.locator("form[data-drafts] [type=submit]").click()
    expect(page.locator("[data-draft-status]")).to_contain_text("اتصال")
    page.context.set_offline(False)
    page.reload()
    forgive(visitor, "net::ERR_INTERNET_DISCONNECTED")
    expect(page.locator("textarea[name=description]")).to_have_value(TEXT + ADDED)
    expect(page.locator("[data-list] input[name=attachments]")).to_have_count(2)
    visitor.press("form[data-drafts] [type=submit]", r"/tickets/[\d-]+/")

    ticket = Ticket.objects.get()
    url = f"/tickets/{ticket.number}/"
    assert (ticket.description, ticket.attachments.count()) == (TEXT + ADDED, 2)
    assert not TicketDraft.objects.exists()
    pictures = page.locator(".talk img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 1200
    assert page.evaluate("Object.keys(localStorage).length") == 0
    expect(page.locator(".due")).to_be_visible()

    # Support notes something among itself and answers; the page that stands open shows the answer by itself.
    page.evaluate("document.documentElement.dataset.stays = 'yes'")
    note(ticket, agent, "مشتری عصبانی است.")
    told = answer(ticket, agent, REPLY, now=timezone.now())
    expect(page.locator(f"#m{told.pk}")).to_contain_text(REPLY, timeout=30_000)
    assert page.locator("html").get_attribute("data-stays") == "yes"
    expect(page.locator("[data-news-state]")).to_contain_text("پاسخ داده‌شده")
    expect(page.locator(".due")).to_have_count(0)
    expect(page.locator(".bubble-mine .bubble-mark").first).to_contain_text("دیده")
    visitor.look(url)
    assert not visitor.reads("عصبانی")
    deliver_due()
    [sms] = sandbox.snapshot()["sms"]
    assert f"{url}#m{told.pk}" in str(sms)

    ticket = close_and_rate(visitor, url)
    assert (ticket.closed_why, ticket.rating, ticket.rating_note) == ("by_buyer", 4, "سریع بود.")
    assert visitor.reads("۴ از ۵")
    visitor.open(f"{url}print/")
    visitor.open("/tickets/?status=closed")
    assert visitor.reads(TITLE)
    visitor.open("/dashboard/")


@without_scripts
def test_the_same_without_scripts(visitor: Visitor, devices, agent):
    page = visitor.page
    visitor.sign_in("sara", PASSWORD)
    say_what_is_wrong(visitor, devices[0])
    page.set_input_files("input[type=file]", photos())
    page.fill("input[name=title]", "")
    page.locator("form[enctype] [type=submit]").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    assert forgive(visitor, "/tickets/new/: 400") == 1
    forgive(visitor, "status of 400")
    # What was typed and uploaded is still there.
    expect(page.locator("textarea[name=description]")).to_have_value(TEXT)
    expect(page.locator("[data-list] input[name=attachments]:checked")).to_have_count(2)
    page.fill("input[name=title]", TITLE)
    visitor.press("form[enctype] [type=submit]", r"/tickets/[\d-]+/")
    ticket = Ticket.objects.get()
    url = f"/tickets/{ticket.number}/"
    assert ticket.attachments.count() == 2
    answer(ticket, agent, REPLY, now=timezone.now())
    visitor.open("/tickets/?status=unread")
    visitor.press(f"a.row-unread[href='{url}']", url)
    assert visitor.reads(REPLY)
    page.fill("#reply textarea", "درست شد.")
    visitor.press("#reply [type=submit]", url)
    assert close_and_rate(visitor, url).rating == 4
    assert visitor.reads("۴ از ۵")


@on_a_phone
def test_the_gate_says_why_and_leads_on(visitor: Visitor, devices):
    visitor.sign_in("sara", PASSWORD)
    visitor.open("/tickets/new/")
    shut = visitor.page.locator(".choice-shut")
    expect(shut).to_contain_text("i700")
    assert shut.locator("input").count() == 0
    visitor.press(".choice-shut a", f"/devices/{devices[1].pk}/service/")


@on_a_phone
def test_what_is_being_written_stays_when_the_ticket_is_closed_meanwhile(visitor: Visitor, devices, agent):
    page, ticket = visitor.page, make_ticket(device=devices[0])
    url = f"/tickets/{ticket.number}/"
    visitor.sign_in("sara", PASSWORD)
    visitor.open(url)
    page.fill("#reply textarea", "یک چیز دیگر")
    close_ticket(number=ticket.number, why=Ticket.ClosedWhy.SOLVED, actor=actor_of(agent), now=timezone.now())
    page.locator("#reply [type=submit]").click()
    expect(page.locator(".kept-text")).to_have_text("یک چیز دیگر")
    assert forgive(visitor, f"{url}: 409") == 1
    forgive(visitor, "status of 409")
    visitor.look(url)
