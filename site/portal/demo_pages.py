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
    ArticleDownload,
    ArticlePage,
    ContentPage,
    HomePage,
    KnowledgeIndexPage,
    NoticeIndexPage,
    NoticePage,
    SectionPage,
    Topic,
    TutorialChapter,
    TutorialIndexPage,
    TutorialPage,
)
from customer.models import DeviceModel, DeviceType, User

FOLDER = Path(__file__).resolve().parent / "demo_content"
EDITOR, REVIEWER = "editor", "admin"
AGE = timedelta(days=365)
KINDS = ("articles", "tutorials", "notices")
INDEXES: tuple[type[Page], ...] = (KnowledgeIndexPage, TutorialIndexPage, NoticeIndexPage)
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
        there = dict(ContentPage.objects.values_list("slug", "pk"))
        new = [text for kind in KINDS for text in read(kind) if text["slug"] not in there]
        if not new:
            return 0
        editor, reviewer = (User.objects.get(username=name) for name in (EDITOR, REVIEWER))
        known = Known(images=_images(editor), documents=_documents(editor), videos=_videos(editor), pages=dict(there))
        _topics()
        drafts = []
        for text in new:
            page = _draft(text, known, editor=editor)
            _add(shelves[text.get("section") or _kind_of(page)], page, published_at=_day(text, now))
            known.pages[page.slug] = page.pk
            drafts.append((page, text))
        for page, text in drafts:  # bodies link to each other, so all pages come first
            _fill(page, text, known)
            _publish(page, editor=editor, reviewer=reviewer)
    return len(new)


def read(kind: str) -> list[dict[str, Any]]:
    """The texts of a kind (`"articles"`, `"tutorials"`, `"notices"`), in the order of their file names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / kind).glob("*.json"))]


def named(list_name: str) -> Any:
    """One of the lists beside the texts: `"indexes"`, `"sections"`, `"topics"`, `"files"`."""
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
    """The parents of pages by slug: the three index pages, and the sections of the knowledge base."""
    shelves = {}
    for text, model in zip(named("indexes"), INDEXES, strict=True):
        there = model.objects.first()
        shelves[text["slug"]] = there or _add(home, model(**_shelf(text)), published_at=now - AGE)
        if "intro" in text:  # the index pages of a new installation are there without a word
            model.objects.filter(introduction="").update(introduction=text["intro"])
    knowledge = shelves["knowledge"]
    for text in named("sections"):
        there = SectionPage.objects.child_of(knowledge).filter(slug=text["slug"]).first()
        shelves[text["slug"]] = there or _add(knowledge, SectionPage(**_shelf(text)), published_at=now - AGE)
    return shelves


def _shelf(text: dict[str, str]) -> dict[str, str]:
    named_so = {"title": text["name"], "slug": text["slug"]}
    return named_so | ({"introduction": text["intro"]} if "intro" in text else {})


def _add(parent: Page, page: Page, *, published_at: datetime) -> Page:
    page.first_published_at = page.last_published_at = published_at
    added: Page = parent.add_child(instance=page)
    return added


def _day(text: dict[str, Any], now: datetime) -> datetime:
    return now - timedelta(days=text["days_ago"])


# --- pages ---------------------------------------------------------------------------------------------------------
def _draft(text: dict[str, Any], known: Known, *, editor: User) -> ContentPage:
    """The page without its body, not yet published."""
    common = {name: text[name] for name in ("title", "slug", "summary", "open_to_all")}
    common |= {"owner": editor, "live": False}
    if "section" in text:
        return ArticlePage(**common)
    if "kind" in text:
        return NoticePage(kind=text["kind"], must_acknowledge=text["must_acknowledge"], **common)
    return TutorialPage(
        media_id=known.videos[text["video"]],
        poster_id=known.images[text["poster"]],
        subtitles_id=known.documents[text["subtitles"]],
        **common,
    )


def _kind_of(page: ContentPage) -> str:
    return "notices" if isinstance(page, NoticePage) else "tutorials"


def _fill(page: ContentPage, text: dict[str, Any], known: Known) -> None:
    body: Any = json.dumps(resolved(text["body"], known), ensure_ascii=False)
    page.body = body
    page.device_types.set(DeviceType.objects.filter(slug__in=text["device_types"]))
    page.device_models.set(DeviceModel.objects.filter(name__in=text["device_models"]))
    page.topics.set(Topic.objects.filter(slug__in=text["topics"]))
    if isinstance(page, TutorialPage):
        page.chapters = [
            TutorialChapter(start_seconds=chapter["start"], title=chapter["title"]) for chapter in text["chapters"]
        ]
    if isinstance(page, ArticlePage):
        page.downloads = [
            ArticleDownload(
                document_id=known.documents[file["document"]],
                device_model=DeviceModel.objects.get(name=file["device_model"]),
                software_version=file["software_version"],
                note=file["note"],
            )
            for file in text["downloads"]
        ]


def _publish(page: ContentPage, *, editor: User, reviewer: User) -> None:
    """Publishes what the editor wrote, as its reviewer does, and dates it back to the day that the text is of."""
    written_at = page.first_published_at
    revision = page.save_revision(user=editor)
    revision.publish(user=reviewer)
    Revision.objects.filter(pk=revision.pk).update(created_at=written_at)
    Page.objects.filter(pk=page.pk).update(last_published_at=written_at, latest_revision_created_at=written_at)


def _topics() -> None:
    for topic in named("topics"):
        Topic.objects.get_or_create(slug=topic["slug"], defaults={"name": topic["name"]})


# --- files ---------------------------------------------------------------------------------------------------------
def _images(editor: User) -> dict[str, int]:
    titles = {FOLDER / "images" / name: title for name, title in named("files")["images"].items()}
    return {path.name: _sized(get_image_model(), path, title, editor) for path, title in titles.items()}


def _documents(editor: User) -> dict[str, int]:
    """The papers to download, and the subtitles."""
    titles = {FOLDER / "documents" / name: title for name, title in named("files")["documents"].items()}
    titles |= {FOLDER / "tutorials" / text["subtitles"]: f"زیرنویس «{text['title']}»" for text in read("tutorials")}
    return {path.name: _sized(get_document_model(), path, title, editor) for path, title in titles.items()}


def _videos(editor: User) -> dict[str, int]:
    videos = {}
    for text in read("tutorials"):
        shape = {"type": "video", "width": 720, "height": 480, "duration": text["duration"]}
        path = FOLDER / "media" / text["video"]
        videos[path.name] = _file(get_media_model(), path, text["title"], editor, **shape)
    return videos


def _sized(model: Any, path: Path, title: str, editor: User) -> int:
    return _file(model, path, title, editor, file_size=path.stat().st_size)


def _file(model: Any, path: Path, title: str, editor: User, **more: Any) -> int:
    """The key of the file with this title; made if it is missing."""
    there = model.objects.filter(title=title).first()
    if there is None:
        with path.open("rb") as source:
            file = File(source, name=path.name)
            there = model.objects.create(title=title, file=file, uploaded_by_user=editor, **more)
    return int(there.pk)
