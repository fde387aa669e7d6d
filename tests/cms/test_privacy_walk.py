"""Every address of every kind of content, asked for by every kind of person: a page and its files open to the same
people. A new kind of page, a new place for files or a new address fails until it stands in the tables here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import FileField, ForeignKey
from django.http import HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from modelcluster.models import get_all_child_relations
from wagtail.blocks import ChooserBlock, ListBlock, RichTextBlock, StreamBlock, StructBlock
from wagtail.coreutils import resolve_model_string
from wagtail.documents import get_document_model
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction, get_page_models
from wagtailmedia.models import get_media_model

import cms.urls
from cms.api.blocks import VALUES
from cms.api.body import SHAPES
from cms.blocks import BodyBlock
from cms.models import (
    ArticleDownload,
    ArticlePage,
    ContentPage,
    NoticePage,
    PortalSettings,
    RelatedItem,
    Topic,
    TutorialPage,
)
from cms.searching.index import refresh
from customer.models import Device
from customer.roles import Role
from portal import api_urls
from tests.factories.content import (
    INDEXES,
    block,
    item,
    make_document,
    make_image,
    make_index,
    make_media,
    make_page,
    make_section,
)
from tests.factories.customer import make_active_device, make_model, make_staff

# --- the tables ------------------------------------------------------------------------------------------------------

# Kind of page → its name in the REST face.
KINDS = {ArticlePage: "article", TutorialPage: "tutorial", NoticePage: "notice"}


def rich(document) -> str:
    return f'<p><a linktype="document" id="{document.pk}">پرونده</a></p>'


# Place of a file in a page → how a file gets there: as a block of the body.
PLACES = {
    "body.text": lambda file: block("text", rich(file)),
    "body.steps.text": lambda file: block("steps", [item({"title": "گام", "text": rich(file)})]),
    "body.steps.image": lambda file: block("steps", [item({"title": "گام", "text": "", "image": file.pk})]),
    "body.warning.text": lambda file: block("warning", {"title": "", "text": rich(file)}),
    "body.note.text": lambda file: block("note", {"title": "", "text": rich(file)}),
    "body.figure.image": lambda file: block("figure", {"image": file.pk, "alt": "شکل", "caption": ""}),
    "body.gallery.image": lambda file: block("gallery", [item({"image": file.pk, "alt": "شکل", "caption": ""})]),
    "body.video.media": lambda file: block("video", {"media": file.pk, "url": "", "caption": ""}),
    "body.download.document": lambda file: block("download", {"document": file.pk, "title": "پرونده"}),
    "body.faq.answer": lambda file: block("faq", [item({"question": "؟", "answer": rich(file)})]),
}
# Files that stand in a field of the page itself, or in a row of it.
FIELDS = {
    "media": lambda: (TutorialPage, {"media": make_media()}),
    "poster": lambda: (TutorialPage, {"poster": make_image()}),
    "subtitles": lambda: (TutorialPage, {"subtitles": make_document("lines.vtt", b"WEBVTT")}),
    "downloads.document": lambda: (ArticlePage, {"downloads": [ArticleDownload(document=make_document())]}),
}
MAKERS = {get_image_model(): make_image, get_document_model(): make_document, get_media_model(): make_media}
# In these states every place is walked, in the others one for each kind of file.
THOROUGHLY = {"model", "draft"}
FEW = ("body.figure.image", "body.download.document", "body.video.media")
# Who may read a page in this state. Visitors and staff without a role: "open" alone.
VISITOR, OTHER, OWNER, EDITOR, SUPPORT, NOBODY = "visitor", "other", "owner", "editor", "support", "no role"
PEOPLE = (VISITOR, OTHER, OWNER, EDITOR, SUPPORT, NOBODY)
STAFF = {EDITOR, SUPPORT}
READERS = {
    "open": {*PEOPLE},
    "buyers": {OTHER, OWNER, *STAFF},
    "type": {OWNER, *STAFF},
    "model": {OWNER, *STAFF},
    "model expiring": {OWNER, *STAFF},
    "draft": set(),
    "expired": set(),
    "for groups": {*STAFF},
    "for who signed in": {*PEOPLE} - {VISITOR},
}
BUYERS = {OTHER, OWNER}
# Addresses of content, by who walks them: here with a page or a file; as lists; by a test of their own.
WITH_FILES = {"picture", "media_file", "media_poster", "stored_media", "wagtaildocs_serve"}
WITH_FILES |= {"content_picture", "content_document", "content_media", "content_poster"}
WITH_PAGES = {"wagtail_serve"} | {f"{name}_detail" for name in KINDS.values()}
LISTS = {f"{name}_list" for name in KINDS.values()} | {"sitemap"}
ELSEWHERE = {"robots", "wagtailcore_login", "content_preview", "search", "search_suggest", "search_open"}
ELSEWHERE |= {"page_vote", "watch_position", "notice_link", "notice_preferences"}


# --- that the tables are complete ------------------------------------------------------------------------------------


def kinds_of_content() -> set[type]:
    return {kind for kind in get_page_models() if issubclass(kind, ContentPage) and kind is not ContentPage}


def places_in_block(found, path: str) -> Iterator[str]:
    if isinstance(found, StreamBlock | StructBlock):
        for name, child in found.child_blocks.items():
            yield from places_in_block(child, f"{path}.{name}")
    elif isinstance(found, ListBlock):
        yield from places_in_block(found.child_block, path)
    elif isinstance(found, RichTextBlock) or (
        isinstance(found, ChooserBlock) and resolve_model_string(found.target_model) in MAKERS
    ):
        yield path


def places_in_model(model, path: str = "") -> Iterator[str]:
    """Where a page can hold a file: keys, blocks and formatted texts, of itself and of its rows."""
    for field in model._meta.get_fields():
        if isinstance(field, StreamField):
            yield from places_in_block(field.stream_block, f"{path}{field.name}")
        elif isinstance(field, FileField | RichTextField) or (
            isinstance(field, ForeignKey) and field.related_model in MAKERS
        ):
            yield f"{path}{field.name}"
    for relation in get_all_child_relations(model):
        yield from places_in_model(relation.related_model, f"{path}{relation.get_accessor_name()}.")


def test_every_kind_of_page_is_in_the_table():
    assert kinds_of_content() == set(KINDS)


def test_every_place_for_a_file_is_in_the_table():
    assert {place for kind in KINDS for place in places_in_model(kind)} == {*PLACES, *FIELDS}


def test_every_kind_of_block_has_its_shape_outside():
    assert set(BodyBlock().child_blocks) == set(SHAPES) == set(VALUES)


def test_every_address_of_content_is_in_a_table():
    of_pages = {pattern.name for pattern in cms.urls.urlpatterns}
    of_api = {pattern.name for pattern in api_urls.urlpatterns if str(pattern.pattern).startswith("content/")}
    assert of_pages | of_api == WITH_FILES | WITH_PAGES | LISTS | ELSEWHERE


# --- people and pages ------------------------------------------------------------------------------------------------


class Person:
    """Somebody with a session of the pages and, but for visitors, a token."""

    def __init__(self, name: str, user=None) -> None:
        self.name, self.user, self.client = name, user, Client()
        self.headers = {}
        if user:
            self.client.force_login(user)
            self.headers = {"Authorization": f"Bearer {AuthToken.objects.create(user)[1]}"}

    def asks(self, path: str, **headers):
        """The answer; its bytes are not waited for."""
        client, own = (Client(), self.headers) if path.startswith("/api/") else (self.client, {})
        answer = client.get(path, headers=headers | own)
        for close in getattr(answer, "_resource_closers", []) if answer.streaming else []:
            close()
        return answer


@pytest.fixture(autouse=True)
def stored_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.API_LIMITS = {**settings.API_LIMITS, "person": 100_000, "anonymous": 100_000}
    cache.clear()


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """A page whose template is not there yet answers with its title."""
    for name in ("serve", "serve_preview"):
        monkeypatch.setattr(Page, name, titled(getattr(Page, name)))


def titled(serve):
    def draw(self, request, *args, **kwargs):
        try:
            get_template(self.get_template(request))
        except TemplateDoesNotExist:
            return HttpResponse(self.title)
        return serve(self, request, *args, **kwargs)

    return draw


@pytest.fixture
def model(db):
    return make_model()


@pytest.fixture
def device(model) -> Device:
    return make_active_device(model=model)


@pytest.fixture
def people(device) -> dict[str, Person]:
    other = make_active_device().owner
    users = {
        OTHER: other.user,
        OWNER: device.owner.user,
        EDITOR: make_staff(Role.EDITOR),
        SUPPORT: make_staff(Role.SUPPORT),
        NOBODY: make_staff(is_staff=True),
    }
    return {VISITOR: Person(VISITOR)} | {name: Person(name, user) for name, user in users.items()}


def private_section(kind: str):
    section = make_section()
    PageViewRestriction.objects.create(page=section, restriction_type=kind)
    return section


def make_state(state: str, kind, model, **values):
    """A page in one of the states of the table."""
    options = {
        "open": {"open_to_all": True},
        "buyers": {},
        "type": {"types": [model.device_type]},
        "model": {"models": [model]},
        "model expiring": {"models": [model], "expire_at": timezone.now() + timedelta(hours=1)},
        "draft": {"live": False, "open_to_all": True},
        "expired": {"open_to_all": True, "expire_at": timezone.now() - timedelta(seconds=1)},
    }
    if state in options:
        return make_page(kind, **options[state], **values)
    if kind is not ArticlePage:  # only articles lie in sections
        page = make_page(kind, open_to_all=True, **values)
        restriction = PageViewRestriction.GROUPS if state == "for groups" else PageViewRestriction.LOGIN
        PageViewRestriction.objects.create(page=page, restriction_type=restriction)
        return page
    restriction = PageViewRestriction.GROUPS if state == "for groups" else PageViewRestriction.LOGIN
    return make_page(kind, below=private_section(restriction), open_to_all=True, **values)


def files_for(places) -> dict[str, object]:
    """A file of the right kind for every place."""
    makers = {"image": make_image, "media": make_media}
    return {place: makers.get(place.rpartition(".")[2], make_document)() for place in places}


def addresses_of_file(file) -> list[str]:
    if isinstance(file, get_image_model()):
        name = file.get_rendition("width-480").file.name.rpartition("/")[2]
        return [reverse("picture", args=[name]), reverse("api:content_picture", args=[name])]
    if isinstance(file, get_document_model()):
        return [file.url, reverse("api:content_document", args=[file.pk])]
    names = ("media_file", "media_poster", "api:content_media", "api:content_poster")
    return [reverse(name, args=[file.pk]) for name in names]


def expected(path: str, person: str, *, may: bool, is_page: bool = False) -> set[int]:
    """What the table's yes and no mean at this address."""
    if path.startswith("/api/"):
        if person == VISITOR:
            return {401}
        if person not in BUYERS:
            return {403}
    elif not may and is_page and person == VISITOR:
        return {302}
    return {200, 206} if may else {404}


