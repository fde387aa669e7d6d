"""Makers of pages and of the files that they show."""

from __future__ import annotations

import json
from io import BytesIO
from itertools import count

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image as Pillow
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, Locale, Page, Site
from wagtailmedia.models import get_media_model

from cms.models import (
    ArticlePage,
    HomePage,
    KnowledgeIndexPage,
    NoticeIndexPage,
    NoticePage,
    SectionPage,
    TutorialIndexPage,
    TutorialPage,
)

_serial = count(1)
INDEXES = {ArticlePage: KnowledgeIndexPage, TutorialPage: TutorialIndexPage, NoticePage: NoticeIndexPage}
SLUGS = {KnowledgeIndexPage: "knowledge", TutorialIndexPage: "tutorials", NoticeIndexPage: "notices"}


def make_home() -> HomePage:
    """The home page with its site and the root of collections, as migrations make them; a flush takes them away."""
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    if home := HomePage.objects.first():
        return home
    Locale.objects.get_or_create(language_code="fa")
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root")
    home = root.add_child(instance=HomePage(title="خانه", slug="home"))
    Site.objects.update_or_create(is_default_site=True, defaults={"hostname": "localhost", "root_page": home})
    return home


def make_image(**values):
    """A picture with an original on the disk."""
    make_home()
    n = next(_serial)
    drawn = BytesIO()
    Pillow.new("RGB", values.pop("size", (64, 48)), (n % 255, 110, 110)).save(drawn, "PNG")
    file = ContentFile(drawn.getvalue(), name=f"picture-{n}.png")
    return get_image_model().objects.create(title=f"تصویر {n}", file=file, width=64, height=48, **values)


def make_document(name: str = "guide.pdf", content: bytes = b"%PDF-1.7 guide", **values):
    make_home()
    file = ContentFile(content, name=name)
    return get_document_model().objects.create(title="راهنما", file=file, file_size=len(content), **values)


def make_media(content: bytes = b"\0\0\0\x18ftypmp42 a film", *, poster: bytes = b"\x89PNG\r\n\x1a\n", **values):
    make_home()
    made = get_media_model()(title="فیلم", type="video", duration=12, **values)
    made.file.save("film.mp4", ContentFile(content), save=False)
    if poster:
        made.thumbnail.save("film.png", ContentFile(poster), save=False)
    made.save()
    return made


def make_index(kind):
    """The one index page of a kind, made when it is not there yet."""
    return kind.objects.first() or make_home().add_child(instance=kind(title="فهرست", slug=SLUGS[kind]))


def make_section(**values):
    n = next(_serial)
    return make_index(KnowledgeIndexPage).add_child(instance=SectionPage(title="بخش", slug=f"section-{n}", **values))


def make_page(kind=ArticlePage, *, below: Page | None = None, types=(), models=(), topics=(), **values):
    """A published page; `types`, `models`: whom it is for."""
    n = next(_serial)
    now = timezone.now()
    values = {"title": f"صفحهٔ {n}", "slug": f"page-{n}", "first_published_at": now, "last_published_at": now} | values
    if kind is TutorialPage and not values.get("media"):
        values.setdefault("video_url", "https://www.aparat.com/v/zg1001")
    page = (below or make_index(INDEXES[kind])).add_child(instance=kind(**values))
    for field, rows in (("device_types", types), ("device_models", models), ("topics", topics)):
        getattr(page, field).set(rows)
    page.save()
    return page


def block(kind: str, value) -> dict:
    n = next(_serial)
    return {"type": kind, "id": f"00000000-0000-4000-8000-{n:012d}", "value": value}


def item(value) -> dict:
    return block("item", value)


def make_body(image, document, media, *, page: Page | None = None) -> str:
    """One block of every kind, with a file wherever one fits, as a JSON text."""
    link = f'<a linktype="page" id="{page.pk}">صفحهٔ دیگر</a>' if page else ""
    words = f'<p>متن <b>درشت</b> <a linktype="document" id="{document.pk}">پرونده</a> {link}</p>'
    figure = {"image": image.pk, "alt": "نمای پشت", "caption": "شکل"}
    return json.dumps(
        [
            block("heading", "سرفصل"),
            block("subheading", "زیرفصل"),
            block("text", words),
            block("steps", [item({"title": "گام", "text": words, "image": image.pk, "alt": "گام"})]),
            block("warning", {"title": "هشدار", "text": words}),
            block("note", {"title": "", "text": words}),
            block(
                "table",
                {
                    "columns": [{"type": "text", "heading": "کد"}, {"type": "text", "heading": "شرح"}],
                    "rows": [{"values": ["E1", "گرما"]}],
                    "caption": "خطاها",
                },
            ),
            block("figure", figure),
            block("gallery", [item(figure)]),
            block("video", {"media": media.pk, "url": "", "caption": "فیلم"}),
            block("download", {"document": document.pk, "title": "راهنما", "software_version": "2.1"}),
            block("code", {"code": "ping 10.0.0.1", "caption": ""}),
            block("part", {"number": "ZG-1001", "name": "فیلتر"}),
            block("faq", [item({"question": "چرا؟", "answer": words})]),
        ]
    )
