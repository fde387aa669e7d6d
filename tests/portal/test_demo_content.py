"""The demo's texts: every file is what its page takes, is good Persian, and is loaded once."""

import json
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import override_settings
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtailmedia.models import get_media_model

from cms.blocks import BodyBlock
from cms.models import ArticlePage, ContentPage, NoticePage, SectionPage, Topic, TutorialPage
from portal import demo, demo_pages
from portal.demo_pages import FOLDER, Known, named, read, resolved

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
KINDS = ("articles", "tutorials", "notices")
TEXTS = [pytest.param(kind, text, id=text["slug"]) for kind in KINDS for text in read(kind)]
COMMON = {
    "title", "slug", "summary", "device_types", "device_models", "topics", "open_to_all", "days_ago", "body"
}  # fmt: skip
OWN = {
    "articles": {"section", "downloads"},
    "tutorials": {"video", "duration", "poster", "chapters", "subtitles"},
    "notices": {"kind", "must_acknowledge", "sms_text"},
}
TWO_SMS = 2 * 67  # Persian letters in a text of two parts
TOTAL = 3 * 1024 * 1024


# --- the set -------------------------------------------------------------------------------------------------------
def test_there_is_enough_of_each_kind():
    assert [len(read(kind)) >= least for kind, least in zip(KINDS, (25, 8, 10), strict=True)] == [True] * 3
    kinds = Counter(text["kind"] for text in read("notices"))
    assert set(kinds) == {"software_update", "terms_change", "legal", "general"}


def test_slugs_name_one_page_and_one_file():
    slugs = [text["slug"] for kind in KINDS for text in read(kind)]
    files = [path.stem for kind in KINDS for path in sorted((FOLDER / kind).glob("*.json"))]

    assert len(slugs) == len(set(slugs))
    assert slugs == files


def test_every_device_is_written_of_and_calibration_is_there():
    articles = read("articles")
    calibrated = {
        model
        for text in articles
        if "calibration" in text["topics"] and "کالیبراسیون" in text["title"]
        for model in text["device_models"]
    }

    assert calibrated == {name for _brand, name, _type, _prices in demo.MODELS}
    assert {text["section"] for text in articles} == {section["slug"] for section in named("sections")}
    assert 2 <= sum(text["open_to_all"] for text in articles) <= 3


def test_files_are_light_and_each_is_used():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    used = " ".join(path.read_text(encoding="utf-8") for path in files if path.suffix == ".json")
    shown = [path for path in files if path.suffix != ".json"]

    assert sum(path.stat().st_size for path in files) < TOTAL
    assert [path.name for path in shown if f'"{path.name}"' not in used] == []
    limits = {".png": 40, ".pdf": 40, ".webm": 150, ".vtt": 4}
    assert [path.name for path in shown if path.stat().st_size > limits[path.suffix] * 1024] == []


# --- each text -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_text_has_its_keys_and_known_names(kind, text):
    assert set(text) == COMMON | OWN[kind]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text["slug"])
    assert 0 < len(text["summary"]) <= 300
    assert 0 < text["days_ago"] <= 365
    assert set(text["device_types"]) <= set(demo.TYPES)
    assert set(text["device_models"]) <= {name for _brand, name, _type, _prices in demo.MODELS}
    assert text["topics"]
    assert set(text["topics"]) <= {topic["slug"] for topic in named("topics")}


@pytest.mark.parametrize("text", [pytest.param(text, id=text["slug"]) for text in read("articles")])
def test_article_is_of_a_reader_s_length_and_varied(text):
    words = re.findall(r"[\w\u200c]+", " ".join(lines_of(text["body"])))

    assert 300 <= len(words) <= 900
    assert len({block["type"] for block in text["body"]}) >= 5


@pytest.mark.parametrize("text", [pytest.param(text, id=text["slug"]) for text in read("tutorials")])
def test_tutorial_has_chapters_and_subtitles_within_its_video(text):
    starts = [chapter["start"] for chapter in text["chapters"]]
    subtitles = (FOLDER / "tutorials" / text["subtitles"]).read_text(encoding="utf-8")
    clock = re.findall(r"00:00:(\d\d\.\d{3})", subtitles)

    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < text["duration"]
    assert subtitles.startswith("WEBVTT\n\n")
    assert subtitles.count("-->") == len(starts)
    assert clock == sorted(clock)
    assert float(clock[-1]) <= text["duration"]
    assert text["poster"] in named("files")["images"]