# --- the walk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", READERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_and_its_files_open_to_the_same_people(kind, state, model, people):
    files = files_for(PLACES if state in THOROUGHLY else FEW)
    body = json.dumps([PLACES[place](file) for place, file in files.items()])
    page = make_state(state, kind, model, body=body)
    pages = [page.get_url(), reverse(f"api:{KINDS[kind]}_detail", args=[page.pk])]
    wrong = []
    for name, person in people.items():
        may = name in READERS[state]
        for path in pages:
            status = person.asks(path).status_code
            if status not in expected(path, name, may=may, is_page=True):
                wrong.append((path, name, status))
        for place, file in files.items():
            # Staff have every file, also of drafts: they work with them.
            has = may or name in STAFF
            for path in addresses_of_file(file):
                status = person.asks(path, Range="bytes=0-3").status_code
                if status not in expected(path, name, may=has):
                    wrong.append((place, path, name, status))
    assert wrong == []


@pytest.mark.parametrize("state", sorted(THOROUGHLY))
@pytest.mark.parametrize("place", FIELDS)
def test_files_in_fields_open_with_their_page(place, state, model, people):
    kind, values = FIELDS[place]()
    page = make_state(state, kind, model, **values)
    held = getattr(page, place.partition(".")[0])
    file = held if place in values else held.get().document
    for name, person in people.items():
        has = name in READERS[state] or name in STAFF
        for path in addresses_of_file(file):
            assert person.asks(path).status_code in expected(path, name, may=has), (path, name)


