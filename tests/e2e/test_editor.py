"""An article from the first word to its readers: written, pasted into, previewed, reviewed, published, and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings as site_settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from playwright.sync_api import Page, expect

from cms.models import ArticlePage, KnowledgeIndexPage
from customer.models import DeviceModel
from customer.roles import Role
from portal.fonts import build_fonts
from tests.factories.content import make_home, make_index
from tests.factories.customer import PASSWORD, make_active_device, make_buyer, make_model, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = {"viewport": {"width": 1280, "height": 900}}
RIGHTS = {
    "0001_staff_groups": "make_groups",
    "0013_content_permissions": "give",
    "0016_review_of_pages": "make_workflow",
}
ZWNJ = "\u200c"
TITLE = "Filter of the spindle"
SUMMARY = "با ابزار ۱۰۲، در بیست دقیقه"
# What Word puts on the clipboard, with the letters of an Arabic keyboard.
WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>@font-face{font-family:Calibri}</style>'
    "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]--></head>"
    "<body lang=EN-US><!--StartFragment-->"
    '<p class=MsoNormal dir=RTL style="margin:0cm;text-align:right;mso-bidi-language:FA"><span lang=FA '
    "style='font-family:\"B Nazanin\";mso-ascii-font-family:Calibri;color:#C00000'>دستگاه را خاموش مي\u200cکنیم و "
    "<b>فيلتر</b>&nbsp;&nbsp; را برمي\u200cداريم.<o:p></o:p></span></p>"
    "<p class=MsoNormal dir=RTL><o:p>&nbsp;</o:p></p>"
    "<p class=MsoNormal dir=RTL style='text-align:right'><span lang=FA>فیلتر تازه را می\u200cگذاریم.<o:p></o:p></span>"
    "</p>"
    "<!--EndFragment--></body></html>"
)
PARAGRAPHS = [
    f"<p>دستگاه را خاموش می{ZWNJ}کنیم و <b>فیلتر</b> را برمی{ZWNJ}داریم.</p>",
    f"<p>فیلتر تازه را می{ZWNJ}گذاریم.</p>",
]
PASTE = """(editor, html) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/html", html);
    clipboardData.setData("text/plain", "-");
    editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def shelf(settings, live_server, transactional_db) -> KnowledgeIndexPage:
    """An empty knowledge base, and the groups and the review of the migrations, which other tests empty away."""
    make_home()
    if not Group.objects.filter(name=Role.EDITOR).exists():
        for migration, verb in RIGHTS.items():
            getattr(import_module(f"portal.migrations.{migration}"), verb)(apps, None)
    build_fonts(site_settings.STATIC_BUILD / "fonts")
    settings.PUBLIC_URL = live_server.url
    cache.clear()
    return make_index(KnowledgeIndexPage)


@pytest.fixture
def complaints() -> list[str]:
    """What browsers complain of."""
    return []


@pytest.fixture
def sign_in(new_context, live_server, complaints) -> Callable[..., Page]:
    """Somebody at a browser of his own, past the door."""

    def enter(user) -> Page:
        page = new_context(base_url=live_server.url, **DESK).new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.goto("/login/")
        page.fill("input[name=username]", user.username)
        page.fill("input[name=password]", PASSWORD)
        page.locator("form:has(input[name=password]) [type=submit]").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    return enter


def write(page: Page, model: DeviceModel) -> None:
    """Title, summary, a text pasted from Word, and whom it is for."""
    page.locator("#id_title").press_sequentially(TITLE)
    expect(page.locator("#id_slug")).to_have_value("filter-of-the-spindle")
    page.fill("#id_summary", SUMMARY)
    page.locator(".c-sf-add-button").first.click()
    page.get_by_role("option", name="متن").first.click()
    editor = page.locator(".Draftail-Editor [contenteditable=true]")
    editor.click()
    editor.evaluate(PASTE, WORD)
    blocks = editor.locator("[data-block]")
    expect(blocks).to_have_count(2)
    expect(blocks.first.locator("[style*='font-weight']")).to_have_text("فيلتر")
    expect(editor.locator("[style*=color], [style*=font-family], [class*=Mso]")).to_have_count(0)
    page.get_by_role("tab", name="مخاطبان").click()
    page.locator(f"[name=device_models][value='{model.pk}']").check()


def see_as(page: Page, username: str, *, says: str, hides: str) -> None:
    """The draft in the panel beside the form, through the eyes of a buyer."""
    reader = page.locator("#id_preview_buyer")
    reader.fill(username)
    reader.press("Enter")
    shown = page.frame_locator("#w-preview-iframe").locator("body")
    expect(shown).to_contain_text(says)
    expect(shown).not_to_contain_text(hides)


def act(page: Page, label: str) -> None:
    """Chooses an act from the menu at the foot of the form; the admin says that it is done."""
    menu = page.locator("footer", has=page.locator(".action-save"))
    menu.locator("[data-w-dropdown-target=toggle]").click()
    menu.get_by_role("button", name=label, exact=True).click()
    expect(page.locator(".messages .success")).to_contain_text(TITLE)


def test_from_the_first_word_to_the_readers(shelf, sign_in, complaints):
    device = make_active_device(make_buyer("sara"), model=make_model(name="M4"))
    sara, omid = device.owner, make_buyer("omid")

    desk = sign_in(make_staff(Role.EDITOR, username="editor", is_staff=True))
    desk.goto(f"/admin/pages/{shelf.pk}/")
    desk.locator(f"a[href='/admin/pages/{shelf.pk}/add_subpage/']").first.click()
    desk.locator(f"a[href^='/admin/pages/add/cms/articlepage/{shelf.pk}/']").first.click()
    write(desk, device.model)
    desk.locator("[data-side-panel-toggle=preview]").click()
    closed = "این خواننده اجازهٔ خواندن صفحه را ندارد"
    expect(desk.frame_locator("#w-preview-iframe").locator("body")).to_contain_text(SUMMARY)
    see_as(desk, "omid", says=closed, hides=SUMMARY)
    see_as(desk, "sara", says=SUMMARY, hides=closed)
    desk.locator("[data-side-panel-toggle=preview]").click()
    act(desk, "فرستادن برای بازبینی فنی")

    article = ArticlePage.objects.get()
    draft = article.get_latest_revision_as_object()
    assert (article.live, draft.slug) == (False, "filter-of-the-spindle")
    [text] = draft.body
    assert re.findall(r"<p\b.*?</p>", re.sub(r' data-block-key="\w+"', "", text.value.source)) == PARAGRAPHS

    reviewer = sign_in(make_staff(Role.ADMINISTRATOR, username="reviewer", is_staff=True))
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name=TITLE).first.click()
    act(reviewer, "تأیید و انتشار")
    article.refresh_from_db()
    assert article.live

    buyer = sign_in(sara.user)
    buyer.goto("/knowledge/")
    buyer.get_by_role("link", name=TITLE).first.click()
    body = buyer.locator("main")
    expect(body).to_contain_text(SUMMARY)
    expect(body.locator("p", has_text="فیلتر تازه را")).to_have_text(f"فیلتر تازه را می{ZWNJ}گذاریم.")
    expect(body.locator("p b", has_text="فیلتر")).to_have_count(1)

    assert complaints == []

    stranger = sign_in(omid.user)
    stranger.goto("/knowledge/")
    expect(stranger.locator("main")).not_to_contain_text(TITLE)
    answer = stranger.goto(article.url)
    assert answer.status == 404
    assert SUMMARY not in stranger.content()
