"""Votes and places in a video: what a reader may leave, what not, and what remains of it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.utils import timezone

from cms.models import ArticleVote, WatchPosition
from cms.services.feedback import note_position, vote
from customer.models import Trace
from kernel.actor import Actor
from kernel.refused import Refused
from tests.factories.customer import make_buyer, make_model
from tests.factories.reading import make_article, make_media, make_tutorial

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    cache.clear()
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


def send(client, page, **said):
    return client.post(f"/knowledge/votes/{page.pk}/", said)


def votes() -> list[tuple[int, bool, str]]:
    return list(ArticleVote.objects.order_by("pk").values_list("buyer_id", "helpful", "reason"))


def test_vote_is_noted_and_shown(client, buyer):
    page = make_article()
    response = send(client, page, helpful="no", reason="گام  سوم كم است")
    assert response["Location"] == f"{page.url}#vote"
    assert votes() == [(buyer.pk, False, "گام سوم کم است")]
    html = client.get(page.url).content.decode()
    assert "نظر شما ثبت شد" in html
    assert "گفته‌اید که کمک نکرد" in html
    assert "گام سوم کم است" in html


def test_mind_may_be_changed(client, buyer):
    page = make_article()
    send(client, page, helpful="no", reason="ناقص")
    send(client, page, helpful="yes", reason="بی‌اثر")
    send(client, page, helpful="yes")
    assert votes() == [(buyer.pk, True, "")]
    assert list(Trace.objects.filter(verb="page.voted").order_by("pk").values_list("data", flat=True)) == [
        {"helpful": False},
        {"helpful": True},
    ]


def test_each_buyer_has_a_vote(client, buyer):
    page, other = make_article(), make_buyer()
    send(client, page, helpful="yes")
    client.force_login(other.user)
    send(client, page, helpful="no")
    assert votes() == [(buyer.pk, True, ""), (other.pk, False, "")]


@pytest.mark.parametrize("said", [{}, {"helpful": "maybe"}, {"helpful": "no", "reason": "x" * 501}])
def test_strange_vote_leaves_nothing(client, buyer, said):
    assert send(client, make_article(), **said).status_code == 302
    assert votes() == []


def test_vote_on_what_one_may_not_read_is_404(client, buyer):
    hidden, draft = make_article(device_models=[make_model()]), make_article()
    draft.unpublish()
    assert [send(client, page, helpful="yes").status_code for page in (hidden, draft)] == [404, 404]
    assert send(client, make_tutorial(), helpful="yes").status_code == 302
    assert client.post("/knowledge/votes/999999/", {"helpful": "yes"}).status_code == 404


def test_votes_are_paced(client, buyer):
    page = make_article()
    statuses = {send(client, page, helpful="yes").status_code for _ in range(31)}
    assert statuses == {302, 429}


def test_vote_that_fails_leaves_nothing_behind(buyer, monkeypatch):
    page, actor = make_article(), Actor(user_id=buyer.user_id)
    monkeypatch.setattr("cms.services.feedback.trace.record", lambda *_args, **_data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vote(buyer=buyer, page=page, helpful=True, reason="", actor=actor, now=timezone.now())
    assert votes() == []


def test_place_in_a_video_is_kept_and_moves(client, buyer):
    page = make_tutorial(media=make_media(duration=300))
    for seconds in (10, 120):
        response = client.post(f"/tutorials/positions/{page.pk}/", {"seconds": seconds, "duration": 300})
        assert response.status_code == 204
    assert list(WatchPosition.objects.values_list("buyer_id", "seconds", "duration")) == [(buyer.pk, 120, 300)]


def test_length_of_our_own_film_is_not_asked_from_the_browser(buyer):
    page = make_tutorial(media=make_media(duration=300))
    note_position(buyer=buyer, page=page, seconds=900, duration=1000, now=timezone.now())
    assert list(WatchPosition.objects.values_list("seconds", "duration")) == [(300, 300)]


def test_length_that_we_do_not_know_is_the_browsers(buyer):
    page = make_tutorial(media=make_media(duration=0))
    note_position(buyer=buyer, page=page, seconds=20, duration=200, now=timezone.now())
    assert list(WatchPosition.objects.values_list("seconds", "duration")) == [(20, 200)]
    with pytest.raises(Refused) as refused:
        note_position(buyer=buyer, page=page, seconds=20, duration=0, now=timezone.now())
    assert refused.value.code == "tutorial.no_such_position"


@pytest.mark.parametrize(
    "said", [{}, {"seconds": -1, "duration": 10}, {"seconds": "x", "duration": 10}, {"seconds": 1, "duration": 10**9}]
)
def test_strange_place_is_refused(client, buyer, said):
    page = make_tutorial(media=make_media())
    assert client.post(f"/tutorials/positions/{page.pk}/", said).status_code == 400
    assert not WatchPosition.objects.exists()


def test_place_in_a_film_that_one_may_not_see_is_404(client, buyer):
    page = make_tutorial(media=make_media(), device_models=[make_model()])
    said = {"seconds": 1, "duration": 10}
    assert client.post(f"/tutorials/positions/{page.pk}/", said).status_code == 404
    assert client.post(f"/tutorials/positions/{make_article().pk}/", said).status_code == 404