@pytest.mark.parametrize("kind", KINDS)
def test_lists_show_what_a_person_may_read(kind, model, people):
    pages = {state: make_state(state, kind, model) for state in READERS}
    for name in BUYERS:
        rows = people[name].asks(reverse(f"api:{KINDS[kind]}_list")).json()["results"]
        assert {row["id"] for row in rows} == {page.pk for state, page in pages.items() if name in READERS[state]}
    for name in {VISITOR, EDITOR, SUPPORT, NOBODY}:
        assert people[name].asks(reverse(f"api:{KINDS[kind]}_list")).status_code in {401, 403}
    for person in people.values():
        told = person.asks("/sitemap.xml").content.decode()
        assert [state for state, page in pages.items() if page.get_url() in told] == ["open"]


WORD = "زاروچک"
GROUP = {ArticlePage: "articles", TutorialPage: "tutorials", NoticePage: "notices"}


def lists_with(kind, section) -> tuple[list[str], list[str]]:
    """Addresses that name every page of a kind which a person may read; and such as name a few."""
    index, name, word = make_index(INDEXES[kind]), KINDS[kind], quote(WORD)
    whole = [
        f"/search/?q={word}&kind={GROUP[kind]}",
        f"{reverse('api:search')}?q={word}&limit=30",
        f"{reverse(f'api:{name}_list')}?search={word}",
    ]
    few = ["/", "/dashboard/", f"/search/suggest/?q={word}", "/search/", index.get_url(), section.get_url()]
    return whole, few


