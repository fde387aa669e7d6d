"""What visitors may read is rendered once, for visitors only, and never outlives a change."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.deliveries import FORGET_AGAIN_SECONDS, forget_kept_pages
from cms.models import HomePage, PortalSettings
from cms.page_cache import CHANGED, GENERATION, content_changed, generation, kept
from integrations.models import OutboxMessage
from integrations.outbox import MOST_ATTEMPTS, Delivery, deliver_due
from integrations.ports import Retry
from portal.caches import ForgivingRedisCache
from tests.factories.customer import make_buyer, make_staff
from tests.factories.reading import block, make_article, make_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_page():
    cache.clear()
    PortalSettings.load()  # the first to ask makes the row
    return make_article(open_to_all=True, body=[block("text", "<p>یکم</p>")])


def cost(client, url: str, **headers):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url, headers=headers)
    return len(captured), response


def test_second_visitor_costs_no_query(open_page):
    first, before = cost(Client(), open_page.url)
    second, after = cost(Client(), open_page.url)
    assert 0 < first <= 10
    assert second == 0
    assert after.content == before.content
    assert cost(Client(), "/")[0] > 0
    assert cost(Client(), "/")[0] == 0


def test_visitor_gets_the_same_headers_from_the_cache(open_page):
    _cost, before = cost(Client(), open_page.url)
    _cost, after = cost(Client(), open_page.url)
    assert after.headers["Content-Security-Policy"] == before.headers["Content-Security-Policy"]
    assert after.headers["X-Frame-Options"] == "DENY"
    assert after.headers["Content-Type"] == "text/html; charset=utf-8"
    assert after.headers["Cache-Control"] == "no-cache"
    assert "Cookie" in after.headers["Vary"]
    assert after.headers["ETag"] == before.headers["ETag"]
    assert "Set-Cookie" not in after.headers


def test_browser_that_has_the_page_is_told_so(open_page):
    _cost, first = cost(Client(), open_page.url)
    queries, again = cost(Client(), open_page.url, **{"If-None-Match": first.headers["ETag"]})
    assert (queries, again.status_code, again.content) == (0, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert cost(Client(), open_page.url, **{"If-None-Match": 'W/"other"'})[1].status_code == 200


def test_head_is_answered_without_a_body(open_page):
    Client().get(open_page.url)
    assert Client().head(open_page.url).content == b""


def test_signed_in_people_get_pages_of_their_own(client, open_page):
    buyer = make_buyer()
    Client().get(open_page.url)
    client.force_login(buyer.user)
    response = client.get(open_page.url)
    assert buyer.full_name in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert buyer.full_name not in Client().get(open_page.url).content.decode()
    client.force_login(make_staff())
    assert 'href="/admin/"' in client.get(open_page.url).content.decode()
    assert 'href="/admin/"' not in Client().get(open_page.url).content.decode()


def test_first_page_of_a_buyer_is_not_kept(client, open_page):
    client.force_login(make_buyer().user)
    client.get("/")
    assert 'href="/login/"' in Client().get("/").content.decode()


def test_closed_pages_are_never_kept(client):
    open_page = make_article(body=[block("text", "<p>پنهان</p>")])
    client.force_login(make_buyer().user)
    assert client.get(open_page.url).status_code == 200
    for _ in range(2):
        assert Client().get(open_page.url).status_code == 302


def test_page_that_is_closed_again_is_closed_at_once(open_page):
    assert Client().get(open_page.url).status_code == 200
    open_page.open_to_all = False
    open_page.save_revision().publish()
    assert Client().get(open_page.url).status_code == 302


def test_change_of_content_shows_at_once(open_page):
    changes = {
        "دوم": lambda: (setattr(open_page, "body", [block("text", "<p>دوم</p>")]), open_page.save_revision().publish()),
        "شرکت تازه": lambda: PortalSettings(pk=1, company_name="شرکت تازه").save(),
    }
    for shown, change in changes.items():
        assert shown not in Client().get(open_page.url).content.decode()
        change()
        assert shown in Client().get(open_page.url).content.decode()


def test_first_page_follows_what_is_published_unpublished_and_deleted(open_page):
    assert open_page.title in Client().get("/").content.decode()
    open_page.unpublish()
    assert open_page.title not in Client().get("/").content.decode()
    open_page.save_revision().publish()
    assert open_page.title in Client().get("/").content.decode()
    open_page.delete()
    assert open_page.title not in Client().get("/").content.decode()


def test_page_that_moves_leaves_its_old_address(open_page):
    old = open_page.url
    assert Client().get(old).status_code == 200
    open_page.move(HomePage.objects.get(), pos="last-child")
    open_page.refresh_from_db()
    moved = Client().get(old)
    assert (moved.status_code, moved["Location"]) == (301, open_page.url)
    assert Client().get(open_page.url).status_code == 200


def test_old_address_of_a_closed_page_tells_visitors_nothing(client):
    closed = make_article()
    old = closed.url
    closed.move(HomePage.objects.get(), pos="last-child")
    answers = [Client().get(address) for address in (old, "/knowledge/none/")]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, f"/login/?next={old}"),
        (302, "/login/?next=/knowledge/none/"),
    ]
    client.force_login(make_buyer().user)
    assert client.get(old).status_code == 301


def test_new_picture_shows_at_once(open_page):
    image = make_image()
    before = generation()
    image.title = "تازه"
    image.save()
    assert generation() != before


def test_queries_in_the_address_are_not_kept(open_page):
    for number in range(2):
        assert cost(Client(), f"{open_page.url}?x={number}")[0] > 0


def test_unknown_address_is_not_kept(open_page):
    for _ in range(2):
        assert cost(Client(), "/knowledge/none/")[0] > 0


def test_other_hosts_have_pages_of_their_own(open_page, settings):
    settings.ALLOWED_HOSTS = ["one.test", "two.test"]
    Client(headers={"host": "one.test"}).get(open_page.url)
    assert cost(Client(headers={"host": "two.test"}), open_page.url)[0] > 0


def test_page_made_while_content_changed_is_not_kept(open_page):
    """Read before the change, kept after it: such a page must not be served."""

    def read_slowly() -> str:
        content_changed()
        return "old"

    assert kept("slow", read_slowly) == "old"
    assert kept("slow", lambda: "new") == "new"
    assert kept("slow", lambda: "newer") == "new"


def test_change_counts_when_it_is_committed(open_page, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        content_changed()
        inside = generation()
    assert cache.get(GENERATION) != inside


# --- a cache that does not answer ------------------------------------------------------------------------------------


@pytest.fixture
def redis_cache(settings, redis_server, monkeypatch):
    """The cache of production."""
    backend = "portal.caches.ForgivingRedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": redis_server.url}}
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", 0.0)
    cache.clear()
    yield
    cache.close()


def silence() -> None:
    """Redis has not answered this process; what it has kept, it keeps."""
    ForgivingRedisCache._silent_until = math.inf


def wake() -> None:
    """As in another process, or after a while: the cache is asked again."""
    ForgivingRedisCache._silent_until = 0.0


def rename(page, title: str) -> None:
    page.title = title
    page.save_revision().publish()


def titles(page) -> str:
    return Client().get(page.url).content.decode()


@pytest.mark.redis
def test_change_while_the_cache_is_silent_is_told_when_it_answers(
    redis_cache, open_page, django_capture_on_commit_callbacks
):
    assert open_page.title in titles(open_page)
    silence()
    for title in ("نام دوم", "نام سوم"):
        with django_capture_on_commit_callbacks(execute=True):
            rename(open_page, title)
    message = OutboxMessage.objects.get(topic=CHANGED)  # one for both
    deliver_due()
    message.refresh_from_db()
    assert (message.status, message.attempts) == (OutboxMessage.Status.QUEUED, 1)
    assert timedelta(seconds=19) < message.next_attempt_at - timezone.now() < timedelta(seconds=23)

    wake()
    assert "نام سوم" not in titles(open_page)  # Redis kept it over the silence
    deliver_due(now=lambda: message.next_attempt_at)
    message.refresh_from_db()
    assert message.status == OutboxMessage.Status.DELIVERED
    assert "نام سوم" in titles(open_page)
    assert cost(Client(), open_page.url)[0] == 0


@pytest.mark.redis
def test_change_after_the_message_was_sent_has_a_message_of_its_own(
    redis_cache, open_page, django_capture_on_commit_callbacks
):
    for number in (1, 2):
        silence()
        with django_capture_on_commit_callbacks(execute=True):
            rename(open_page, f"نام {number}")
        wake()
        deliver_due()
        assert OutboxMessage.objects.filter(topic=CHANGED, status=OutboxMessage.Status.DELIVERED).count() == number


@pytest.mark.redis
def test_what_has_run_out_needs_no_telling(redis_cache, settings):
    silence()
    last = 2 * settings.CONTENT_CACHE_SECONDS // FORGET_AGAIN_SECONDS
    told = {"message_id": 1, "dedupe_key": "x", "payload": {}, "recover": False}
    with pytest.raises(Retry):
        forget_kept_pages(Delivery(attempt=last, **told))
    assert forget_kept_pages(Delivery(attempt=last + 1, **told)) == ""
    assert last + 1 < MOST_ATTEMPTS


@pytest.mark.redis
def test_a_cache_that_answers_needs_no_message(redis_cache, open_page, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        rename(open_page, "نام دوم")
    assert "نام دوم" in titles(open_page)
    assert not OutboxMessage.objects.exists()
    with CaptureQueriesContext(connection) as captured, django_capture_on_commit_callbacks(execute=True):
        content_changed()
    assert len(captured) == 0