@pytest.mark.parametrize("text", [pytest.param(text, id=text["slug"]) for text in read("notices")])
def test_notice_fits_two_texts_and_legal_ones_are_acknowledged(text):
    address = "https://portal.example.ir/n/abcdefghijk/"

    assert text["kind"] in NoticePage.Kind.values
    assert text["sms_text"].count("{link}") == 1
    assert len(text["sms_text"].replace("{link}", address)) <= TWO_SMS
    assert text["must_acknowledge"] or text["kind"] != "legal"


# --- Persian -------------------------------------------------------------------------------------------------------
LINTS = {
    "Arabic yeh or kaf": r"[يكىة]",
    "Arabic digits": r"[٠-٩]",
    "Latin digit glued to a Persian word": r"(?<![\w-])[0-9]+[آ-ی]",
    "'mi' apart from its verb": r"(?<![آ-ی\u200c])ن?می\s+[آ-ی]",
    "'mi' glued to its verb": r"(?<![آ-ی\u200c])ن?می(?:شو|کن|ده|گوی|رو[دن]|آی|توان|خواه|گیر|ماند|زن)",
    "plural apart from its noun": r"[آ-ی]\s+ها(?:ی|یی|یش)?(?![آ-ی\u200c])",
    "'tar' apart from its word": r"[آ-ی]\s+ترین?(?![آ-ی\u200c])",
    "half-space at the edge of a word": r"\u200c(?![آ-یءأئؤ])|(?<![آ-یٔءأئؤ])\u200c",
    "space before a mark": r"\s[،؛؟.:!](?:\s|$)",
    "no space after a mark": r"[،؛؟](?=[آ-ی])",
    "Latin comma or question mark in Persian": r"[آ-ی]\s?[,;?]",
    "double space": r"[^\S\n]{2,}",
    "straight quotes": r"\"",
    "arrow that points backwards between Latin words": r"[A-Za-z0-9]\s*←\s*[A-Za-z0-9]",
    "unseen control": r"[\u200b\u200e\u200f\u202a-\u202e\ufeff]",
}


def lines_of(value, *, name=""):
    """Every Persian string of a text: without tags, and without code, names and addresses."""
    if isinstance(value, dict):
        skipped = {"type", "code", "number", "image", "document", "slug", "video", "poster", "subtitles"}
        return [line for key, part in value.items() if key not in skipped for line in lines_of(part, name=key)]
    if isinstance(value, list):
        return [line for part in value for line in lines_of(part, name=name)]
    if isinstance(value, str):
        bare = re.sub(r"<code>.*?</code>", "X", value)
        return [
            part for part in re.split(r"</?(?:p|ul|ol|li)>", bare) for part in [re.sub("<[^>]+>", "", part)] if part
        ]
    return []


def faults(line):
    return [fault for fault, pattern in LINTS.items() if re.search(pattern, line)]


@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_text_is_written_as_persian_is(kind, text):
    told = {key: text[key] for key in ("title", "summary", "body")} | {"sms": text.get("sms_text", "")}
    told["chapters"] = text.get("chapters", [])

    assert {line: faults(line) for line in lines_of(told) if faults(line)} == {}


@pytest.mark.parametrize("path", [*FOLDER.glob("*.json"), *FOLDER.rglob("*.vtt")], ids=lambda path: path.name)
def test_lists_and_subtitles_are_written_as_persian_is(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if re.search("[آ-ی]", line)]
    lines = [line.strip(' ",').partition('": "')[2] or line for line in lines]

    assert lines
    assert {line: faults(line.strip(' ",')) for line in lines if faults(line.strip(' ",'))} == {}


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("دستگاه كار", "Arabic yeh or kaf"),
        ("این کار را می کنیم", "'mi' apart from its verb"),
        ("این کار را میکنیم", "'mi' glued to its verb"),
        ("دستگاه های دیگر", "plural apart from its noun"),
        ("این بزرگ ترین است", "'tar' apart from its word"),
        ("دستگاه\u200c است", "half-space at the edge of a word"),
        ("یک ،دو", "no space after a mark"),
        ("از Log ← Export بگیرید", "arrow that points backwards between Latin words"),
    ],
)
def test_lint_sees_what_it_is_for(wrong, fault):
    assert fault in faults(wrong)