def named_in(answer, pages) -> set[str]:
    """The states of the pages to which an answer leads, or which it names."""
    said = answer.content.decode()
    marks = {state: (f'"{page.get_url()}"', f"/search/open/{page.pk}/", page.title) for state, page in pages.items()}
    return {state for state, ways in marks.items() if any(way in said for way in ways)}


@pytest.mark.parametrize("kind", KINDS)
def test_hits_lists_and_neighbours_name_only_what_a_person_may_read(kind, model, people):
    topic = Topic.objects.create(name="نگهداری", slug="care")
    pages = {
        state: make_state(state, kind, model, title=f"{WORD} شمارهٔ {n}ام", topics=[topic])
        for n, state in enumerate(READERS, 1)
    }
    for page in pages.values():
        refresh(page.pk)
    beside = make_page(title="همسایه", topics=[topic], related_items=[RelatedItem(target=p) for p in pages.values()])
    section = beside.get_parent()
    whole, few = lists_with(kind, section)
    few += [beside.get_url(), reverse("api:article_detail", args=[beside.pk])]
    few += [page.get_parent().get_url() for page in pages.values()]
    for name, person in people.items():
        allowed = {state for state in READERS if name in READERS[state]}
        for path in whole:
            answer = person.asks(path)
            found = named_in(answer, pages) if answer.status_code == 200 else set()
            assert found == (allowed if name in BUYERS else set()), (path, name)
        for path in few:
            answer = person.asks(path)
            found = named_in(answer, pages) if answer.status_code == 200 else set()
            assert found <= allowed, (path, name)
        for state, page in pages.items():
            status = person.asks(reverse("search_open", args=[page.pk])).status_code
            shut = {VISITOR: 302}.get(name, 403)
            expected_status = shut if name not in BUYERS else 302 if state in allowed else 404
            assert status == expected_status, (state, name)


