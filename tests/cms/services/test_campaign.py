"""What may be done with the sending of a notice, and what not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.audience import Audience
from cms.models import Campaign, MutedNotice, NoticePage
from cms.queries import preview
from cms.services import campaign as verbs
from cms.services.preference import mute_only
from customer.models import InboxItem, Trace
from customer.services.service import choose_mode
from integrations.models import OutboxMessage
from kernel.actor import SYSTEM
from kernel.jalali import tehran_today
from kernel.refused import Refused
from tests.factories.cms import (
    actor,
    administrator,
    editor,
    make_approved,
    make_draft,
    make_notice,
    make_running,
    wording,
)
from tests.factories.commerce import actor_of
from tests.factories.content import block
from tests.factories.customer import make_active_device, make_buyer, make_device, make_expired_device, make_model

pytestmark = pytest.mark.django_db
NOW = {"now": timezone.now()}


def refused(code, verb, **values):
    with pytest.raises(Refused) as caught:
        verb(now=timezone.now(), **values)
    assert caught.value.code == code


def by(user, campaign):
    return {"campaign_id": campaign.pk, "actor": actor(user)}


def test_the_draft_says_what_the_page_says_a_table_row_by_row():
    columns = [{"type": "text", "heading": "کد"}, {"type": "text", "heading": "شرح"}]
    table = {"columns": columns, "rows": [{"values": ["E1", "گرما"]}, {"values": ["E2", "توان"]}], "caption": "خطاها"}
    body = json.dumps([block("text", "<p>بخوانید.</p>"), block("table", table), block("heading", "پایان")])
    draft = make_draft(make_notice(summary="کوتاه", body=body))
    assert draft.inbox_body == "کوتاه\n\nبخوانید.\n\nخطاها\nکد: E1؛ شرح: گرما\nکد: E2؛ شرح: توان\n\nپایان"


# --- audience --------------------------------------------------------------------------------------------------------


def members(**values) -> set[int]:
    return set(Audience(**values).members(tehran_today()).values_list("pk", flat=True))


def test_an_audience_means_owners_by_model_type_brand_kind_and_city():
    model, other = make_model(), make_model()
    one = make_active_device(model=model).owner
    two = make_active_device(make_buyer(city="شیراز"), model=other, identifier_kind="dongle").owner
    none = make_buyer()
    assert members() == {one.pk, two.pk, none.pk}
    assert members(device_models=(model.pk,)) == {one.pk}
    assert members(device_types=(other.device_type_id,)) == {two.pk}
    assert members(brands=(model.brand_id, other.brand_id)) == {one.pk, two.pk}
    assert members(identifier_kinds=("dongle",)) == {two.pk}
    assert members(cities=("شیراز",)) == {two.pk}
    assert members(cities=("شیراز",), device_models=(model.pk,)) == set()
    assert members(cities=("شیراز",), buyers=(none.pk,)) == {two.pk, none.pk}
    assert members(buyers=(none.pk,), is_chosen_only=True) == {none.pk}


def test_an_audience_means_owners_by_where_the_service_stands():
    active, expired, new = make_active_device(), make_expired_device(), make_device()
    paying = make_expired_device()
    choose_mode(buyer=paying.owner, device_id=paying.pk, choice="pay_per_case", actor=actor_of(paying), **NOW)
    assert members(service=("active",)) == {active.owner_id}
    assert members(service=("expired",)) == {expired.owner_id, paying.owner_id}
    assert members(service=("pay_per_case",)) == {paying.owner_id}
    assert members(service=("awaiting_sign_off", "active")) == {new.owner_id, active.owner_id}
    assert members(service=("withdrawn",)) == set()


def test_a_closed_account_gets_nothing():
    buyer = make_buyer()
    buyer.user.is_active = False
    buyer.user.save()
    assert members() == set()


# --- the way to sending ----------------------------------------------------------------------------------------------


def test_publishing_alone_sends_nothing(client):
    make_buyer()
    make_notice()
    assert not Campaign.objects.exists()
    assert not InboxItem.objects.exists()


def test_one_version_is_sent_once_and_a_new_one_again():
    page = make_notice()
    make_buyer()
    first = make_draft(page)
    refused("campaign.already_exists", verbs.compose, page_id=page.pk, actor=actor(editor()))
    page.save_revision().publish()
    assert make_draft(page).pk != first.pk
    verbs.cancel(reason="", **by(administrator(), first), **NOW)


def test_an_unpublished_notice_is_not_sent():
    make_buyer()
    page = make_notice()
    campaign = make_approved(page)
    page.unpublish()
    refused("campaign.not_published", verbs.start, **by(administrator(), campaign))
    refused("campaign.not_published", verbs.compose, page_id=page.pk, actor=actor(editor()))


def test_an_audience_of_nobody_is_refused_with_a_clear_word():
    campaign = make_draft(audience=Audience(cities=("قطب شمال",)))
    refused("campaign.nobody", verbs.submit, **by(editor(), campaign))
    campaign.refresh_from_db()
    assert campaign.status == "draft"
    assert not Trace.objects.filter(verb="campaign.submitted").exists()


def test_a_legal_notice_takes_two_people_and_the_database_says_so_too():
    make_buyer()
    campaign = make_draft()
    verbs.submit(**by(editor(), campaign), **NOW)
    refused("campaign.second_person", verbs.approve, **by(editor(), campaign))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.approved_by) == ("waiting_approval", None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(status="approved", approved_by=campaign.written_by)
    verbs.approve(**by(administrator(), campaign), **NOW)


def test_other_kinds_may_be_approved_by_their_author():
    make_buyer()
    campaign = make_draft(make_notice(kind="general", must_acknowledge=False))
    verbs.submit(**by(editor(), campaign), **NOW)
    assert verbs.approve(**by(editor(), campaign), **NOW).status == "approved"


def test_what_was_submitted_cannot_be_rewritten():
    make_buyer()
    campaign = make_draft()
    verbs.submit(**by(editor(), campaign), **NOW)
    refused(
        "campaign.not_a_draft", verbs.revise, wording=wording(campaign, inbox_title="دیگر"), **by(editor(), campaign)
    )
    verbs.send_back(reason="تاریخ را بنویسید", **by(administrator(), campaign), **NOW)
    changed = verbs.revise(wording=wording(campaign, inbox_title="دیگر"), **by(editor(), campaign), **NOW)
    assert (changed.inbox_title, changed.text_sha256) == ("دیگر", "")


FORBIDDEN = {
    "submit": {"waiting_approval", "approved", "scheduled", "running", "paused", "done", "cancelled"},
    "approve": {"draft", "approved", "scheduled", "running", "paused", "done", "cancelled"},
    "start": {"draft", "waiting_approval", "running", "paused", "done", "cancelled"},
    "pause": {"draft", "waiting_approval", "approved", "scheduled", "paused", "done", "cancelled"},
    "resume": {"draft", "waiting_approval", "approved", "scheduled", "running", "done", "cancelled"},
    "cancel": {"done", "cancelled"},
    "resend_failed": {"draft", "waiting_approval", "approved", "scheduled", "cancelled"},
}


@pytest.mark.parametrize("verb", FORBIDDEN)
def test_each_verb_is_refused_in_every_other_state(verb):
    make_buyer()
    campaign = make_approved()
    more = {"reason": "نه"} if verb == "cancel" else {}
    for status in FORBIDDEN[verb]:
        Campaign.objects.filter(pk=campaign.pk).update(status=status)
        with pytest.raises(Refused):
            getattr(verbs, verb)(**by(administrator(), campaign), **NOW, **more)
        campaign.refresh_from_db()
        assert campaign.status == status, verb


# --- texts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channels": []}, "campaign.no_channel"),
        ({"channels": ["sms"]}, "campaign.inbox_missing"),
        ({"sms_text": ""}, "campaign.sms_empty"),
        ({"sms_text": "سلام {name}"}, "campaign.unknown_variable"),
        ({"sms_text": "سلام {first_name"}, "campaign.unknown_variable"),
        ({"sms_text": "https://portal.ir/x?sessionid=1"}, "campaign.link_with_secret"),
        ({"channels": ["inbox", "whatsapp"]}, "campaign.template_missing"),
        ({"inbox_body": " "}, "campaign.empty"),
    ],
)
def test_texts_that_cannot_be_sent_are_refused(changes, code):
    campaign = make_draft()
    refused(code, verbs.revise, wording=wording(campaign, **changes), **by(editor(), campaign))


def test_only_legal_notices_go_out_at_night():
    campaign = make_draft(make_notice(kind="general", must_acknowledge=False))
    late = wording(campaign, ignores_quiet_hours=True)
    refused("campaign.quiet_hours", verbs.revise, wording=late, **by(editor(), campaign))


def test_the_preview_counts_exactly_and_estimates_the_cost(settings):
    settings.NOTICE_SMS_PART_RIAL = 1000
    for _ in range(11):
        make_buyer()
    make_buyer(phone="")
    muting = make_buyer()
    page = make_notice(kind="general", must_acknowledge=False)
    mute_only(buyer=muting, pairs={("general", "sms")}, actor=SYSTEM, **NOW)
    shown = preview(make_draft(page, sms_text="ا" * 80), now=timezone.now())
    assert (shown.count, shown.without_phone, shown.muted, len(shown.sample)) == (13, 1, 1, 10)
    assert (shown.parts_each, shown.messages, shown.parts, shown.cost_rial) == (2, 11, 22, 22_000)


def test_a_trial_goes_to_one_phone_only():
    make_buyer()
    campaign = make_draft()
    refused("campaign.test_phone", verbs.send_test, phone="123", **by(editor(), campaign))
    verbs.send_test(phone="09121234567", **by(editor(), campaign), **NOW)
    message = OutboxMessage.objects.get(topic="sms.notice_test")
    assert message.payload["phone"] == "+989121234567"
    assert not campaign.deliveries.exists()


# --- preferences -----------------------------------------------------------------------------------------------------


def test_legal_kinds_cannot_be_muted_nor_by_the_database():
    buyer = make_buyer()
    refused("preference.legal", mute_only, buyer=buyer, pairs={("legal", "sms")}, actor=SYSTEM)
    refused("preference.unknown", mute_only, buyer=buyer, pairs={("general", "inbox")}, actor=SYSTEM)
    assert not MutedNotice.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        MutedNotice.objects.create(buyer=buyer, kind=NoticePage.Kind.TERMS_CHANGE, channel="sms")


def test_a_choice_replaces_the_earlier_one_and_leaves_one_trace():
    buyer = make_buyer()
    for pairs in ({("general", "sms")}, {("software_update", "whatsapp")}, {("software_update", "whatsapp")}):
        assert mute_only(buyer=buyer, pairs=pairs, actor=SYSTEM, **NOW) == pairs
    assert MutedNotice.objects.count() == 1
    assert Trace.objects.filter(verb="notices.preferences_changed").count() == 2


def test_a_clock_in_the_future_schedules():
    make_buyer()
    campaign = make_running(scheduled_for=timezone.now() + timedelta(hours=2))
    assert (campaign.status, campaign.started_at) == ("scheduled", None)
    assert verbs.begin_scheduled(campaign_id=campaign.pk, now=timezone.now()) is False
    assert verbs.begin_scheduled(campaign_id=campaign.pk, now=timezone.now() + timedelta(hours=3)) is True
    assert verbs.begin_scheduled(campaign_id=campaign.pk, now=timezone.now() + timedelta(hours=3)) is False
