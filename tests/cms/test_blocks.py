"""Each kind of block as a reader gets it, and what must not come through any of them."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError

from cms.blocks import BodyBlock
from cms.embeds import embed_address
from cms.models import TutorialPage
from cms.preload import SPECS
from cms.rich_text import safe_html
from tests.cms.texts import every_block
from tests.factories.customer import make_buyer
from tests.factories.reading import block, items, make_article, make_document, make_image, make_media, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client):
    """A function that publishes these blocks and returns the article's text as a buyer reads it."""
    client.force_login(make_buyer().user)

    def show(*blocks) -> str:
        page = make_article(body=list(blocks))
        content = client.get(page.url).content.decode()
        return content.split('<div class="prose">')[1].split('<div class="actions tools">')[0]

    return show


def things():
    return {"image": make_image(), "document": make_document(), "media": make_media(), "page": make_article()}


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        '<a href="javascript:alert(1)">x</a>',
        '<p onclick="alert(1)">x</p>',
        '<svg onload="alert(1)"></svg>',
        "<iframe src=//evil.test></iframe>",
        '<embed embedtype="media" url="https://evil.test/"/>',
        '<a linktype="page">x</a><a linktype="document" id="x">y</a>',
    ],
)
def test_no_block_lets_a_script_through(read, evil):
    html = read(*every_block(**things(), say=evil))
    inert = re.sub(r'="[^"]*"', '=""', html)  # what stands in an attribute's quotes is text
    assert re.findall(r"<script|<svg(?! class)|<embed|evil\.test|\son\w+=|javascript:", _shown_tags(inert)) == []
    assert "https://www.aparat.com/video/video/embed/videohash/abc12/vt/frame" in html


def _shown_tags(html: str) -> str:
    """Only the tags, as a browser finds them: `&lt;` is text."""
    return " ".join(re.findall(r"<[^>]+>", html))


def test_formatted_words_keep_what_an_editor_may_use():
    html = safe_html("<p><b>پررنگ</b> <i>کج</i></p><ul><li>یک</li></ul><p><code>G54</code></p><h1>نه</h1>")
    assert html == ('<p><b>پررنگ</b> <i>کج</i></p><ul><li>یک</li></ul><p><code dir="ltr">G54</code></p>نه')


def test_links_to_pages_and_files_are_made_out(read):
    page, document = make_article(slug="other"), make_document()
    html = read(
        block(
            "text",
            f'<p><a linktype="page" id="{page.pk}">صفحه</a> <a linktype="document" id="{document.pk}">فایل</a>'
            f' <a linktype="page" id="999999">رفته</a></p>',
        )
    )
    assert f'href="{page.url}"' in html
    assert f'href="{document.url}"' in html
    assert re.search(r"<a[^>]*>رفته</a>", html)
    assert html.count("href=") == 2


def test_steps_are_numbered_in_persian(read):
    html = read(block("steps", items({"title": "نخست", "text": ""}, {"title": "سپس", "text": "<p>بعد</p>"})))
    assert re.findall(r'aria-hidden="true">(.)</span>', html) == ["۱", "۲"]


def test_table_names_each_cell_for_a_phone(read):
    html = read(block("table", table(["X", "0.02"], headings=["محور", "خطا"], caption="خطاها")))
    assert "<caption>خطاها</caption>" in html
    assert '<td data-label="محور">X</td><td data-label="خطا">0.02</td>' in html


def test_picture_comes_in_several_widths_and_late(read):
    image = make_image()
    html = read(block("figure", {"image": image.pk, "alt": "نما", "caption": ""}))
    assert re.findall(r" (\d+)w", html) == ["400", "800", "1400"]
    assert 'alt="نما"' in html
    assert 'loading="lazy"' in html
    assert 'width="1400" height="787"' in html
    assert image.renditions.count() == len(SPECS)


def test_small_picture_is_not_blown_up(read):
    html = read(block("figure", {"image": make_image(width=300, height=200).pk, "alt": "نما", "caption": ""}))
    assert re.findall(r" (\d+)w", html) == ["300"]


