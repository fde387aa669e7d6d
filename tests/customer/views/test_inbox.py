"""The pages of the inbox."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customer.models import InboxItem, Trace
from customer.services.inbox import Message, tell
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    buyer = make_buyer()
    client.force_login(buyer.user)
    return buyer


def make_item(buyer, *, kind="service", must_acknowledge=False, title="خبر", minutes_ago=0) -> InboxItem:
    key = f"test:{InboxItem.objects.count()}"
    message = Message(
        kind=InboxItem.Kind(kind), title=title, body="متن", dedupe_key=key, must_acknowledge=must_acknowledge
    )
    tell(buyer.pk, message, now=timezone.now() - timedelta(minutes=minutes_ago))
    return InboxItem.objects.get(buyer=buyer, dedupe_key=key)


def shown(response) -> list[int]:
    return [item.pk for item in response.context["page_obj"]]


def test_list_newest_first_and_only_own(client, buyer):
    old, new = make_item(buyer, minutes_ago=5), make_item(buyer)
    make_item(make_buyer())
    assert shown(client.get("/inbox/")) == [new.pk, old.pk]


def test_list_narrowed(client, buyer):
    read, notice = make_item(buyer), make_item(buyer, kind="legal")
    InboxItem.objects.filter(pk=read.pk).update(read_at=timezone.now())
    assert shown(client.get("/inbox/?show=unread")) == [notice.pk]
    assert shown(client.get("/inbox/?show=notices")) == [notice.pk]
    assert shown(client.get("/inbox/?show=nonsense&page=99")) == [notice.pk, read.pk]


def test_empty_list_says_what_will_come(client, buyer):
    assert "هنوز پیامی نیست" in client.get("/inbox/").content.decode()
    assert "چیزی اینجا نیست" in client.get("/inbox/?show=unread").content.decode()


def test_opening_counts_as_reading(client, buyer):
    item = make_item(buyer)
    assert client.get(reverse("inbox_read", args=[item.pk])).status_code == 200
    item.refresh_from_db()
    first = item.read_at
    assert first is not None
    client.get(reverse("inbox_read", args=[item.pk]))
    item.refresh_from_db()
    assert item.read_at == first


def test_foreign_item_is_404_and_stays_unread(client, buyer):
    item = make_item(make_buyer(), must_acknowledge=True)
    assert client.get(reverse("inbox_read", args=[item.pk])).status_code == 404
    assert client.post(reverse("inbox_acknowledge", args=[item.pk])).status_code == 404
    item.refresh_from_db()
    assert (item.read_at, item.acknowledged_at) == (None, None)


def test_confirmation_is_noted_once_with_a_trace(client, buyer):
    item = make_item(buyer, kind="legal", must_acknowledge=True)
    for _ in range(2):
        client.post(reverse("inbox_acknowledge", args=[item.pk]))
    item.refresh_from_db()
    assert item.acknowledged_at is not None
    assert Trace.objects.filter(verb="inbox.acknowledged", buyer=buyer).count() == 1


def test_confirming_what_needs_none_is_refused(client, buyer):
    item = make_item(buyer)
    response = client.post(reverse("inbox_acknowledge", args=[item.pk]))
    assert response.status_code == 409
    assert "نیازی به تأیید ندارد" in response.content.decode()


def test_read_all_leaves_what_must_be_confirmed(client, buyer):
    plain, legal, foreign = make_item(buyer), make_item(buyer, must_acknowledge=True), make_item(make_buyer())
    assert client.post(reverse("inbox_read_all"))["Location"] == "/inbox/"
    unread = InboxItem.objects.unread().values_list("pk", flat=True)
    assert set(unread) == {legal.pk, foreign.pk}
    assert plain.pk not in unread


@pytest.mark.parametrize("count", [1, 3, 30])
def test_list_costs_the_same_however_long(client, buyer, count, django_assert_num_queries):
    for _ in range(count):
        make_item(buyer)
    client.get("/inbox/")
    with django_assert_num_queries(4):  # session, user, page with its count, unread messages
        client.get("/inbox/")
