"""Articles, tutorials and their lists, as each kind of reader finds them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import PageViewRestriction

from cms.models import ArticleDownload, PortalSettings, RelatedItem, TutorialChapter, WatchPosition
from cms.page_cache import content_changed
from customer.roles import Role
from tests.cms.texts import every_block
from tests.factories.customer import make_active_device, make_buyer, make_device, make_model, make_staff
from tests.factories.reading import (
    block,
    make_article,
    make_document,
    make_image,
    make_media,
    make_section,
    make_topic,
    make_tutorial,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


@pytest.fixture
def device(buyer):
    return make_active_device(buyer)


def titles(html: str, label: str) -> list[str]:
    """The pages that the section with this id lists."""
    part = html.split(f'aria-labelledby="{label}"')[1].split("</section>", maxsplit=1)[0]
    return [a or b for a, b in re.findall(r"<h3><a[^>]*>(.*?)</a>|<b>(.*?)</b>", part)]


def see(client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


# --- who reads -------------------------------------------------------------------------------------------------------


def test_article_for_a_model_is_read_by_its_owners_only(client, buyer, device):
    mine, theirs = make_article(device_models=[device.model]), make_article(device_models=[make_model()])
    by_type = make_article(device_types=[device.model.device_type])
    assert [client.get(page.url).status_code for page in (mine, by_type, theirs)] == [200, 200, 404]
    client.logout()
    assert [client.get(page.url).status_code for page in (mine, by_type, theirs)] == [302, 302, 302]
    client.force_login(make_staff(Role.EDITOR))
    assert [client.get(page.url).status_code for page in (mine, by_type, theirs)] == [200, 200, 200]


def test_draft_is_read_by_nobody_here(client, buyer):
    page = make_article()
    page.unpublish()
    assert client.get(page.url).status_code == 404


def test_page_under_wagtails_own_lock_stays_locked(client, buyer):
    page = make_article(body=[block("text", "<p>پنهان</p>")])
    assert "پنهان" in see(client, page.url)
    PageViewRestriction.objects.create(page_id=page.pk, restriction_type="password", password="x")
    response = client.get(page.url)
    assert response.status_code in {302, 404} or "پنهان" not in response.content.decode()


@pytest.mark.parametrize("path", ["/knowledge/", "/tutorials/"])
def test_lists_are_for_people_who_have_signed_in(client, path):
    assert client.get(path)["Location"] == f"/login/?next={path}"
    client.force_login(make_staff(Role.EDITOR))
    assert client.get(path).status_code == 200


# --- the lists -------------------------------------------------------------------------------------------------------


def test_index_begins_with_what_is_for_my_devices(client, device):
    make_article(title="برای همه")
    make_article(title="برای من", device_models=[device.model])
    make_article(title="برای دیگری", device_models=[make_model()])
    html = see(client, "/knowledge/")
    assert titles(html, "mine") == ["برای من"]
    assert titles(html, "list") == ["برای من", "برای همه"]
    assert f'href="?model={device.model_id}"' in html


def test_sections_tell_how_much_a_reader_finds_there(client, device):
    first, second, _empty = make_section("نصب"), make_section("خطا"), make_section("خالی")
    for _ in range(2):
        make_article(under=first)
    make_article(under=first, device_models=[make_model()])
    make_article(under=second, device_types=[device.model.device_type])
    html = see(client, "/knowledge/")
    part = html.split('aria-labelledby="sections"')[1].split("</section>")[0]
    assert re.findall(r"<b>(.*?)</b><span class=\"muted\">(.*?)</span>", part) == [
        ("نصب", "۲ مقاله"),
        ("خطا", "۱ مقاله"),
    ]


@pytest.mark.parametrize("way", ["model", "device_type", "topic"])
def test_list_is_narrowed(client, device, way):
    topic, model = make_topic(), device.model
    by_model = make_article(title="مدل", device_models=[model], topics=[topic])
    make_article(title="نوع", device_types=[model.device_type])
    make_article(title="همه")
    value = {"model": model.pk, "device_type": model.device_type.slug, "topic": topic.slug}[way]
    found = titles(see(client, f"/knowledge/?{way}={value}"), "list")
    assert found == ([by_model.title] if way == "topic" else ["نوع", "مدل"])


def my_models(html: str) -> list[tuple[str, bool]]:
    """The models by which a list is narrowed, and whether it is now."""
    links = re.findall(r'<a class="filter" href="[^"]*"( aria-current="true")?>(.*?)</a>', html)
    return [(re.sub(r"<.*>", "", label), bool(current)) for current, label in links[1:]]


@pytest.mark.parametrize("path", ["/knowledge/", "/tutorials/", "/knowledge/one/"])
def test_lists_are_narrowed_by_the_models_of_each_reader(client, buyer, device, path):
    make_section(slug="one")
    model = device.model
    assert my_models(see(client, path)) == [(str(model), False)]
    assert my_models(see(client, f"{path}?model={model.pk}")) == [(str(model), True)]
    assert my_models(see(client, path)) == [(str(model), False)]
    model.name = "نو"
    model.save()
    assert my_models(see(client, path)) == [(f"{model.brand} نو", False)]
    other = make_active_device(make_buyer())
    client.force_login(other.owner.user)
    assert my_models(see(client, path)) == [(str(other.model), False)]
    client.force_login(make_buyer().user)
    assert my_models(see(client, path)) == []


@pytest.mark.parametrize("wish", ["model={0.pk}", "device_type={0.device_type.slug}", "model={0.pk}&page=2", ""])
def test_the_link_to_all_leaves_every_narrowing_behind(client, device, wish):
    """The kept piece knows no path: a browser takes `?` as this page without a query, and nothing as this address."""
    make_article(title="همه")
    query = wish.format(device.model)
    here = f"/knowledge/?{query}" if query else "/knowledge/"
    [link] = re.findall(r'<a class="filter" href="([^"]*)"(?: aria-current="true")?>همه</a>', see(client, here))
    assert link == ("?" if query else "")
    assert "همه" in titles(see(client, f"/knowledge/{link}"), "list")


@pytest.mark.parametrize("query", ["topic=x", "device_type=x", "model=999999", "page=9&topic=x"])
def test_what_finds_nothing_says_so(client, buyer, query):
    make_article()
    html = see(client, f"/knowledge/?{query}")
    assert "مقاله‌ای با این انتخاب پیدا نشد" in html


@pytest.mark.parametrize("query", ["model=x", "model=۱", "page=x", "page=-1", "topic=%00", "model=" + "9" * 40])
def test_nonsense_in_the_address_is_passed_over(client, buyer, query):
    make_article(title="هست")
    assert "هست" in see(client, f"/knowledge/?{query}")


def test_empty_lists_say_what_will_come(client, buyer):
    section = make_section()
    assert "هنوز مقاله‌ای منتشر نشده است" in see(client, "/knowledge/")
    assert "این بخش هنوز خالی است" in see(client, section.url)
    assert "هنوز آموزشی منتشر نشده است" in see(client, "/tutorials/")


def test_long_section_has_pages(client, buyer):
    section = make_section()
    for number in range(14):
        make_article(title=f"مقالهٔ {number}", under=section)
    html = see(client, section.url)
    assert "صفحهٔ ۱ از ۲" in html
    assert len(re.findall(r"<b>مقالهٔ \d+</b>", html)) == 12
    for _ in range(2):  # counted, then from memory
        assert re.findall(r"<b>(مقالهٔ \d+)</b>", see(client, f"{section.url}?page=2")) == ["مقالهٔ 1", "مقالهٔ 0"]
    assert re.findall(r"<b>(مقالهٔ \d+)</b>", see(client, f"{section.url}?page=99")) == ["مقالهٔ 1", "مقالهٔ 0"]


def test_buyers_with_other_devices_do_not_share_a_count(client, buyer, device):
    section = make_section()
    for _ in range(13):
        make_article(under=section, device_models=[device.model])
    assert "صفحهٔ ۱ از ۲" in see(client, section.url)
    client.force_login(make_buyer().user)
    assert "این بخش هنوز خالی است" in see(client, section.url)


def test_tutorials_tell_how_far_the_viewer_has_come(client, buyer):
    page = make_tutorial(media=make_media(duration=300), poster=make_image())
    WatchPosition.objects.create(buyer=buyer, page=page, seconds=180, duration=300, updated_at=page.last_published_at)
    WatchPosition.objects.create(
        buyer=make_buyer(), page=make_tutorial(), seconds=30, duration=300, updated_at=page.last_published_at
    )
    html = see(client, "/tutorials/")
    assert re.findall(r">([۰-۹]+٪) دیده شده</p>", html) == ["۶۰٪"]
    assert "۵:۰۰" in html


# --- an article ------------------------------------------------------------------------------------------------------


def test_article_tells_what_it_is_about(client, device):
    topic = make_topic("کالیبراسیون")
    page = make_article(
        summary="چکیده", device_models=[device.model], topics=[topic], body=[block("heading", "نصب دستگاه")]
    )
    html = see(client, page.url)
    assert str(device.model) in html
    assert f'href="/knowledge/?topic={topic.slug}"' in html
    assert "۱ دقیقه برای خواندن" in html
    assert '<h2 id="s-نصب-دستگاه"' in html
    assert '<a href="#s-نصب-دستگاه">نصب دستگاه</a>' in html
    assert re.search(r"به‌روز شده در [۰-۹]+ \w+ [۰-۹]{4}", html)


def test_downloads_stand_by_model_and_newest_first(client, device):
    page = make_article()
    document = make_document("میان‌افزار")
    for model, version in ((device.model, "4.9"), (device.model, "4.10"), (None, "1.0")):
        ArticleDownload.objects.create(page=page, document=document, device_model=model, software_version=version)
    page.save_revision().publish()
    part = see(client, page.url).split('id="downloads"')[1].split("</section>")[0]
    assert re.findall(r'class="code">([\d.]+)<', part) == ["1.0", "4.10", "4.9"]
    assert part.count(str(device.model)) == 2
    assert part.count(document.url) == 3


def test_downloads_are_shown_anew_when_they_change(client, device):
    page = make_article()
    row = ArticleDownload.objects.create(page=page, document=make_document(), software_version="4.9", note="<b>الف")
    page.save_revision().publish()
    html = see(client, page.url)
    assert 'class="code">4.9<' in html
    assert "&lt;b&gt;الف" in html
    row.software_version = "4.10"
    row.save()
    page.save_revision().publish()
    html = see(client, page.url)
    assert 'class="code">4.9<' not in html
    row.document.delete()
    assert 'id="downloads"' not in see(client, page.url)


def test_related_pages_are_what_the_editor_chose(client, device):
    topic = make_topic()
    first, second, hidden = make_article(), make_tutorial(), make_article(device_models=[make_model()])
    make_article(title="خودکار", topics=[topic])
    page = make_article(topics=[topic])
    for order, target in enumerate([second, hidden, first]):
        RelatedItem.objects.create(page=page, target=target, sort_order=order)
    page.save_revision().publish()
    assert titles(see(client, page.url), "related") == [second.title, first.title]


def test_related_pages_share_a_topic_or_a_device_otherwise(client, device):
    topic = make_topic()
    by_topic, by_device = make_article(topics=[topic]), make_article(device_models=[device.model])
    make_article()
    make_article(topics=[topic], device_models=[make_model()])
    page = make_article(topics=[topic], device_models=[device.model])
    assert titles(see(client, page.url), "related") == [by_device.title, by_topic.title]


def test_page_without_labels_has_no_related_ones(client, buyer):
    make_article()
    assert 'id="related"' not in see(client, make_article().url)


def test_text_of_a_page_is_read_anew_when_it_changes(client, device):
    page = make_article(body=[block("text", "<p>پیش</p>")], device_models=[device.model])
    assert "پیش" in see(client, page.url)
    page.body = [block("text", "<p>پس</p>")]
    page.save_revision().publish()
    assert "پس" in see(client, page.url)
    device.model.name = "نام تازه"
    device.model.save()
    assert "نام تازه" in see(client, page.url)


# --- a tutorial ------------------------------------------------------------------------------------------------------


def test_tutorial_plays_our_file_with_chapters_and_subtitles(client, buyer):
    media, vtt = make_media(), make_document(name="fa.vtt", content=b"WEBVTT\n")
    page = make_tutorial(media=media, poster=make_image(), subtitles=vtt)
    TutorialChapter.objects.create(page=page, start_seconds=150, title="دوم")
    TutorialChapter.objects.create(page=page, start_seconds=0, title="یکم")
    page.save_revision().publish()
    html = see(client, page.url)
    assert re.findall(r'data-seek="(\d+)"><span class="chapter-time">(.*?)<', html) == [("0", "۰:۰۰"), ("150", "۲:۳۰")]
    assert f'src="{vtt.url}" srclang="fa"' in html
    assert re.search(rf'<source src="/media/files/{media.pk}/" type="video/webm">', html)
    assert 'poster="/media/images/' in html


def test_chapter_opens_its_place_without_scripts(client, buyer):
    page = make_tutorial(media=make_media())
    assert '#t=150"' in see(client, f"{page.url}?at=150")
    assert "#t=" not in see(client, f"{page.url}?at=x")


def test_tutorial_goes_on_where_the_viewer_left(client, buyer):
    page = make_tutorial(media=make_media())
    WatchPosition.objects.create(buyer=buyer, page=page, seconds=90, duration=300, updated_at=page.last_published_at)
    html = see(client, page.url)
    assert '#t=90"' in html
    assert "ادامه از ۱:۳۰" in html
    client.force_login(make_buyer().user)
    assert "#t=" not in see(client, page.url)


def test_tutorial_of_another_site_is_framed(client, buyer):
    html = see(client, make_tutorial(video_url="https://www.aparat.com/v/abc12").url)
    assert 'src="https://www.aparat.com/video/video/embed/videohash/abc12/vt/frame"' in html
    assert "<video" not in html


def test_tutorial_without_a_film_says_so(client, buyer):
    assert "فیلم در دست آماده‌سازی است" in see(client, make_tutorial().url)


# --- the first page and the dashboard --------------------------------------------------------------------------------


def test_first_page_lists_what_is_open(client):
    make_article(title="باز", open_to_all=True)
    make_article(title="بسته")
    row = PortalSettings.load()
    row.support_hours, row.company_address = "شنبه تا چهارشنبه", "تهران"
    row.save()
    html = see(client, "/")
    assert titles(html, "open") == ["باز"]
    assert "شنبه تا چهارشنبه" in html
    assert "تهران" in html


def test_dashboard_shows_what_is_new_for_my_devices(client, device):
    make_article(title="همه")
    make_article(title="دیگری", device_models=[make_model()])
    make_article(title="یک", device_models=[device.model])
    make_tutorial(title="دو", device_types=[device.model.device_type])
    assert titles(see(client, "/dashboard/"), "reading") == ["دو", "یک"]


# --- previews --------------------------------------------------------------------------------------------------------


def test_draft_is_previewed_as_it_stands(buyer):
    topic, document = make_topic("موضوع پیش‌نویس"), make_document("فایل پیش‌نویس")
    page = make_article(body=[block("text", "<p>منتشرشده</p>")])
    page.body = [block("heading", "پیش‌نویس")]
    page.topics = [topic]
    page.downloads = [ArticleDownload(document=document, software_version="9.1")]
    response = page.make_preview_request(preview_mode="")
    response.render()
    html = response.content.decode()
    assert '<h2 id="s-پیشنویس"' in html
    assert "موضوع پیش‌نویس" in html
    assert "فایل پیش‌نویس" in html
    assert "منتشرشده" not in html


@pytest.mark.parametrize("make", [make_article, make_tutorial])
def test_new_page_is_previewed_before_it_is_saved(make):
    kind = type(make())
    page = kind(title="تازه", slug="new", body=[block("heading", "سرفصل")])
    response = page.make_preview_request(preview_mode="")
    response.render()
    assert "سرفصل" in response.content.decode()


# --- what it costs ---------------------------------------------------------------------------------------------------


def count(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        see(client, url)
    return len(captured)


def full_article(device, **values):
    link = make_article()
    media = make_media()
    body = every_block(image=make_image(), document=make_document(), media=media, page=link)
    page = make_article(body=body, device_models=[device.model], topics=[make_topic()], **values)
    ArticleDownload.objects.create(page=page, document=make_document(), device_model=device.model)
    page.save_revision().publish()
    return page


def test_article_with_every_block_costs_at_most_ten_queries(client, device):
    page = full_article(device)
    count(client, page.url)  # cuts the pictures
    page.save()
    assert count(client, page.url) <= 10
    assert count(client, page.url) <= 6  # session, person, the page twice, related ones, messages


def test_tutorial_costs_at_most_ten_queries(client, device):
    page = make_tutorial(
        media=make_media(),
        poster=make_image(),
        subtitles=make_document(name="fa.vtt"),
        device_models=[device.model],
        body=[
            block("figure", {"image": make_image().pk, "alt": "x", "caption": ""}),
            block("download", {"document": make_document().pk, "title": "x", "software_version": ""}),
            block("text", f'<p><a linktype="page" id="{make_article().pk}">x</a></p>'),
        ],
    )
    count(client, page.url)
    page.save()
    assert count(client, page.url) <= 10


def test_article_costs_the_same_with_more_of_everything(client, device):
    make_article(device_models=[device.model])  # so that the first one has a related page too
    counts = []
    for number in (1, 3):
        page = make_article(
            body=[
                *(block("figure", {"image": make_image().pk, "alt": "x", "caption": ""}) for _ in range(number)),
                *(block("text", f'<p><a linktype="page" id="{make_article().pk}">x</a></p>') for _ in range(number)),
                *(
                    block("download", {"document": make_document().pk, "title": "x", "software_version": ""})
                    for _ in range(number)
                ),
            ],
            device_models=[device.model],
            topics=[make_topic() for _ in range(number)],
        )
        for _ in range(number):
            ArticleDownload.objects.create(page=page, document=make_document())
        page.save_revision().publish()
        count(client, page.url)
        page.save()
        counts.append(count(client, page.url))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", ["/knowledge/", "/tutorials/", "/knowledge/section-x/"])
def test_lists_cost_the_same_with_one_and_three_rows(client, buyer, path):
    section = make_section()
    if "section" in path:
        path = section.url
    counts = []
    for _ in (1, 3):
        for _again in range(len(counts) + 1):
            device = make_device(buyer)
            make_article(under=section, device_models=[device.model], topics=[make_topic()])
            make_tutorial(device_models=[device.model], media=make_media(), poster=make_image())
        count(client, path)
        content_changed()  # everything is counted anew
        counts.append(count(client, path))
        assert count(client, path) <= 8
    assert counts[0] == counts[1]
    assert counts[0] <= 10


def test_page_weighs_little(client, device):
    page = full_article(device)
    for url in (page.url, "/knowledge/", "/tutorials/"):
        assert len(client.get(url).content) <= 60_000
