"""A knowledge base to measure: one page of each kind that is looked at, and many more around them.

A tenth as many articles as there are devices, so 10,000 at the largest size; copied in SQL from one that was written.
"""

from __future__ import annotations

ARTICLE, OPEN, SECTION = "/knowledge/bench/full/", "/knowledge/bench/open/", "/knowledge/bench/"

# Every copy is a leaf under the section; hexadecimal numbers are valid steps of treebeard's paths.
COPY_PAGES = """
INSERT INTO wagtailcore_page ({columns})
SELECT {values} FROM wagtailcore_page p CROSS JOIN generate_series(1, %s) n WHERE p.id = %s
"""
OVERRIDES = {
    "path": "left(p.path, -4) || upper(lpad(to_hex(n + 4096), 4, '0'))",
    "title": "p.title || ' ' || n",
    "draft_title": "p.title || ' ' || n",
    "slug": "'copy-' || n",
    "url_path": "left(p.url_path, -length(p.slug) - 1) || 'copy-' || n || '/'",
    "translation_key": "gen_random_uuid()",
    "first_published_at": "now() - n * interval '1 minute'",
    "latest_revision_id": "NULL",
    "live_revision_id": "NULL",
}
COPY_CONTENT = """
INSERT INTO cms_contentpage (page_ptr_id, summary, body, open_to_all)
SELECT p.id, c.summary, c.body, false FROM wagtailcore_page p JOIN cms_contentpage c ON c.page_ptr_id = %s
WHERE p.slug LIKE 'copy-%%'
"""
COPY_ARTICLE = (
    "INSERT INTO cms_articlepage (contentpage_ptr_id) SELECT id FROM wagtailcore_page WHERE slug LIKE 'copy-%'"
)
# A third for everybody, a third for a type, a third for a model; one topic each.
LABELS = [
    """INSERT INTO cms_contentpage_device_types (contentpage_id, devicetype_id)
    SELECT p.id, t.id FROM wagtailcore_page p
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS all_of FROM customer_devicetype) t
    ON p.id / 3 % t.all_of = t.n WHERE p.slug LIKE 'copy-%' AND p.id % 3 = 0""",
    """INSERT INTO cms_contentpage_device_models (contentpage_id, devicemodel_id)
    SELECT p.id, t.id FROM wagtailcore_page p
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS all_of FROM customer_devicemodel) t
    ON p.id / 3 % t.all_of = t.n WHERE p.slug LIKE 'copy-%' AND p.id % 3 = 1""",
    """INSERT INTO cms_contentpage_topics (contentpage_id, topic_id)
    SELECT p.id, t.id FROM wagtailcore_page p
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS all_of FROM cms_topic) t
    ON p.id % t.all_of = t.n WHERE p.slug LIKE 'copy-%'""",
]


def write(*, copies: int) -> None:
    """Writes the pages that are measured, and `copies` articles like them."""
    from wagtail.images import get_image_model

    from cms.models import ArticleDownload
    from cms.preload import SPECS
    from customer.models import DeviceModel
    from tests.cms.texts import every_block
    from tests.factories.reading import (
        make_article,
        make_document,
        make_image,
        make_media,
        make_section,
        make_topic,
        make_tutorial,
    )

    section = make_section("سنجش", slug="bench")
    topics = [make_topic() for _ in range(8)]
    link = make_article(title="پیوند", slug="linked", under=section)
    words = "دستگاه را پیش از آغاز کار سی دقیقه روشن بگذارید و سپس برنامهٔ کالیبراسیون را اجرا کنید. " * 3
    body = every_block(image=make_image(), document=make_document(), media=make_media(), page=link, say=words[:150])
    values = {"under": section, "body": body, "topics": topics[:2], "summary": words[:300]}
    full = make_article(title="کامل", slug="full", **values)
    for version in ("4.1", "4.2", "4.10"):
        ArticleDownload.objects.create(page=full, document=make_document(), software_version=version)
    full.save_revision().publish()
    opened = make_article(title="باز", slug="open", open_to_all=True, **values)
    for _ in range(12):
        make_tutorial(media=make_media(), poster=make_image(), device_models=list(DeviceModel.objects.all()[:1]))
    for image in get_image_model().objects.all():
        image.get_renditions(*SPECS)  # cut here, so that the measured worker stays small
    _copy(opened.pk, copies)


def _copy(pk: int, copies: int) -> None:
    from django.db import connection
    from wagtail.models import Page

    names = [field.column for field in Page._meta.concrete_fields if not field.primary_key]
    values = [OVERRIDES.get(name, f'p."{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(COPY_PAGES.format(columns=columns, values=", ".join(values)), [copies, pk])
        cursor.execute(COPY_CONTENT, [pk])
        cursor.execute(COPY_ARTICLE)
        for statement in LABELS:
            cursor.execute(statement)