def test_a_former_owner_is_shut_out_in_the_same_second(device, model, people):
    image, document, media = make_image(), make_document(), make_media()
    body = json.dumps(
        [
            PLACES["body.figure.image"](image),
            PLACES["body.text"](document),
            PLACES["body.video.media"](media),
        ]
    )
    page = make_page(models=[model], body=body)
    paths = [path for file in (image, document, media) for path in addresses_of_file(file)]
    paths += [page.get_url(), reverse("api:article_detail", args=[page.pk])]
    list_path = reverse("api:article_list")
    owner, other = people[OWNER], people[OTHER]
    before = {path: owner.asks(path) for path in [*paths, list_path]}
    assert {answer.status_code for answer in before.values()} == {200}
    assert {other.asks(path).status_code for path in paths} == {404}

    Device.objects.filter(pk=device.pk).update(owner=other.user.buyer)

    for path in paths:
        etag = before[path].headers.get("ETag", "")
        assert owner.asks(path, **{"If-None-Match": etag}).status_code == 404, path
        assert other.asks(path).status_code == 200, path
    again = owner.asks(list_path, **{"If-None-Match": before[list_path].headers["ETag"]})
    assert (again.status_code, again.json()["count"]) == (200, 0)


def test_a_disabled_buyer_is_a_visitor(device, model, people):
    document = make_document()
    page = make_page(models=[model], body=json.dumps([PLACES["body.text"](document)]))
    owner = people[OWNER]
    type(owner.user).objects.filter(pk=owner.user.pk).update(is_active=False)
    assert owner.asks(page.get_url()).status_code == 302
    assert owner.asks(document.url).status_code == 404
    for path in (reverse("api:article_list"), reverse("api:content_document", args=[document.pk])):
        assert owner.asks(path).status_code == 401


# --- other doors -----------------------------------------------------------------------------------------------------


def test_originals_have_no_address(people):
    image, document, media = make_image(), make_document(), make_media()
    body = [PLACES["body.figure.image"](image), PLACES["body.text"](document), PLACES["body.video.media"](media)]
    make_page(open_to_all=True, body=json.dumps(body))
    for file in (image.file, document.file):
        for name, person in people.items():
            assert person.asks(file.url).status_code == 404, name
    for path in (media.file.url, media.thumbnail.url):  # as the admin's screens link to them
        assert {name for name, person in people.items() if person.asks(path).status_code == 200} == STAFF


def test_a_file_that_no_page_shows_is_the_editors_own(people):
    for file in (make_image(), make_document(), make_media()):
        for path in addresses_of_file(file):
            answers = {name: person.asks(path).status_code for name, person in people.items()}
            if not path.startswith("/api/"):
                assert {name for name, status in answers.items() if status == 200} == STAFF
            else:
                assert 200 not in answers.values()


def test_a_file_in_a_draft_of_a_published_page_stays_in(people):
    image = make_image()
    page = make_page(open_to_all=True)
    page.body = json.dumps([PLACES["body.figure.image"](image)])
    revision = page.save_revision()
    path = addresses_of_file(image)[0]
    assert people[OWNER].asks(path).status_code == 404
    revision.publish()
    assert people[OWNER].asks(path).status_code == 200
    page.refresh_from_db()
    page.unpublish()
    assert people[OWNER].asks(path).status_code == 404


