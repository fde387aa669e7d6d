"""A text from a word processor becomes a plain text of ours; half-spaces come through every way in."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.blocks import StreamBlockValidationError
from wagtail.images import get_image_model
from wagtail.images.forms import get_image_form

from cms.blocks import BodyBlock
from cms.blocks.body import WORDS, FigureBlock, StepBlock
from cms.models import ArticlePage
from cms.pasted import tidy
from customer.roles import Role
from tests.admin.editing import form_of
from tests.factories.content import make_image, make_page
from tests.factories.customer import make_staff

ZWNJ = "\u200c"
REFUSED = "بنویسید تصویر چه نشان می‌دهد؛ بدون این نوشته به کار نمی‌رود."
PARAGRAPH = (
    '<p class=MsoNormal dir=RTL style="margin:0cm;text-align:right;mso-bidi-language:FA"><span lang=FA '
    "style='font-family:\"B Nazanin\";mso-ascii-font-family:Calibri;color:#C00000'>دستگاه را خاموش مي\u200cکنیم و "
    "<b>فيلتر</b>&nbsp;&nbsp; را برمي‌داريم.<o:p></o:p></span></p>\n"
)
BODY = (
    PARAGRAPH
    * 340
    + '<p class=MsoListParagraph style="mso-list:l0 level1 lfo1"><![if !supportLists]>·<![endif]>گام نخست</p>'
    "<p class=MsoNormal><o:p>&nbsp;</o:p></p><script>alert(1)</script>"
    '<p><a href="javascript:alert(1)">بد</a> <a href="https://example.ir/a?b=1&amp;c=2">خوب</a></p>'
)
WORD = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><style>@font-face{font-family:Calibri}</style>"
    "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]--></head>"
    f"<body>{BODY}</body></html>"
)
FOREIGN = re.compile(r"mso|style=|class=|<o:|<span|font|<script|javascript|\[if|<!--|&nbsp;|\xa0", re.IGNORECASE)


def through_the_editor(html: str) -> str:
    """Into the editor's own notation and back, and through the clean-up of the block, as saving does."""
    block = BodyBlock().child_blocks["text"]
    converter = ContentstateConverter(features=WORDS)
    typed = converter.from_database_format(html)
    return block.clean(block.value_from_datadict({"text": typed}, {}, "text")).source


def without_keys(html: str) -> str:
    return re.sub(r' data-block-key="\w+"', "", html)


def test_a_hundred_kilobytes_from_a_word_processor_become_plain_text():
    assert len(BODY.encode()) > 100_000
    began = time.monotonic()
    html = through_the_editor(BODY)  # of what is pasted, the editor in the browser takes the body
    assert time.monotonic() - began < 20
    assert FOREIGN.findall(html) == []
    assert without_keys(html).count(f"<p>دستگاه را خاموش می{ZWNJ}کنیم و <b>فیلتر</b> را برمی{ZWNJ}داریم.</p>") == 340
    assert "گام نخست" in html
    assert 'href="https://example.ir/a?b=1&amp;c=2"' in html


def test_the_cleaning_itself_needs_no_editor():
    html = tidy(WORD)
    assert FOREIGN.findall(html) == []
    assert html.count(f"<p>دستگاه را خاموش می{ZWNJ}کنیم و <b>فیلتر</b> را برمی{ZWNJ}داریم.</p>") == 340
    assert "alert" not in html
    assert tidy(html) == html


