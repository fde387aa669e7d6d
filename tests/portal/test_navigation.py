"""The navigation is rendered once for many pages, and says on each of them where one is and how much waits."""

import re

import pytest
from django.utils import timezone

from customer.models import InboxItem
from kernel.persian import persian_digits
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def add_messages(buyer, number: int) -> None:
    first = InboxItem.objects.filter(buyer=buyer).count()
    InboxItem.objects.bulk_create(
        InboxItem(
            buyer=buyer,
            kind=InboxItem.Kind.GENERAL,
            title="خبر",
            dedupe_key=f"test:{first + n}",
            created_at=timezone.now(),
        )
        for n in range(number)
    )


def navigations(client, path: str) -> list[str]:
    """The one in the bar and the one at the foot."""
    html = client.get(path).content.decode()
    return re.findall(r'<nav class="(?:bar-nav|tabs)"[^>]*>(.*?)</nav>', html, re.DOTALL)


def waiting(client, path: str = "/dashboard/") -> list[str]:
    return [dot for part in navigations(client, path) for dot in re.findall(r'class="dot"[^>]*>(.*?)<', part)]


def test_says_where_one_is(client):
    client.force_login(make_buyer().user)
    for path in ("/dashboard/", "/devices/", "/inbox/", "/dashboard/", "/devices/"):
        marked = [re.findall(r'<a href="([^"]*)" aria-current="page"', part) for part in navigations(client, path)]
        assert marked == [[path], [path]]


def test_says_how_many_messages_wait_for_each_person(client):
    buyer, other = make_buyer(), make_buyer()
    for number in (0, 1, 98, 1, 1):  # 0, 1, 99, 100, 101 in all
        add_messages(buyer, number)
        client.force_login(buyer.user)
        total = InboxItem.objects.filter(buyer=buyer).count()
        shown = [persian_digits("99+" if total > 99 else str(total))] * 2 if total else []
        assert waiting(client) == shown
        client.force_login(other.user)
        assert waiting(client) == []
    client.force_login(buyer.user)
    InboxItem.objects.filter(buyer=buyer).update(read_at=timezone.now())
    assert waiting(client) == []