def test_the_logo_is_everybodys(people):
    image = make_image()
    PortalSettings.objects.update_or_create(pk=PortalSettings.load().pk, defaults={"logo": image})
    path = addresses_of_file(image)[0]
    for person in people.values():
        answer = person.asks(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=86400")


def test_only_what_a_visitor_gets_may_be_kept_by_caches_for_all(people):
    document = make_document()
    make_page(open_to_all=True, body=json.dumps([PLACES["body.text"](document)]))
    for name, person in people.items():
        answer = person.asks(document.url)
        kept = "public, max-age=300" if name == VISITOR else "private, no-cache"
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, kept), name
        assert answer.headers["Vary"] == "Cookie, Authorization"


def test_a_private_collection_closes_its_files(people):
    closed = Collection.get_first_root_node().add_child(name="بسته")
    CollectionViewRestriction.objects.create(collection=closed, restriction_type="groups")
    files = [make_image(collection=closed), make_document(collection=closed), make_media(collection=closed)]
    body = zip(("body.figure.image", "body.text", "body.video.media"), files, strict=True)
    make_page(open_to_all=True, body=json.dumps([PLACES[place](file) for place, file in body]))
    for file in files:
        path = addresses_of_file(file)[0]
        assert {name for name, person in people.items() if person.asks(path).status_code == 200} == STAFF


def test_indexes_and_sections_are_for_who_has_signed_in(people):
    section = make_section()
    for page in (section, section.get_parent()):
        for name, person in people.items():
            assert person.asks(page.get_url()).status_code == (302 if name == VISITOR else 200), name


def test_a_visitor_cannot_tell_what_lies_in_a_closed_section(model, people):
    page = make_page(models=[model])
    draft = make_page(live=False)
    nothing = f"{page.get_parent().get_url()}nothing/"
    answers = [people[VISITOR].asks(path) for path in (page.get_url(), draft.get_url(), nothing)]
    assert {(answer.status_code, answer.url.split("?")[0]) for answer in answers} == {(302, "/login/")}
    assert people[VISITOR].asks("/nothing/").status_code == 404


def test_drafts_are_shown_to_who_may_edit_them(model, people):
    page = make_page(live=False)
    page.save_revision()
    names = ("wagtailadmin_pages:view_draft", "wagtailadmin_pages:preview_on_edit", "wagtailadmin_pages:edit")
    paths = [reverse(name, args=[page.pk]) for name in names] + [reverse("headless_preview", args=[page.pk])]
    for path in paths:
        for name, person in people.items():
            answer = person.asks(path)
            assert (answer.status_code == 200) == (name == EDITOR), (path, name, answer.status_code)


def test_no_other_door_of_wagtail_is_open(people):
    for path in ("/_util/authenticate_with_password/1/1/", "/documents/authenticate_with_password/1/"):
        for person in people.values():
            assert person.asks(path).status_code == 404
    robots = people[VISITOR].asks("/robots.txt").content.decode()
    assert "Disallow: /api/" in robots
    assert "Sitemap: http://testserver/sitemap.xml" in robots


# --- what a hit costs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [0, 2])
def test_a_file_costs_three_queries_whatever_else_there_is(others, model, people, django_assert_num_queries):
    image, document, media = make_image(), make_document(), make_media()
    body = [PLACES["body.figure.image"](image), PLACES["body.text"](document), PLACES["body.video.media"](media)]
    for _ in range(1 + others):
        make_page(models=[model], body=json.dumps(body))
    owner = people[OWNER]
    for file in (image, document, media):
        path = addresses_of_file(file)[0]
        for person in (owner, people[VISITOR]):
            person.asks(path)  # what the process and the cache keep, they keep now
        with django_assert_num_queries(3):  # session, person, file
            assert owner.asks(path).status_code == 200
        with django_assert_num_queries(3):  # file; Wagtail looks for a redirect: site, redirects
            assert people[VISITOR].asks(path).status_code == 404


@pytest.mark.django_db
def test_a_picture_is_found_by_an_index():
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "wagtailimages_rendition")
    assert constraints["cms_rendition_by_file"]["columns"] == ["file"]
