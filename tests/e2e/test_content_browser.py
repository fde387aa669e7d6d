"""The knowledge base and the tutorials in a browser: looked at, voted on, watched."""

from __future__ import annotations

import io
import wave
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from cms.models import ArticleVote, KnowledgeIndexPage, TutorialChapter, TutorialIndexPage, WatchPosition
from cms.searching.index import recount_words, refresh
from tests.cms.texts import every_block
from tests.e2e.visitor import Visitor
from tests.factories.content import make_home, make_index
from tests.factories.customer import PASSWORD
from tests.factories.reading import (
    make_article,
    make_document,
    make_image,
    make_media,
    make_section,
    make_topic,
    make_tutorial,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
on_a_phone = pytest.mark.browser_context_args(**PHONE)
on_a_desk = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900})
in_the_dark = pytest.mark.browser_context_args(viewport={"width": 1280, "height": 900}, color_scheme="dark")
without_scripts = pytest.mark.browser_context_args(**PHONE, java_script_enabled=False)
SCREENS = [
    pytest.param("phone", marks=on_a_phone),
    pytest.param("desk", marks=on_a_desk),
    pytest.param("dark", marks=in_the_dark),
]
SECONDS = 60


def sound() -> bytes:
    """A minute of silence, which a browser plays as it plays a film."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(4000)
        file.writeframes(b"\x80" * 4000 * SECONDS)
    return data.getvalue()


def film():
    return make_media("کالیبراسیون محورها", content=sound(), duration=SECONDS, name="film.wav")


def wait_for_place(video, is_there) -> None:
    """Waits until the film is at such a second; the page's policy forbids Playwright's own way to wait for it."""
    for _ in range(100):
        if is_there(video.evaluate("film => film.currentTime")):
            return
        video.page.wait_for_timeout(100)
    pytest.fail(f"the film stands at {video.evaluate('film => film.currentTime')}")


@pytest.fixture
def article(devices, settings, tmp_path):
    """An article for Sara's milling machine with every kind of block that stays on the machine."""
    settings.MEDIA_ROOT = tmp_path
    make_home()
    for kind in (KnowledgeIndexPage, TutorialIndexPage):
        make_index(kind)
    model = devices[0].model
    section, topic = make_section("کالیبراسیون و دقت"), make_topic("کالیبراسیون")
    values = {"under": section, "topics": [topic], "device_models": [model]}
    other = make_article(title="نگهداری روزانه", summary="پنج دقیقه در پایان روز", **values)
    things = {"image": make_image(), "document": make_document(), "media": film(), "page": other}
    blocks = every_block(**things, say="کالیبراسیون محورها")
    return make_article(
        title="کالیبراسیون فرز پنج‌محوره",
        slug="calibration",
        summary="دقت دستگاه را در بیست دقیقه برگردانید.",
        body=[one for one in blocks if "aparat" not in str(one["value"])],
        **values,
    )


@pytest.fixture
def tutorial(article, devices):
    page = make_tutorial(
        title="کالیبراسیون، گام به گام", media=film(), poster=make_image(), device_models=[devices[0].model]
    )
    for start, title in ((0, "آماده‌سازی"), (30, "اندازه‌گیری")):
        TutorialChapter.objects.create(page=page, start_seconds=start, title=title)
    page.save_revision().publish()
    return page


@pytest.mark.parametrize("screen", SCREENS)
def test_article_is_found_read_and_voted_on(visitor: Visitor, article, tutorial, devices, screen):
    visitor.sign_in("sara", PASSWORD)
    visitor.press("section a:has-text('پایگاه دانش')", "/knowledge/")
    assert visitor.reads("برای دستگاه‌های من")
    visitor.page.locator(f"a.filter[href*='model={devices[0].model_id}']").click()
    visitor.page.wait_for_url("**/knowledge/?model=*")
    visitor.look("the list of one device")
    visitor.press(f"a[href='{article.url}']", article.url)
    visitor.page.locator(".toc a").first.click()
    assert "#s-" in visitor.page.url
    visitor.page.locator(".vote-no > summary").click()
    visitor.page.fill("#reason", "گام سوم تصویر ندارد")
    visitor.press(".vote-no button[type=submit]", article.url)
    visitor.page.wait_for_selector(".message")
    assert visitor.reads("نظر شما ثبت شد")
    assert list(ArticleVote.objects.values_list("helpful", "reason")) == [(False, "گام سوم تصویر ندارد")]
    visitor.press(f"a[href='{tutorial.url}']", tutorial.url)


