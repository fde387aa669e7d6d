"""The buyer's inbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from customer.models import InboxItem, Trace
from customer.services.inbox import Message, tell
from tests.api.clients import client_of, problem_of

INBOX = "/api/v1/inbox/"


def make_item(buyer, key="a", **values) -> InboxItem:
    values = {"kind": InboxItem.Kind.SERVICE, "title": f"پیام {key}", "body": "متن پیام"} | values
    minutes = InboxItem.objects.count()
    tell(buyer.pk, Message(dedupe_key=key, **values), now=timezone.now() + timedelta(minutes=minutes))
    return InboxItem.objects.get(buyer=buyer, dedupe_key=key)


def test_an_item_is_exactly_what_the_contract_says(buyer, api):
    item = make_item(buyer, url="/devices/1/")
    [row] = api.get(INBOX).json()["results"]
    assert row.pop("created_at").endswith("Z")
    assert row.pop("kind_label")
    assert row == {
        "id": item.pk,
        "kind": "service",
        "title": "پیام a",
        "body": "متن پیام",
        "url": "/devices/1/",
        "read_at": None,
        "must_acknowledge": False,
        "acknowledged_at": None,
    }


def test_newest_first_and_only_ones_own(buyer, other, api):
    make_item(other)
    ids = [make_item(buyer, key).pk for key in "abc"]
    assert [row["id"] for row in api.get(INBOX).json()["results"]] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [("unread=true", 1), ("unread=false", 1), ("kind=legal", 1), ("kind=payment", 0), ("search=پيام b", 1), ("", 2)],
)
def test_the_inbox_can_be_narrowed(buyer, api, query, found):
    api.post(f"{INBOX}{make_item(buyer, 'a').pk}/read/")
    make_item(buyer, "b", kind=InboxItem.Kind.LEGAL)
    assert api.get(f"{INBOX}?{query}").json()["count"] == found


def test_reading_is_noted_once(buyer, api):
    item = make_item(buyer)
    assert api.get(f"{INBOX}unread-count/").json() == {"count": 1}
    first = api.post(f"{INBOX}{item.pk}/read/").json()["read_at"]
    assert api.post(f"{INBOX}{item.pk}/read/").json()["read_at"] == first
    assert api.get(f"{INBOX}unread-count/").json() == {"count": 0}


def test_read_all_leaves_what_must_be_acknowledged(buyer, other, api):
    for key in "abc":
        make_item(buyer, key, must_acknowledge=key == "c")
    make_item(other)
    assert api.post(f"{INBOX}read-all/").json() == {"count": 2}
    assert api.get(f"{INBOX}unread-count/").json() == {"count": 1}
    assert client_of(other.user).get(f"{INBOX}unread-count/").json() == {"count": 1}


def test_acknowledging_is_noted_once_with_a_trace(buyer, api):
    item = make_item(buyer, must_acknowledge=True)
    first = api.post(f"{INBOX}{item.pk}/acknowledge/").json()
    assert first["acknowledged_at"] == first["read_at"]
    assert api.post(f"{INBOX}{item.pk}/acknowledge/").json() == first
    assert Trace.objects.filter(verb="inbox.acknowledged", actor=buyer.user).count() == 1


def test_what_asks_for_nothing_cannot_be_acknowledged(buyer, api):
    answer = api.post(f"{INBOX}{make_item(buyer).pk}/acknowledge/")
    assert problem_of(answer, 409)["code"] == "inbox.nothing_to_acknowledge"


@pytest.mark.parametrize("act", ["read", "acknowledge"])
def test_a_foreign_or_invented_item_is_404(other, api, act):
    item = make_item(other, must_acknowledge=True)
    for pk in (item.pk, 999_999, 10**30):
        problem_of(api.post(f"{INBOX}{pk}/{act}/"), 404)
    item.refresh_from_db()
    assert (item.read_at, item.acknowledged_at) == (None, None)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_two_queries(buyer, api, django_assert_num_queries, number):
    for key in range(number):
        make_item(buyer, str(key))
    with django_assert_num_queries(2):  # token, rows with their number
        assert api.get(INBOX).json()["count"] == number


@pytest.mark.parametrize("path", ["", "unread-count/"])
def test_reading_the_list_changes_nothing(buyer, api, path):
    make_item(buyer)
    before = list(InboxItem.objects.values())
    api.get(f"{INBOX}{path}")
    assert list(InboxItem.objects.values()) == before
