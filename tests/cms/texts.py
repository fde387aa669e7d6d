"""A text with every kind of block."""

from __future__ import annotations

from typing import Any

from tests.factories.reading import block, items, table


def every_block(*, image: Any, document: Any, media: Any, page: Any, say: str = "متن") -> list[dict[str, Any]]:
    """`say` stands wherever an editor writes."""
    link = f'<p>{say} <a linktype="page" id="{page.pk}">صفحه</a> <a linktype="document" id="{document.pk}">فایل</a></p>'
    figure = {"image": image.pk, "alt": say, "caption": say}
    return [
        block("heading", say),
        block("subheading", say),
        block("text", link),
        block("steps", items({"title": say, "text": link, "image": image.pk, "alt": say}, {"title": say, "text": ""})),
        block("warning", {"title": say, "text": link}),
        block("note", {"title": "", "text": link}),
        block("table", table([say, say], headings=[say, "ب"], caption=say)),
        block("figure", figure),
        block("gallery", items(figure, figure)),
        block("video", {"media": media.pk, "url": "", "caption": say}),
        block("video", {"media": None, "url": "https://www.aparat.com/v/abc12", "caption": say}),
        block("download", {"document": document.pk, "title": say, "software_version": say}),
        block("code", {"code": say, "caption": say}),
        block("part", {"number": say, "name": say}),
        block("faq", items({"question": say, "answer": link})),
    ]
