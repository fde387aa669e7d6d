"""Reports for editors: what grew old, did not help, points nowhere; for whom, and for how many queries."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from cms.models import ArticlePage, ArticleVote, BrokenLink, RelatedItem
from cms.searching.log import note_search
from cms.services.links import find_broken_links
from cms.tasks import check_links
from customer.roles import Role
from tests.admin.editing import visible_text
from tests.factories.content import block, item, make_document, make_image, make_media, make_page
from tests.factories.customer import make_buyer

STALE, UNHELPFUL, LINKS = (f"/admin/content-reports/{name}/" for name in ("stale", "unhelpful", "links"))
SEARCHES = "/admin/searches/"

serial = count(70_000)


@pytest.fixture
def editor(sign_in):
    return sign_in(Role.EDITOR)


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return visible_text(response.content.decode())


def rows_of(client, address: str) -> list[tuple]:
    response = client.get(f"{address}?export=xlsx")
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert sheet.sheet_view.rightToLeft
    return list(sheet.iter_rows(values_only=True))


def make_old(days: int = 500, **values):
    return make_page(ArticlePage, last_published_at=timezone.now() - timedelta(days=days), **values)


def vote(page, *answers):
    for helpful, reason in answers:
        now = timezone.now()
        ArticleVote.objects.create(page=page, buyer=make_buyer(), helpful=helpful, reason=reason, created_at=now)


def make_disliked(**values):
    page = make_page(ArticlePage, **values)
    vote(page, (False, "شمارهٔ قطعه نیست"), (False, ""), (True, ""))
    return page


def text(html: str) -> str:
    return json.dumps([block("text", html)])


def make_broken(**values):
    gone = make_page()
    page = make_page(ArticlePage, body=text(f'<p><a linktype="page" id="{gone.pk}">x</a></p>'), **values)
    gone.delete()
    check_links()
    return page


def make_search():
    """By somebody else each time: one person's searches are counted at a pace."""
    n = next(serial)
    note_search(n, f"لیزر {n} برش", found=0, now=timezone.now())
    return f"لیزر {n} برش"


# --- what they hold --------------------------------------------------------------------------------------------------


def test_what_was_not_published_for_long_is_listed_oldest_first(editor, settings):
    make_old(500, title="کهنه")
    make_old(900, title="کهنه‌تر")
    make_page(title="تازه")
    make_old(900, title="پیش‌نویس", live=False)
    assert [row[0] for row in rows_of(editor, STALE)] == ["صفحه", "کهنه‌تر", "کهنه"]
    shown = text_of(editor, STALE)
    assert shown.index("کهنه‌تر") < shown.index("کهنه\n")
    assert "تازه\n" not in shown
    settings.CONTENT_STALE_MONTHS = 24
    assert [row[0] for row in rows_of(editor, STALE)][1:] == ["کهنه‌تر"]


def test_publishing_again_says_that_it_still_holds(administrator):
    page = make_old()
    page.save_revision().publish()
    assert rows_of(administrator, STALE)[1:] == []


def test_what_did_not_help_is_listed_with_the_reasons(editor):
    worst = make_page(title="بدترین")
    vote(worst, (False, "عکس ندارد"), (False, "قدیمی است"), (False, ""))
    make_disliked(title="نیمه")
    vote(make_page(title="خوب"), (True, ""), (True, ""), (True, ""))
    vote(make_page(title="کم‌رأی"), (False, "نه"), (False, "نه"))
    assert [row[:4] for row in rows_of(editor, UNHELPFUL)[1:]] == [("بدترین", "۱۰۰٪", 3, 3), ("نیمه", "۶۷٪", 2, 3)]
    shown = text_of(editor, UNHELPFUL)
    assert "عکس ندارد" in shown
    assert "قدیمی است" in shown
    assert "خوب\n" not in shown
    assert "رستگار" not in shown


