"""The demo's knowledge base, tutorials and notices: one JSON file per page in `demo_content`, and the files they show.

What is there already stays as it is, so that an editor's changes outlive the next start.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, Revision
from wagtailmedia.models import get_media_model

from cms.models import (
    ArticlePage,
    ContentPage,
    HomePage,
    KnowledgeIndexPage,
    NoticeIndexPage,
    NoticePage,
    SectionPage,
    Topic,
    TutorialIndexPage,
    TutorialPage,
)
from customer.models import DeviceModel, DeviceType, User

FOLDER = Path(__file__).resolve().parent / "demo_content"
EDITOR = "editor"
INDEX_AGE = timedelta(days=365)
LINK = re.compile(r'<a page="([a-z0-9-]+)">')


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The primary keys that the files name in words: of pictures, documents and videos by file name, pages by slug."""

    images: dict[str, int] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    videos: dict[str, int] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)


def load_content(now: datetime) -> int:
    """Makes the pages that are missing, with all that they need, and returns their number.

    Without a home page there is no place for them: nothing is made.
    """
    home = HomePage.objects.first()
    if home is None:
        return 0
    with transaction.atomic():
        shelves = _shelves(home, now)
        new = [text for kind in ("articles", "tutorials", "notices") for text in read(kind)]
        there = dict(ContentPage.objects.values_list("slug", "pk"))
        new = [text for text in new if text["slug"] not in there]
        if not new:
            return 0
        editor = User.objects.get(username=EDITOR)
        drafts = [(_draft(text, shelves, editor=editor, now=now), text) for text in new]
        known = Known(
            images=_images(editor),
            documents=_documents(editor),
            videos=_videos(editor),
            pages=there | {text["slug"]: page.pk for page, text in drafts},
        )
        _topics()
        for page, text in drafts:
            _fill(page, text, known)
            _publish(page, editor=editor)
    return len(new)


def read(kind: str) -> list[dict[str, Any]]:
    """The texts of a kind (`"articles"`, `"tutorials"`, `"notices"`), in the order of their file names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / kind).glob("*.json"))]


def named(list_name: str) -> Any:
    """One of the lists beside the texts: `"sections"`, `"topics"` or `"files"`."""
    return json.loads((FOLDER / f"{list_name}.json").read_text(encoding="utf-8"))


def resolved(value: Any, known: Known) -> Any:
    """A body as Wagtail stores it: keys instead of the names of files and pages. Raises KeyError for an unknown one."""
    if isinstance(value, list):
        return [resolved(part, known) for part in value]
    if isinstance(value, dict):
        files = {"image": known.images, "document": known.documents}
        return {name: files[name][part] if name in files else resolved(part, known) for name, part in value.items()}
    if isinstance(value, str):
        return LINK.sub(lambda match: f'<a linktype="page" id="{known.pages[match[1]]}">', value)
    return value


# --- where pages hang ----------------------------------------------------------------------------------------------
def _shelves(home: HomePage, now: datetime) -> dict[str, Page]:
    """The parents of pages: `"tutorials"`, `"notices"` and the sections of the knowledge base by slug."""
    knowledge = _index(KnowledgeIndexPage, home, slug="knowledge", title="دانشنامه", now=now)
    shelves = {
        "tutorials": _index(TutorialIndexPage, home, slug="tutorials", title="آموزش‌ها", now=now),
        "notices": _index(NoticeIndexPage, home, slug="notices", title="اطلاعیه‌ها", now=now),
    }
    for section in named("sections"):
        there = SectionPage.objects.child_of(knowledge).filter(slug=section["slug"]).first()
        shelves[section["slug"]] = there or _add(
            knowledge,
            SectionPage(title=section["name"], slug=section["slug"], search_description=section["intro"]),
            published_at=now - INDEX_AGE,
        )
    return shelves


def _index(model: type[Page], home: HomePage, *, slug: str, title: str, now: datetime) -> Page:
    there = model.objects.first()
    return there or _add(home, model(title=title, slug=slug), published_at=now - INDEX_AGE)


def _add(parent: Page, page: Page, *, published_at: datetime) -> Page:
    page.first_published_at = page.last_published_at = published_at
    added: Page = parent.add_child(instance=page)
    return added


# --- pages ---------------------------------------------------------------------------------------------------------
def _draft(text: dict[str, Any], shelves: dict[str, Page], *, editor: User, now: datetime) -> ContentPage:
    """The page, not yet published and without its body: bodies link to each other, so all pages come first."""
    page: ContentPage
    if "section" in text:
        page, shelf = ArticlePage(), shelves[text["section"]]
    elif "kind" in text:
        page, shelf = NoticePage(kind=text["kind"], must_acknowledge=text["must_acknowledge"]), shelves["notices"]
    else:
        page, shelf = TutorialPage(), shelves["tutorials"]
    page.title, page.slug, page.summary = text["title"], text["slug"], text["summary"]
    page.open_to_all, page.owner, page.live = text["open_to_all"], editor, False
    _add(shelf, page, published_at=now - timedelta(days=text["days_ago"]))
    return page


def _fill(page: ContentPage, text: dict[str, Any], known: Known) -> None:
    body: Any = json.dumps(resolved(text["body"], known), ensure_ascii=False)
    page.body = body
    page.device_types.set(DeviceType.objects.filter(slug__in=text["device_types"]))
    page.device_models.set(DeviceModel.objects.filter(name__in=text["device_models"]))
    page.topics.set(Topic.objects.filter(slug__in=text["topics"]))


def _publish(page: ContentPage, *, editor: User) -> None:
    """Publishes as an editor does, then dates it back to the day that the text is meant to be of."""
    written_at = page.first_published_at
    revision = page.save_revision(user=editor)
    revision.publish(user=editor)
    Revision.objects.filter(pk=revision.pk).update(created_at=written_at)
    Page.objects.filter(pk=page.pk).update(last_published_at=written_at, latest_revision_created_at=written_at)


def _topics() -> None:
    for topic in named("topics"):
        Topic.objects.get_or_create(slug=topic["slug"], defaults={"name": topic["name"]})


# --- files ---------------------------------------------------------------------------------------------------------
def _images(editor: User) -> dict[str, int]:
    titles = named("files")["images"]
    return {name: _file(get_image_model(), FOLDER / "images" / name, title, editor) for name, title in titles.items()}


def _documents(editor: User) -> dict[str, int]:
    """The papers to download, and the subtitles."""
    titles = {FOLDER / "documents" / name: title for name, title in named("files")["documents"].items()}
    titles |= {FOLDER / "tutorials" / text["subtitles"]: f"زیرنویس «{text['title']}»" for text in read("tutorials")}
    return {path.name: _file(get_document_model(), path, title, editor) for path, title in titles.items()}


def _videos(editor: User) -> dict[str, int]:
    shape = {"type": "video", "width": 720, "height": 480}
    return {
        text["video"]: _file(
            get_media_model(),
            FOLDER / "media" / text["video"],
            text["title"],
            editor,
            duration=text["duration"],
            **shape,
        )
        for text in read("tutorials")
    }


def _file(model: Any, path: Path, title: str, editor: User, **more: Any) -> int:
    """The key of the file with this title; made if it is missing."""
    there = model.objects.filter(title=title).first()
    if there is None:
        with path.open("rb") as source:
            there = model.objects.create(
                title=title, file=File(source, name=path.name), uploaded_by_user=editor, **more
            )
    return int(there.pk)