# --- into the database ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def content(django_db_setup, django_db_blocker, tmp_path_factory):
    """The whole of the demo's content, loaded once for the tests below and taken back after the last."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), transaction.atomic():
        demo._staff(set())
        demo._catalogue()
        yield demo_pages.load_content(NOW), folder
        transaction.set_rollback(True)


@pytest.fixture
def media(content):
    return content[1]


@pytest.fixture
def loaded(db, content):
    return content[0]


def counts():
    models = (Page, ContentPage, Topic, get_image_model(), get_document_model(), get_media_model())
    return [model.objects.count() for model in models]


def test_loading_publishes_every_text_once(loaded, media):
    before = counts()
    files = sorted(media.rglob("*"))

    assert loaded == len(TEXTS)
    assert demo_pages.load_content(NOW) == 0
    assert counts() == before
    assert sorted(media.rglob("*")) == files
    assert ContentPage.objects.filter(
        live=True, has_unpublished_changes=False, owner__username="editor"
    ).count() == len(TEXTS)
    assert [m.objects.count() for m in (ArticlePage, TutorialPage, NoticePage)] == [len(read(kind)) for kind in KINDS]
    assert SectionPage.objects.count() == len(named("sections"))


def test_loaded_bodies_are_what_an_editor_could_save(loaded):
    block = BodyBlock()
    problems = {}
    for page in ContentPage.objects.all():
        try:
            block.clean(page.body)
        except ValidationError as error:
            problems[page.slug] = error
    links = {
        int(pk) for page in ContentPage.objects.all() for pk in re.findall(r'linktype="page" id="(\d+)"', raw(page))
    }

    assert problems == {}
    assert links
    assert links <= set(ContentPage.objects.values_list("pk", flat=True))
    assert [page.slug for page in ContentPage.objects.all() if ' page="' in raw(page)] == []


def raw(page):
    return "".join(str(part) for part in page.body.get_prep_value()).replace('\\"', '"')


def test_loaded_pages_keep_their_day_and_audience(loaded):
    for text in (text for kind in KINDS for text in read(kind)):
        page = ContentPage.objects.get(slug=text["slug"])
        assert (NOW - page.first_published_at).days == text["days_ago"]
        assert page.last_published_at == page.first_published_at
        assert sorted(page.device_models.values_list("name", flat=True)) == sorted(text["device_models"])
        assert sorted(page.device_types.values_list("slug", flat=True)) == sorted(text["device_types"])
        assert sorted(page.topics.values_list("slug", flat=True)) == sorted(text["topics"])


def test_loaded_tutorials_have_their_film_and_articles_their_downloads(loaded):
    for text in read("tutorials"):
        page = TutorialPage.objects.get(slug=text["slug"])
        files = [page.media.file.name, page.subtitles.file.name, page.poster.file.name]
        assert [name.rpartition("/")[2] for name in files] == [text["video"], text["subtitles"], text["poster"]]
        assert page.media.duration == text["duration"]
        chapters = [{"start": chapter.start_seconds, "title": chapter.title} for chapter in page.chapters.all()]
        assert chapters == text["chapters"]
    for text in read("articles"):
        downloads = ArticlePage.objects.get(slug=text["slug"]).downloads.all()
        assert [file.software_version for file in downloads] == [file["software_version"] for file in text["downloads"]]


def test_what_an_editor_changed_outlives_the_next_loading(loaded):
    page = ArticlePage.objects.get(slug="m4-calibration")
    page.title = "عنوان تازه"
    page.save_revision().publish()
    ArticlePage.objects.get(slug="m4-network").delete()

    assert demo_pages.load_content(NOW) == 1
    assert ArticlePage.objects.get(slug="m4-calibration").title == "عنوان تازه"
    assert ArticlePage.objects.get(slug="m4-network").live


def test_unknown_picture_or_page_is_an_error():
    with pytest.raises(KeyError):
        resolved([{"type": "figure", "value": {"image": "none.png"}}], Known())
    with pytest.raises(KeyError):
        resolved('<p><a page="none">…</a></p>', Known())


def test_bodies_name_only_files_that_are_there():
    files = named("files")
    for kind in KINDS:
        text = json.dumps(read(kind))
        assert set(re.findall(r'"image": "([^"]+)"', text)) <= set(files["images"])
        assert set(re.findall(r'"document": "([^"]+)"', text)) <= set(files["documents"])