def test_links_that_lead_nowhere_are_found_and_forgotten_when_mended(editor):
    gone, draft, fine = make_page(), make_page(live=False, title="بازپس‌گرفته"), make_page()
    document, image, media = make_document(), make_image(), make_media()
    words = "".join(f'<a linktype="page" id="{page.pk}">x</a>' for page in (gone, draft, fine))
    words += f'<a linktype="document" id="{document.pk}">y</a><a href="/knowledge/nowhere/">z</a>'
    words += f'<a href="{fine.url}">a</a><a href="https://example.ir/x">b</a><a href="/devices/">c</a>'
    figure = {"image": image.pk, "alt": "x", "caption": ""}
    body = [
        block("faq", [item({"question": "؟", "answer": f"<p>{words}</p>"})]),
        block("gallery", [item(figure)]),
        block("video", {"media": media.pk, "url": "", "caption": ""}),
    ]
    page = make_page(ArticlePage, title="پر از پیوند", body=json.dumps(body))
    RelatedItem.objects.create(page=page, target=draft)
    expected = {
        ("page", str(gone.pk), "gone"),
        ("page", str(draft.pk), "unpublished"),
        ("document", str(document.pk), "gone"),
        ("image", str(image.pk), "gone"),
        ("media", str(media.pk), "gone"),
        ("address", "/knowledge/nowhere/", "nowhere"),
    }
    for thing in (gone, document, image, media):
        thing.delete()

    assert find_broken_links(now=timezone.now()) == 6
    assert set(BrokenLink.objects.values_list("kind", "target", "reason")) == expected
    shown = text_of(editor, LINKS)
    assert "پر از پیوند" in shown
    assert "بازپس‌گرفته" in shown
    assert "/knowledge/nowhere/" in shown
    assert "example.ir" not in shown
    assert len(rows_of(editor, LINKS)) == 7

    since = BrokenLink.objects.get(kind="document").found_at
    ArticlePage.objects.filter(pk=draft.pk).update(live=True)
    assert find_broken_links(now=timezone.now() + timedelta(hours=1)) == 5
    assert BrokenLink.objects.get(kind="document").found_at == since
    page.unpublish()
    assert find_broken_links(now=timezone.now()) == 0


def test_a_round_costs_the_same_for_one_page_and_for_many(db):
    make_broken()
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            check_links()
        costs.append(len(queries))
        make_broken()
        make_broken()
    assert costs[0] == costs[1]
    assert BrokenLink.objects.count() == 5


def test_a_search_in_vain_becomes_an_article_and_may_be_taken_along(editor):
    make_page()
    searched = make_search()
    assert rows_of(editor, SEARCHES)[1][:3] == (searched, 1, 1)
    assert "این مقاله را بنویسید" in text_of(editor, SEARCHES)


# --- for whom, and at what price -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_reports_are_for_their_roles(sign_in, role):
    client = sign_in(role)
    readers = {Role.ADMINISTRATOR, Role.EDITOR, Role.AUDITOR}
    menu = client.get("/admin/").content.decode()
    for address in (STALE, UNHELPFUL, LINKS):
        for form in (address, f"{address}results/", f"{address}?export=xlsx"):
            response = client.get(form)
            assert (response.status_code == 200) is (role in readers), form
        assert (f'"{address}"' in menu) is (role in readers)
    assert (f'"{SEARCHES}"' in menu) is (role in {Role.ADMINISTRATOR, Role.EDITOR})


def test_only_who_edits_is_led_to_the_editor(editor, auditor):
    page = make_old()
    edit = f"/admin/pages/{page.pk}/edit/"
    assert edit in editor.get(STALE).content.decode()
    assert edit not in auditor.get(STALE).content.decode()
    assert page.title in auditor.get(STALE).content.decode()


@pytest.mark.parametrize(
    ("address", "make"),
    [(STALE, make_old), (UNHELPFUL, make_disliked), (LINKS, make_broken), (SEARCHES, make_search)],
    ids=["stale", "unhelpful", "links", "searches"],
)
@pytest.mark.parametrize("form", ["", "?export=xlsx"], ids=["page", "sheet"])
def test_a_report_costs_the_same_with_one_row_and_with_three(editor, address, make, form):
    costs = []
    for round_ in range(2):
        for _each in range(1 + round_):
            make()
        editor.get(address + form)
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(address + form).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert len(rows_of(editor, address)) == 4