@pytest.mark.parametrize("screen", SCREENS)
def test_misspelled_it_is_found_all_the_same(visitor: Visitor, article, tutorial, screen):
    """Arabic letters, no half-space and a slip of the finger; then nothing at all, which says what to do."""
    for page in (article, tutorial):
        refresh(page.pk)
    recount_words()
    visitor.sign_in("sara", PASSWORD)
    visitor.open("/knowledge/")
    field = visitor.page.locator("main input[name=q]").first
    field.fill("كاليبراسيون فرز پنجمحوره")
    field.press("Enter")
    visitor.page.wait_for_url("**/search/?q=*")
    visitor.look("hits")
    assert visitor.page.locator("main mark").count() > 0
    visitor.press("main a:has-text('کالیبراسیون فرز')", article.url)

    visitor.open(f"/search/?q={quote('قققغغغ')}")
    assert visitor.reads("چیزی پیدا نشد")
    visitor.press("main a[href='/knowledge/']", "/knowledge/")


@without_scripts
def test_search_needs_no_scripts(visitor: Visitor, article):
    refresh(article.pk)
    visitor.sign_in("sara", PASSWORD)
    visitor.open("/search/")
    visitor.page.fill("main input[name=q]", "کالیبراسیون")
    visitor.page.locator("main form:has(input[name=q]) [type=submit]").first.click()
    visitor.page.wait_for_url("**/search/?q=*")
    visitor.press("main a:has-text('کالیبراسیون فرز')", article.url)


@without_scripts
def test_everything_can_be_read_without_scripts(visitor: Visitor, article, tutorial):
    visitor.sign_in("sara", PASSWORD)
    visitor.open(article.url)
    visitor.page.locator(".vote-ways > form button").click()
    visitor.page.wait_for_selector(".message")
    assert list(ArticleVote.objects.values_list("helpful", flat=True)) == [True]
    visitor.open(tutorial.url)
    visitor.page.locator(".chapters a").nth(1).click()
    visitor.page.wait_for_url("**/?at=30#player")
    assert visitor.page.locator("video source").get_attribute("src").endswith("#t=30")


@on_a_phone
def test_film_goes_on_where_its_viewer_left(visitor: Visitor, tutorial):
    visitor.sign_in("sara", PASSWORD)
    visitor.open("/tutorials/")
    visitor.press(f"a[href='{tutorial.url}']", tutorial.url)
    video = visitor.page.locator("video")
    with visitor.page.expect_response("**/tutorials/positions/**") as told:
        visitor.page.locator(".chapters a").nth(1).click()
    assert told.value.status == 204
    video.evaluate("film => film.pause()")
    seconds, duration = WatchPosition.objects.values_list("seconds", "duration").get()
    assert (30 <= seconds < 45, duration) == (True, SECONDS)
    visitor.page.select_option("[data-speed]", "1.5")

    visitor.open(tutorial.url)
    expect(visitor.page.locator("[data-resumed]")).to_be_visible()
    wait_for_place(video, lambda seconds: seconds >= 30)
    assert video.evaluate("film => film.playbackRate") == 1.5
    visitor.page.locator("[data-resumed] button").click()
    wait_for_place(video, lambda seconds: seconds < 30)
    visitor.open("/tutorials/")
    assert visitor.reads("دیده شده")


@on_a_phone
def test_rest_of_the_navigation_opens_above_the_tabs(visitor: Visitor, article):
    visitor.sign_in("sara", PASSWORD)
    more = visitor.page.locator(".tabs .nav-more")
    more.locator("summary").click()
    visitor.look("the menu")
    expect(more.get_by_role("link", name="آموزش‌ها")).to_be_in_viewport()
    visitor.page.keyboard.press("Escape")
    expect(more.get_by_role("link", name="آموزش‌ها")).to_be_hidden()
    more.locator("summary").click()
    more.get_by_role("link", name="آموزش‌ها").click()
    visitor.page.wait_for_url("**/tutorials/")


@pytest.mark.parametrize("screen", SCREENS)
def test_visitor_reads_what_is_open(visitor: Visitor, article, screen):
    article.open_to_all = True
    article.save_revision().publish()
    visitor.open("/")
    visitor.press(f"a[href='{article.url}']", article.url)
    assert visitor.page.locator("#vote").count() == 0
    visitor.press("a[href='/login/']", "/login/")
