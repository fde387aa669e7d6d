"""Notices as a buyer meets them: card, page, message, confirmation, and what he wants to be told."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from cms import message_text
from cms.audience import Audience
from cms.models import CampaignDelivery, MutedNotice
from cms.services.fan_out import fan_out
from customer.models import InboxItem, Trace
from customer.roles import Role
from customer.services.inbox import text_sha256
from tests.factories.cms import make_notice, make_running
from tests.factories.customer import make_active_device, make_buyer, make_model, make_staff

pytestmark = pytest.mark.django_db


def told(buyer, page=None, **changes):
    """The buyer and his client, after the notice was fanned out."""
    campaign = make_running(page, **changes)
    fan_out(campaign_id=campaign.pk, now=timezone.now())
    client = Client()
    client.force_login(buyer.user)
    return campaign, client


def inbox_row(campaign, buyer) -> CampaignDelivery:
    return campaign.deliveries.get(buyer=buyer, channel="inbox")


def test_the_card_stays_until_it_is_confirmed():
    buyer = make_buyer()
    campaign, client = told(buyer)
    item = InboxItem.objects.get()
    assert campaign.inbox_title in client.get("/dashboard/").content.decode()
    client.get(f"/inbox/{item.pk}/")
    client.post("/inbox/read-all/")
    assert campaign.inbox_title in client.get("/dashboard/").content.decode()
    client.post(f"/inbox/{item.pk}/acknowledge/")
    assert campaign.inbox_title not in client.get("/dashboard/").content.decode()


def test_opening_the_page_counts_as_seen_and_the_first_time_stays():
    buyer = make_buyer()
    campaign, client = told(buyer)
    page = client.get(campaign.page.url)
    assert page.status_code == 200
    assert campaign.page.title in page.content.decode()
    first = inbox_row(campaign, buyer).seen_at
    assert first is not None
    client.get(campaign.page.url)
    client.get(f"/inbox/{InboxItem.objects.get().pk}/")
    assert inbox_row(campaign, buyer).seen_at == first
    assert inbox_row(campaign, buyer).acknowledged_at is None


def test_marking_all_as_read_is_not_seeing():
    buyer = make_buyer()
    campaign, client = told(buyer, make_notice(kind="general", must_acknowledge=False))
    client.post("/inbox/read-all/")
    assert InboxItem.objects.get().read_at is not None
    assert inbox_row(campaign, buyer).seen_at is None


def test_confirming_on_the_page_keeps_moment_and_fingerprint():
    buyer = make_buyer()
    campaign, client = told(buyer)
    item = InboxItem.objects.get()
    page = client.get(campaign.page.url).content.decode()
    assert f"/inbox/{item.pk}/acknowledge/" in page
    answer = client.post(f"/inbox/{item.pk}/acknowledge/", {"next": campaign.page.url})
    assert answer.url == campaign.page.url
    assert "ثبت شد" in client.get(campaign.page.url).content.decode()
    row = inbox_row(campaign, buyer)
    item.refresh_from_db()
    assert row.acknowledged_at == item.acknowledged_at is not None
    trace = Trace.objects.get(verb="inbox.acknowledged")
    assert (trace.buyer, trace.data["event"], trace.data["text_sha256"]) == (
        buyer,
        campaign.dedupe_key,
        text_sha256(item),
    )
    client.post(f"/inbox/{item.pk}/acknowledge/")
    assert Trace.objects.filter(verb="inbox.acknowledged").count() == 1


def test_confirming_by_the_api_is_the_same():
    buyer = make_buyer()
    campaign, client = told(buyer)
    item = InboxItem.objects.get()
    client.post(f"/api/v1/inbox/{item.pk}/acknowledge/")
    assert inbox_row(campaign, buyer).acknowledged_at is not None


def test_the_way_back_leads_nowhere_else():
    buyer = make_buyer()
    _campaign, client = told(buyer)
    item = InboxItem.objects.get()
    answer = client.post(f"/inbox/{item.pk}/acknowledge/", {"next": "https://evil.example/"})
    assert answer.url == f"/inbox/{item.pk}/"


# --- who may read ----------------------------------------------------------------------------------------------------


def status(page, user=None) -> int:
    client = Client()
    if user:
        client.force_login(user)
    return client.get(page.url).status_code


def test_a_notice_is_for_its_audience_and_for_whom_it_was_sent_to():
    model = make_model()
    owner, chosen, other = make_active_device(model=model).owner, make_buyer(), make_buyer()
    page = make_notice(device_models=[model])
    assert [status(page), status(page, owner.user), status(page, chosen.user)] == [302, 200, 404]
    told(chosen, page, audience=Audience(buyers=(chosen.pk,), is_chosen_only=True))
    assert [status(page, chosen.user), status(page, other.user), status(page, make_staff(Role.EDITOR))] == [
        200,
        404,
        200,
    ]


def test_the_list_shows_what_one_may_read_by_kind():
    model = make_model()
    owner, other = make_active_device(model=model).owner, make_buyer()
    legal, general = make_notice(device_models=[model]), make_notice(kind="general", must_acknowledge=False)
    for buyer, query, expected in (
        (owner, "", {legal.title, general.title}),
        (other, "", {general.title}),
        (owner, "?kind=legal", {legal.title}),
        (owner, "?kind=nonsense", {legal.title, general.title}),
    ):
        client = Client()
        client.force_login(buyer.user)
        answer = client.get(f"/notices/{query}")
        assert {notice.title for notice in answer.context["page_obj"]} == expected, query


def test_the_list_needs_as_many_queries_for_three_as_for_one(django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(make_buyer().user)
    make_notice()
    client.get("/notices/")
    with CaptureQueriesContext(connection) as first:
        client.get("/notices/")
    make_notice()
    make_notice()
    with django_assert_num_queries(len(first)):
        client.get("/notices/")


def test_the_short_link_leads_those_it_was_sent_to():
    buyer, other = make_buyer(), make_buyer()
    campaign, client = told(buyer, audience=Audience(buyers=(buyer.pk,), is_chosen_only=True))
    address = f"/n/{campaign.pk}/"
    assert client.get(urlsplit(message_text.link(campaign.pk)).path).url == address
    assert client.get(address).url == campaign.page.url
    assert Client().get(address).url == f"/login/?next={address}"
    client.force_login(other.user)
    assert client.get(address).status_code == 404


# --- what he wants to be told ----------------------------------------------------------------------------------------


def test_preferences_are_ticked_and_saved():
    client = Client()
    buyer = make_buyer()
    client.force_login(buyer.user)
    page = client.get("/profile/notices/").content.decode()
    assert page.count('type="checkbox"') == page.count(" checked") == 4
    client.post("/profile/notices/", {"on": ["general:sms", "software_update:sms", "legal:sms"]})
    assert set(MutedNotice.objects.values_list("kind", "channel")) == {
        ("general", "whatsapp"),
        ("software_update", "whatsapp"),
    }
    assert client.get("/profile/notices/").content.decode().count(" checked") == 2


def test_preferences_by_the_api():
    client = Client()
    client.force_login(make_buyer().user)
    url = "/api/v1/me/notice-preferences/"
    rows = {row["kind"]: row for row in client.get(url).json()["preferences"]}
    assert {kind: row["can_mute"] for kind, row in rows.items()} == {
        "software_update": True,
        "general": True,
        "legal": False,
        "terms_change": False,
    }
    body = {"preferences": [{"kind": "general", "sms": False, "whatsapp": True}]}
    answer = client.put(url, body, content_type="application/json")
    assert {row["kind"]: row["sms"] for row in answer.json()["preferences"]}["general"] is False
    body = {"preferences": [{"kind": "legal", "sms": False, "whatsapp": True}]}
    answer = client.put(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "preference.legal")
    assert MutedNotice.objects.count() == 1
