"""Search: who finds what, how it is kept up to date, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page

from cms.models import (
    ArticlePage,
    ContentPage,
    KnowledgeIndexPage,
    NoticePage,
    SearchDocument,
    SearchMiss,
    SearchStopWords,
    SearchSynonyms,
    SearchWord,
    Topic,
    TutorialPage,
)
from cms.searching import search, search_content, suggest
from cms.searching.index import recount_words, refresh
from cms.searching.log import note_opened, note_search
from customer.roles import Role
from tests.factories.customer import make_buyer, make_device, make_model, make_staff
from tests.factories.search import make_page

pytestmark = pytest.mark.django_db

MOST_QUERIES = 10


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def model():
    return make_model(name="M4")


@pytest.fixture
def owner(model):
    buyer = make_buyer()
    make_device(buyer, model=model)
    return buyer.user


@pytest.fixture
def stranger():
    return make_buyer().user


def titles(found) -> list[str]:
    return [hit.title for group in found.groups for hit in group.hits]


def counts() -> dict[str, tuple[int, int]]:
    return {row.word: (row.pages, row.titles) for row in SearchWord.objects.filter(pages__gt=0)}


# --- privacy ---------------------------------------------------------------------------------------------------------


def test_wrong_buyer_finds_nothing_not_even_a_word(model, owner, stranger):
    make_page(title="تراشهٔ پنهان", summary="گیربکس رازآلود", body="یاتاقان", device_models=[model])
    for query in ("تراشه", "گیربکس", "یاتاقان", "رازآلود", "رازالود"):
        assert titles(search(owner, query)) == ["تراشهٔ پنهان"]
        found = search(stranger, query, typing=True)
        assert (found.count, found.groups, found.suggestion) == (0, [], "")


def test_a_correction_is_suggested_only_from_what_one_may_read(model, owner, stranger):
    make_page(title="یاتاقان", device_models=[model])
    assert search(owner, "یاتاغان").suggestion == "یاتاقان"
    assert search(stranger, "یاتاغان").suggestion == ""
    make_page(title="نگهداری عمومی")
    assert search(stranger, "نگهداری یاتاغان").suggestion == ""


def test_visitor_finds_what_is_open_and_staff_what_is_published(model, owner):
    from django.contrib.auth.models import AnonymousUser

    make_page(title="کالیبراسیون باز", open_to_all=True)
    make_page(title="کالیبراسیون مشتریان")
    make_page(title="کالیبراسیون مدل", device_models=[model])
    assert titles(search(AnonymousUser(), "کالیبراسیون")) == ["کالیبراسیون باز"]
    assert len(titles(search(make_staff(Role.EDITOR), "کالیبراسیون"))) == 3
    assert len(titles(search(owner, "کالیبراسیون"))) == 3


def test_devices_of_others_are_not_found(owner, stranger, model):
    device = owner.buyer.devices.get()
    found = search(owner, device.identifier)
    assert [(group.name, group.count) for group in found.groups] == [("devices", 1)]
    assert search(stranger, device.identifier).count == 0


def test_way_to_a_page_of_others_is_closed(client, model, owner, stranger):
    page = make_page(title="پنهان", device_models=[model])
    client.force_login(stranger)
    assert client.get(f"/search/open/{page.pk}/?q=x").status_code == 404
    client.force_login(owner)
    assert client.get(f"/search/open/{page.pk}/?q=x").url == page.url


# --- what is found ---------------------------------------------------------------------------------------------------


def test_results_come_in_groups(owner):
    make_page(ArticlePage, title="کوره در مقاله")
    make_page(TutorialPage, title="کوره در آموزش")
    make_page(NoticePage, title="کوره در اطلاعیه")
    found = search(owner, "کوره")
    assert [(group.name, group.count) for group in found.groups] == [("articles", 1), ("tutorials", 1), ("notices", 1)]
    assert titles(search(owner, "کوره", kinds=["notices"])) == ["کوره در اطلاعیه"]


def test_own_device_comes_first(model, owner):
    own = make_page(title="نظافت روزانه", device_models=[model])
    make_page(title="نظافت روزانه", slug="for-all")
    assert search_content(ContentPage.objects.all(), owner, "نظافت")[0] == own.pk


def test_title_comes_before_summary_before_text(owner):
    inside = make_page(title="الف", body="کمپرسور را ببینید")
    below = make_page(title="ب", summary="کمپرسور هوا")
    titled = make_page(title="کمپرسور")
    assert search_content(ContentPage.objects.all(), owner, "کمپرسور") == [titled.pk, below.pk, inside.pk]


def test_topics_and_devices_are_words_of_the_page(owner, model):
    topic = Topic.objects.create(name="مراقبت", slug="care")
    page = make_page(title="بی‌نام", topics=[topic], device_models=[model])
    for query in ("مراقبت", "M4", "m 4", model.brand.name, model.device_type.name):
        assert page.pk in search_content(ContentPage.objects.all(), owner, query), query


def test_device_type_narrows(owner, model):
    page = make_page(title="تعویض فیلتر", device_models=[model])
    make_page(title="تعویض فیلتر", slug="for-all")
    assert [hit.pk for g in search(owner, "فیلتر", device_type=model.device_type.slug).groups for hit in g.hits] == [
        page.pk
    ]
    assert search(owner, "فیلتر", device_type="none").count == 0


def test_list_that_is_narrowed_stays_narrowed(owner):
    page = make_page(title="کوره یک")
    make_page(title="کوره دو")
    assert search_content(ContentPage.objects.filter(pk=page.pk), owner, "کوره") == [page.pk]
    assert search_content(ContentPage.objects.none(), owner, "کوره") == []


def test_suggestions_for_a_ticket_prefer_the_device(owner, model):
    make_page(title="صدای بلند هنگام کار", summary="همه", slug="for-all")
    own = make_page(title="صدای بلند هنگام کار", summary="این دستگاه", device_models=[model])
    make_page(NoticePage, title="صدای بلند هنگام کار")
    found = suggest(owner, "سلام، دستگاهم موقع کار صدای خیلی بلندی می‌دهد", owner.buyer.devices.get())
    assert (found[0].pk, found[0].summary) == (own.pk, "این دستگاه")
    assert len(found) == 2
    assert all(row.url for row in found)


def test_misspelling_is_understood_and_told(owner):
    make_page(title="تعویض المنت کوره")
    found = search(owner, "تعویض المتن کوره")
    assert titles(found) == ["تعویض المنت کوره"]
    assert found.suggestion == "تعویض المنت کوره"
    assert "<mark>المنت</mark>" in found.groups[0].hits[0].heading


def test_right_spelling_suggests_nothing(owner):
    make_page(title="تعویض المنت کوره")
    assert search(owner, "المنت").suggestion == ""


def test_another_code_is_another_error(owner):
    make_page(title="خطای E-12")
    assert search(owner, "E-13").count == 0
    assert search(owner, "e 12").count == 1


@pytest.mark.parametrize(
    "query", ["", " ", "؟", "%", "_", "*", '"', "'; DROP TABLE cms_searchword; --", "\\", "\x00", "😀", "& | ! ( ) :*"]
)
def test_what_has_no_words_finds_nothing(owner, query):
    make_page(title="کوره")
    assert search(owner, query, typing=True).count == 0
    assert SearchWord.objects.exists()


@pytest.mark.parametrize("query", ["کور%", "کو_ه%", "% کوره", 'کوره"*', "کوره' OR 1=1", "کوره & ! برنامه"])
def test_signs_of_query_languages_are_no_signs_here(owner, query):
    page = make_page(title="کوره")
    make_page(title="دیگر")
    assert set(search_content(ContentPage.objects.all(), owner, query)) <= {page.pk}


def test_a_hundred_words_and_a_megabyte(owner):
    page = make_page(title="کالیبراسیون کوره")
    words = "کالیبراسیون کوره " + " ".join(f"کلمه{n}" for n in range(100))
    assert page.pk in search_content(ContentPage.objects.all(), owner, words)
    assert search(owner, "کوره " * 250_000).count == 1


def test_html_in_titles_and_texts_is_never_markup(client, owner):
    make_page(title="<script>alert(1)</script> کوره", summary='<img src=x onerror="1"> کوره', body="کوره")
    client.force_login(owner)
    for address in ("/search/", "/search/suggest/"):
        html = client.get(address, {"q": "کوره"}).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>کوره</mark>" in html
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    html = client.get("/search/", {"q": '"><script>alert(2)</script>'}).content.decode()
    assert "<script>alert(2)" not in html


def test_own_words_of_editors(owner):
    page = make_page(title="هولدر بلوک")
    assert search(owner, "گیره").count == 0
    line = SearchSynonyms.objects.create(words="هولدر، گیره")
    assert search_content(ContentPage.objects.all(), owner, "گیره") == [page.pk]
    line.delete()
    assert search(owner, "گیره").count == 0


def test_words_that_tell_nothing_are_passed_over_unless_there_are_no_others(owner):
    page = make_page(title="نگهداری هولدر", body="لطفا")
    other = make_page(title="لطفا بخوانید")
    SearchStopWords.objects.create(words="بخوانید")
    assert search_content(ContentPage.objects.all(), owner, "لطفا هولدر") == [page.pk]
    assert other.pk in search_content(ContentPage.objects.all(), owner, "لطفا بخوانید")


# --- kept up to date -------------------------------------------------------------------------------------------------


def test_publishing_changing_and_taking_back(owner, django_capture_on_commit_callbacks):
    page = make_page(title="نخست")
    with django_capture_on_commit_callbacks(execute=True):
        page.title = "دومین"
        page.save_revision()
    assert search(owner, "نخست").count == 1, "a draft is nobody's to find"
    assert search(owner, "دومین").count == 0
    with django_capture_on_commit_callbacks(execute=True):
        page.get_latest_revision().publish()
    assert (search(owner, "نخست").count, search(owner, "دومین").count) == (0, 1)
    with django_capture_on_commit_callbacks(execute=True):
        page.refresh_from_db()
        page.unpublish()
    assert search(owner, "دومین").count == 0
    assert counts() == {}


def test_unpublished_page_is_not_found_even_before_the_index_knows(owner):
    page = make_page(title="کوره")
    ContentPage.objects.filter(pk=page.pk).update(live=False)
    assert search(owner, "کوره").count == 0


def test_deleting_forgets_the_words(owner):
    page, other = make_page(title="کوره"), make_page(title="کوره بزرگ")
    assert counts()["کور"] == (2, 2)
    page.delete()
    assert counts() == {"کور": (1, 1), "بزرگ": (1, 1)}
    Page.objects.get(pk=other.pk).delete()
    assert counts() == {}


def test_moved_page_is_found_at_its_new_address(owner):
    from cms.models import KnowledgeIndexPage, SectionPage

    page = make_page(title="کوره")
    section = KnowledgeIndexPage.objects.get().add_child(instance=SectionPage(title="بخش", slug="section"))
    page.move(section, pos="last-child")
    assert search(owner, "کوره").groups[0].hits[0].url.endswith("/section/" + page.slug + "/")


def test_counts_of_words_are_those_of_a_recount(owner):
    page = make_page(title="کوره و اسکنر", body="کوره")
    make_page(title="اسکنر")
    page.title = "فرز"
    page.save()
    refresh(page.pk)
    before = counts()
    recount_words()
    assert counts() == before


def test_command_makes_all_anew(owner, capsys):
    page = make_page(title="کوره")
    SearchDocument.objects.all()._raw_delete(using="default")
    SearchWord.objects.all().delete()
    assert search(owner, "کوره").count == 0
    call_command("refresh_search")
    assert search_content(ContentPage.objects.all(), owner, "کوره") == [page.pk]


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["کوره", "تعویض المتن کوره", "چطور کالیبر", "هیچچیز نیست"])
def test_same_number_of_queries_however_many_pages(owner, query):
    make_page(title="تعویض المنت کوره", body="کالیبراسیون")
    search(owner, query, typing=True)
    with CaptureQueriesContext(
        connection,
    ) as one:
        search(owner, query, typing=True)
    for number in range(8):
        make_page(title=f"تعویض المنت کوره {number}", body="کالیبراسیون")
    with CaptureQueriesContext(connection) as many:
        search(owner, query, typing=True)
    assert len(many) <= MOST_QUERIES
    assert len(many) <= len(one)


# --- the page --------------------------------------------------------------------------------------------------------


def test_page_shows_groups_kinds_and_what_was_meant(client, owner):
    for number in range(7):
        make_page(title=f"تعویض المنت {number}")
    client.force_login(owner)
    html = client.get("/search/", {"q": "المتن"}).content.decode()
    assert "kind=articles" in html
    assert html.count('class="row"') == 5
    assert "<mark>المنت</mark>" in html
    assert ">المنت</a>" in html
    html = client.get("/search/", {"q": "المنت", "kind": "articles"}).content.decode()
    assert html.count('class="row"') == 7


def test_page_says_what_to_try(client, owner):
    client.force_login(owner)
    assert 'href="/knowledge/"' in client.get("/search/").content.decode()
    assert 'href="/knowledge/"' in client.get("/search/", {"q": "هیچ"}).content.decode()


def test_too_many_searches_are_slowed_down(client, owner, settings):
    settings.SEARCH_LIMITS = {"search": 2, "suggest": 2, "window": timedelta(minutes=1)}
    client.force_login(owner)
    for address in ("/search/", "/search/suggest/"):
        assert [client.get(address, {"q": "کوره"}).status_code for _ in range(3)] == [200, 200, 429]


def test_short_beginnings_suggest_nothing(client, owner):
    make_page(title="کوره")
    client.force_login(owner)
    assert client.get("/search/suggest/", {"q": "ک"}).content.strip() == b""
    assert 'role="option"' in client.get("/search/suggest/", {"q": "کو"}).content.decode()


# --- the REST face ---------------------------------------------------------------------------------------------------


def test_api(client, owner):
    page = make_page(title="کوره", summary="گرم <b>")
    client.force_login(owner)
    answer = client.get("/api/v1/search/", {"q": "کوره‌ها"}).json()
    assert answer == {
        "query": "کوره‌ها",
        "count": 1,
        "suggestion": "",
        "groups": [
            {
                "kind": "articles",
                "kind_label": "مقاله‌ها",
                "count": 1,
                "count_is_more": False,
                "results": [
                    {
                        "id": page.pk,
                        "title": "کوره",
                        "title_html": "<mark>کوره</mark>",
                        "excerpt_html": "گرم &lt;b&gt;",
                        "url": page.url,
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    "query",
    [
        {"q": "x" * 201},
        {"q": "x", "kind": "secrets"},
        {"q": "x", "limit": "0"},
        {"q": "x", "limit": "31"},
        {"q": "x\x00"},
    ],
)
def test_api_refuses_bad_questions(client, owner, query):
    client.force_login(owner)
    assert client.get("/api/v1/search/", query).status_code == 400


# --- what was looked for in vain -------------------------------------------------------------------------------------


def test_search_in_vain_is_counted_once_an_hour_for_each_person(client, owner, stranger):
    for person in (owner, owner, stranger):
        client.force_login(person)
        client.get("/search/", {"q": "لیزر  برش"})
        client.get("/search/", {"q": "ليزرِ برش"})
    miss = SearchMiss.objects.get()
    assert (miss.text, miss.asked, miss.fruitless, miss.opened) == ("لیزر برش", 2, 2, 0)


def test_opening_a_hit_counts(client, owner):
    page = make_page(title="کوره")
    client.force_login(owner)
    html = client.get("/search/", {"q": "کوره"}).content.decode()
    assert f"/search/open/{page.pk}/?q=" in html
    client.get(f"/search/open/{page.pk}/", {"q": "کوره"})
    miss = SearchMiss.objects.get()
    assert (miss.asked, miss.fruitless, miss.opened) == (1, 0, 1)
    assert not SearchMiss.objects.waiting().exists()


@pytest.mark.parametrize("text", ["09121234567", "۰۹۱۲ ۱۲۳ ۴۵۶۷", "sara@example.com", "0012345679", "x" * 121, "؟"])
def test_what_may_say_who_somebody_is_is_not_noted(text):
    note_search(1, text, found=0, now=timezone.now())
    assert not SearchMiss.objects.exists()


def test_table_does_not_grow_beyond_its_limit(settings):
    settings.SEARCHES_KEPT = 3
    for number in range(6):
        note_search(number, f"جست {number}", found=0, now=timezone.now())
    assert SearchMiss.objects.count() <= 3
    assert SearchMiss.objects.filter(text="جست 5").exists()


def test_one_person_cannot_fill_it(settings):
    for number in range(80):
        note_search(1, f"جست {number}", found=0, now=timezone.now())
    assert SearchMiss.objects.count() == 60


def test_what_is_found_but_never_opened_waits_for_an_editor():
    for person in range(3):
        note_search(person, "کوره", found=4, now=timezone.now())
    assert SearchMiss.objects.waiting().get().text == "کوره"
    note_opened(9, "کوره")
    assert not SearchMiss.objects.waiting().exists()


@pytest.fixture
def miss():
    note_search(1, "لیزر برش", found=0, now=timezone.now())
    return SearchMiss.objects.get()


def test_editor_begins_the_missing_article(client, miss):
    make_page(title="نخست")
    client.force_login(make_staff(Role.EDITOR))
    assert "لیزر برش" in client.get("/admin/searches/").content.decode()
    answer = client.post(f"/admin/searches/{miss.pk}/write/")
    draft = ArticlePage.objects.get(title="لیزر برش")
    assert answer.url == f"/admin/pages/{draft.pk}/edit/"
    assert not draft.live
    assert not SearchMiss.objects.waiting().exists()


def test_editor_sets_a_search_aside(client, miss):
    client.force_login(make_staff(Role.EDITOR))
    client.post(f"/admin/searches/{miss.pk}/dismiss/")
    assert "لیزر برش" not in client.get("/admin/searches/").content.decode()


def test_without_a_knowledge_base_nothing_is_begun(client, miss):
    KnowledgeIndexPage.objects.get().delete()
    client.force_login(make_staff(Role.EDITOR))
    assert client.post(f"/admin/searches/{miss.pk}/write/").url == "/admin/searches/"
    assert SearchMiss.objects.waiting().exists()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.AUDITOR])
def test_others_see_no_report(client, miss, role):
    client.force_login(make_staff(role))
    assert client.get("/admin/searches/").status_code in {302, 403}
    for act in ("write", "dismiss"):
        assert client.post(f"/admin/searches/{miss.pk}/{act}/").status_code in {302, 403}
    assert SearchMiss.objects.waiting().exists()


def test_acts_need_a_post(client, miss):
    client.force_login(make_staff(Role.EDITOR))
    assert client.get(f"/admin/searches/{miss.pk}/dismiss/").status_code == 405


def test_editor_keeps_the_words_of_search(client):
    client.force_login(make_staff(Role.EDITOR))
    answer = client.get("/admin/snippets/cms/searchsynonyms/")
    assert "دانگل" in answer.content.decode()
    answer = client.post("/admin/snippets/cms/searchsynonyms/add/", {"words": "تنها"})
    assert not SearchSynonyms.objects.filter(words="تنها").exists()
    client.post("/admin/snippets/cms/searchsynonyms/add/", {"words": "هولدر,گیره"})
    assert SearchSynonyms.objects.filter(words="هولدر، گیره").exists()


def test_engine_outside_gives_numbers_and_the_guard_decides(model, owner, stranger, monkeypatch):
    """As with OpenSearch: the backend's results are no queryset."""
    page = make_page(title="کوره", device_models=[model])

    class Engine:
        def search(self, query, queryset, **options):
            return list(queryset.filter(pk=page.pk))

    monkeypatch.setattr("cms.searching.candidates.get_search_backend", Engine)
    assert search_content(ContentPage.objects.all(), owner, "کوره") == [page.pk]
    assert search_content(ContentPage.objects.all(), stranger, "کوره") == []