def test_styles_that_the_editor_does_not_know_fall_away():
    typed = {
        "blocks": [
            {
                "key": "aaaaa",
                "text": f"می{ZWNJ}چرخد و داغ است",
                "type": "unstyled",
                "depth": 0,
                "inlineStyleRanges": [{"offset": 0, "length": 2, "style": "COLOR-RED"}],
                "entityRanges": [{"offset": 10, "length": 3, "key": 0}],
            }
        ],
        "entityMap": {"0": {"type": "IMAGE", "mutability": "IMMUTABLE", "data": {"src": "https://evil.test/x.png"}}},
    }
    block = BodyBlock().child_blocks["text"]
    html = block.clean(block.value_from_datadict({"text": json.dumps(typed)}, {}, "text")).source
    assert "evil.test" not in html
    assert "RED" not in html
    assert f"می{ZWNJ}چرخد" in html


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"<p>می{ZWNJ}<b>خواهم</b></p>", f"<p>می{ZWNJ}<b>خواهم</b></p>"),
        (f"<p>خانه{ZWNJ}ای {ZWNJ} تازه{ZWNJ}</p>", f"<p>خانه{ZWNJ}ای تازه{ZWNJ}</p>"),
        ("<p>كيك\u200f \u00adداغ\ufeff</p>", "<p>کیک داغ</p>"),
        ("<p>G54  X1</p><p><code>G54  X1</code></p>", "<p>G54 X1</p><p><code>G54  X1</code></p>"),
        ("<p></p><p> <b> </b></p><ul><li><br></li></ul><p>یک</p>", "<ul></ul><p>یک</p>"),
        ('<p><a linktype="page" id="3">صفحه</a></p>', '<p><a linktype="page" id="3">صفحه</a></p>'),
        ('<p><a linktype="document" id="3">پرونده</a></p>', '<p><a linktype="document" id="3">پرونده</a></p>'),
        ("<p>5 &lt; 6 &amp; 7</p>", "<p>5 &lt; 6 &amp; 7</p>"),
    ],
)
def test_words_as_they_are_kept(typed, kept):
    found = tidy(typed)
    assert re.sub(r'(<a) (id="\d+") (linktype="\w+")', r"\1 \3 \2", found) == kept


def test_half_spaces_stay_in_plain_fields(client, db):
    client.force_login(make_staff(Role.EDITOR))
    page = make_page(ArticlePage)
    address = f"/admin/pages/{page.pk}/edit/"
    typed = {"title": f"نمی{ZWNJ}چرخد", "summary": f"خانه{ZWNJ}های تازه"}
    client.post(address, form_of(client.get(address).content.decode()) | typed)
    saved = ArticlePage.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert (saved.title, saved.summary) == (typed["title"], typed["summary"])
    heading = BodyBlock().child_blocks["heading"]
    assert heading.clean(heading.value_from_datadict({"h": f"می{ZWNJ}چرخد"}, {}, "h")) == f"می{ZWNJ}چرخد"


# --- words for pictures ----------------------------------------------------------------------------------------------


def test_a_picture_without_words_is_refused(client, db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(make_staff(Role.EDITOR))
    picture = make_image()
    with picture.file.open("rb") as file:
        content = file.read()

    def upload(description: str):
        file = SimpleUploadedFile("a.png", content, content_type="image/png")
        form = {"title": "نقشه", "file": file, "collection": picture.collection_id, "description": description}
        return client.post("/admin/images/add/", form)

    assert REFUSED in upload("").content.decode()
    assert REFUSED in upload("   ").content.decode()
    assert get_image_model().objects.count() == 1
    assert upload("نمای پشت دستگاه").status_code == 302
    assert get_image_model().objects.get(title="نقشه").description == "نمای پشت دستگاه"
    edited = client.post(f"/admin/images/{picture.pk}/", {"title": "نقشه", "collection": picture.collection_id})
    assert REFUSED in edited.content.decode()


def test_every_form_of_pictures_asks_for_words(db):
    assert get_image_form(get_image_model()).base_fields["description"]
    assert get_image_form(get_image_model())(instance=get_image_model()()).fields["description"].required


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_without_words_is_refused(db, alt):
    picture = make_image()
    with pytest.raises(ValidationError) as figure:
        FigureBlock().clean(FigureBlock().to_python({"image": picture.pk, "alt": alt, "caption": "شکل"}))
    assert [str(message) for message in figure.value.block_errors["alt"].messages] == [REFUSED]
    with pytest.raises(ValidationError) as step:
        StepBlock().clean(StepBlock().to_python({"title": "گام", "image": picture.pk, "alt": alt}))
    assert [str(message) for message in step.value.block_errors["alt"].messages] == [REFUSED]
    assert StepBlock().clean(StepBlock().to_python({"title": "گام", "image": None, "alt": alt}))["title"] == "گام"
    gallery = BodyBlock().to_python([{"type": "gallery", "value": [{"image": picture.pk, "alt": alt, "caption": ""}]}])
    with pytest.raises(StreamBlockValidationError):
        BodyBlock().clean(gallery)