def test_picture_whose_file_is_missing_leaves_its_words(read):
    image = make_image()
    image.file.storage.delete(image.file.name)
    html = read(block("figure", {"image": image.pk, "alt": "نمای <محور>", "caption": ""}))
    assert '<span class="pic-missing">نمای &lt;محور&gt;</span>' in html


def test_deleted_picture_file_and_video_leave_nothing(read):
    html = read(
        block("figure", {"image": 999, "alt": "نما", "caption": ""}),
        block("download", {"document": 999, "title": "فایل", "software_version": ""}),
        block("video", {"media": 999, "url": "", "caption": ""}),
        block("steps", items({"title": "گام", "text": "", "image": 999, "alt": ""})),
    )
    assert "<img" not in html
    assert "<video" not in html
    assert "گام" in html


def test_codes_and_numbers_stand_left_to_right_and_can_be_copied(read):
    html = read(
        block("code", {"code": "ping <host>", "caption": ""}), block("part", {"number": "ZG-21", "name": "پیچ"})
    )
    assert '<pre dir="ltr"' in html
    assert 'data-copy="ping &lt;host&gt;"' in html
    assert '<bdi dir="ltr" class="code">ZG-21</bdi>' in html
    assert 'data-copy="ZG-21"' in html


def test_download_tells_size_and_version(read):
    document = make_document(content=b"x" * 2_400_000)
    html = read(block("download", {"document": document.pk, "title": "راهنما", "software_version": "4.2"}))
    assert "۲٫۳ مگابایت" in html
    assert '<bdi dir="ltr" class="code">4.2</bdi>' in html
    assert 'aria-label="دریافت راهنما، نسخهٔ 4.2"' in html


def test_unknown_video_host_is_not_framed(read):
    html = read(block("video", {"media": None, "url": "https://evil.test/v/1", "caption": "x"}))
    assert "<iframe" not in html


@pytest.mark.parametrize(
    ("url", "framed"),
    [
        ("https://www.aparat.com/v/abc12", True),
        ("https://aparat.com/v/abc12/?x=1#y", True),
        ("https://aparat.com.evil.test/v/abc12", False),
        ("https://evil.test/www.aparat.com/v/abc12", False),
        ("https://www.aparat.com/v/a<b", False),
        ("javascript://www.aparat.com/v/abc", False),
        ("https://www.aparat.com/", False),
        ("", False),
    ],
)
def test_only_allowed_hosts_have_a_player(url, framed):
    player = "https://www.aparat.com/video/video/embed/videohash/abc12/vt/frame"
    assert embed_address(url) == (player if framed else "")


def video(**value):
    return BodyBlock().child_blocks["video"].to_python({"media": None, "url": "", "caption": "", **value})


def test_video_needs_exactly_one_source():
    clean, media = BodyBlock().child_blocks["video"].clean, make_media()
    clean(video(media=media.pk))
    clean(video(url="https://www.aparat.com/v/abc12"))
    for wrong in ({}, {"media": media.pk, "url": "https://www.aparat.com/v/a"}, {"url": "https://evil.test/v/a"}):
        with pytest.raises(ValidationError) as refused:
            clean(video(**wrong))
        assert list(refused.value.block_errors) == ["url"]


def test_tutorial_has_one_source_at_most_and_webvtt():
    media = make_media()
    for right in ({}, {"media": media}, {"video_url": "https://www.aparat.com/v/a1"}):
        TutorialPage(title="فیلم", slug="film", **right).clean()
    page = TutorialPage(title="فیلم", slug="film", media=media)
    page.subtitles = make_document(name="subtitles.srt")
    with pytest.raises(ValidationError) as refused:
        page.clean()
    assert list(refused.value.message_dict) == ["subtitles"]
    for source in ({"video_url": "https://www.aparat.com/v/a1"}, {"media": None, "video_url": "http://x.ir/1"}):
        page = TutorialPage(title="فیلم", slug="film", **{"media": media, **source})
        with pytest.raises(ValidationError) as refused:
            page.clean()
        assert list(refused.value.message_dict) == ["video_url"]


def test_framed_sites_are_the_only_ones_in_the_policy(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "frame-src https://www.aparat.com;" in f"{policy};"
