"""From start to the last receipt, against the stand-ins, with everything that goes wrong on the way."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from cms.models import CallTask, Campaign, CampaignDelivery, DeliveryAttempt, NoticePage
from cms.services import campaign as verbs
from cms.services.drain import claim, send_one_batch, settle
from cms.services.fan_out import enqueue
from cms.services.preference import mute_only
from cms.services.sending import send
from cms.services.work import prepare
from customer.models import InboxItem
from integrations import reports
from integrations.ports import Report, SmsStatus
from kernel.actor import SYSTEM
from tests.factories.cms import actor, administrator, make_notice, make_running
from tests.factories.customer import make_active_device, make_buyer, make_model

pytestmark = pytest.mark.django_db
REFUSED = "+989990000411"


def steer(verb, campaign, **more):
    return verb(campaign_id=campaign.pk, actor=actor(administrator()), now=timezone.now(), **more)


def states(campaign, channel="sms") -> Counter:
    return Counter(campaign.deliveries.filter(channel=channel).values_list("status", flat=True))


def received(sandbox) -> Counter:
    """How many messages each phone got."""
    return Counter(sms["receptor"] for sms in sandbox.snapshot()["sms"])


def everybody_once(sandbox, buyers) -> bool:
    return received(sandbox) == Counter(f"0{buyer.phone[3:]}" for buyer in buyers)


def status(campaign) -> str:
    campaign.refresh_from_db()
    return campaign.status


def test_everybody_is_told_once_with_his_own_words(worker, sandbox):
    model = make_model(name="M4")
    buyer = make_active_device(make_buyer(first_name="مینا"), model=model).owner
    make_buyer()
    campaign = make_running(make_notice(device_models=[model]), sms_text="{first_name}، {device}: {link}")
    assert worker.work() == 1
    assert status(campaign) == "done"
    [sms] = sandbox.snapshot()["sms"]
    assert sms["message"] == f"مینا، {model}: http://127.0.0.1:8000/n/{campaign.pk}"
    item = InboxItem.objects.get()
    assert (item.buyer, item.kind, item.must_acknowledge) == (buyer, "legal", True)
    assert (item.title, item.body, item.url) == (campaign.inbox_title, campaign.inbox_body, campaign.page.url)
    assert worker.work() == 0


def test_a_repeated_fan_out_adds_nothing(worker):
    buyers = [make_buyer() for _ in range(3)]
    campaign = make_running()
    worker.work()
    before = CampaignDelivery.objects.count(), InboxItem.objects.count()
    assert enqueue(campaign, now=timezone.now()) == 0
    assert (CampaignDelivery.objects.count(), InboxItem.objects.count()) == before == (2 * len(buyers), len(buyers))


def test_who_cannot_or_will_not_be_told_by_sms_is_left_out_and_says_why(worker, sandbox):
    buyer, muting, without = make_buyer(), make_buyer(), make_buyer(phone="")
    mute_only(buyer=muting, pairs={("general", "sms")}, actor=SYSTEM, now=timezone.now())
    campaign = make_running(make_notice(kind="general", must_acknowledge=False))
    worker.work()
    rows = campaign.deliveries.filter(channel="sms").values_list("buyer", "status", "code")
    assert set(rows) == {
        (buyer.pk, "accepted", ""),
        (muting.pk, "skipped", "muted"),
        (without.pk, "skipped", "no_phone"),
    }
    assert everybody_once(sandbox, [buyer])
    assert campaign.deliveries.filter(channel="inbox", status="delivered").count() == 3


def test_a_legal_notice_finds_a_person_for_whom_no_channel_reaches(worker):
    without = make_buyer(phone="")
    campaign = make_running()
    worker.work()
    task = CallTask.objects.get()
    assert (task.buyer, task.status) == (without, "task")
    assert status(campaign) == "done"


def test_a_refused_number_does_not_hold_up_the_others(worker, sandbox):
    buyers = [make_buyer() for _ in range(4)]
    make_buyer(phone=REFUSED)
    campaign = make_running()
    worker.work()
    assert states(campaign) == {"accepted": 4, "failed": 1}
    assert everybody_once(sandbox, buyers)
    failed = campaign.deliveries.get(status="failed")
    assert (failed.code, CallTask.objects.get().buyer) == ("411", failed.buyer)


def test_a_lost_answer_is_looked_up_and_nobody_is_told_twice(worker, sandbox, settings):
    buyers = [make_buyer() for _ in range(3)]
    campaign = make_running()
    sandbox.arm("kavenegar", "timeout_after_effect", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    assert worker.work() == 3
    assert states(campaign) == {"queued": 3}
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    worker.wait(minutes=1)
    assert worker.work() == 3
    assert states(campaign) == {"accepted": 3}
    assert everybody_once(sandbox, buyers)
    outcomes = list(campaign.deliveries.filter(channel="sms").first().history.values_list("outcome", flat=True))
    assert outcomes == ["unknown", "found"]


def test_what_never_went_out_is_sent_after_looking(worker, sandbox, settings):
    buyers = [make_buyer() for _ in range(2)]
    campaign = make_running()
    sandbox.arm("kavenegar", "timeout_before", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    worker.wait(minutes=1)
    worker.work()
    assert states(campaign) == {"accepted": 2}
    assert everybody_once(sandbox, buyers)


def test_while_nobody_can_look_nothing_is_sent_again(worker, sandbox, settings):
    make_buyer()
    campaign = make_running()
    sandbox.arm("kavenegar", "timeout_after_effect", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    sandbox.arm("kavenegar", "http_500", match="statuslocal")
    worker.wait(minutes=1)
    worker.work()
    assert states(campaign) == {"queued": 1}
    assert sum(received(sandbox).values()) == 1
    worker.wait(minutes=10)
    worker.work()
    assert states(campaign) == {"accepted": 1}
    assert sum(received(sandbox).values()) == 1


def test_what_can_be_looked_up_no_more_goes_to_a_person_not_out_again(worker, sandbox, settings):
    make_buyer()
    campaign = make_running()
    sandbox.arm("kavenegar", "timeout_before", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    worker.wait(hours=12)
    worker.work()
    assert campaign.deliveries.get(channel="sms").code == "unknown"
    assert sandbox.snapshot()["sms"] == []
    assert CallTask.objects.count() == 1


def test_the_second_provider_takes_over_where_the_first_takes_nothing(worker, sandbox):
    make_buyer()
    campaign = make_running()
    sandbox.arm("kavenegar", "vendor_code", code=418, match="sendarray")  # no credit
    worker.work()
    row = campaign.deliveries.get(channel="sms")
    assert (row.status, row.provider) == ("accepted", "smsir")
    assert list(row.history.values_list("provider", "outcome")) == [
        ("kavenegar", "misconfigured"),
        ("smsir", "accepted"),
    ]


def test_a_worker_that_dies_in_the_call_leaves_it_to_the_next(worker, sandbox, settings):
    buyers = [make_buyer() for _ in range(2)]
    campaign = make_running()
    prepare(now=worker.now)
    now = timezone.now()
    batch = claim(campaign_id=campaign.pk, channel="sms", now=now)
    send(batch, now=now)  # and then it dies
    assert claim(campaign_id=campaign.pk, channel="sms", now=now) is None
    worker.ahead = settings.NOTICE_LEASE + timedelta(seconds=1)
    assert worker.work() == 2
    assert states(campaign) == {"accepted": 2}
    assert everybody_once(sandbox, buyers)


def test_a_lease_that_ran_out_is_left_to_its_new_holder(worker, sandbox, settings):
    make_buyer()
    campaign = make_running()
    prepare(now=worker.now)
    now = timezone.now()
    slow = claim(campaign_id=campaign.pk, channel="sms", now=now)
    later = now + settings.NOTICE_LEASE + timedelta(seconds=1)
    quick = claim(campaign_id=campaign.pk, channel="sms", now=later)
    results = send(slow, now=now)
    settle(slow, results, now=later)
    assert states(campaign) == {"sending": 1}
    settle(quick, send(quick, now=later), now=later)
    assert states(campaign) == {"accepted": 1}
    assert sum(received(sandbox).values()) == 1
    assert DeliveryAttempt.objects.count() == 2


# --- steering --------------------------------------------------------------------------------------------------------


def test_the_throttle_holds_to_so_many_a_minute(worker):
    for _ in range(5):
        make_buyer()
    campaign = make_running(throttle_per_minute=2)
    assert worker.work() == 2
    assert worker.work() == 0
    worker.wait(minutes=1)
    assert worker.work() == 2
    worker.wait(minutes=1)
    assert (worker.work(), status(campaign)) == (1, "done")


def test_at_night_only_what_must_goes_out(worker, settings):
    settings.NOTICE_QUIET_HOURS = {"default": ("00:00", "24:00")}
    make_buyer()
    quiet = make_running(make_notice(kind="general", must_acknowledge=False))
    legal = make_running()
    assert worker.work() == 1
    assert (states(quiet), states(legal)) == ({"queued": 1}, {"accepted": 1})
    assert quiet.deliveries.filter(channel="inbox", status="delivered").exists()


def test_paused_nothing_leaves_and_resumed_it_goes_on(worker, sandbox):
    buyers = [make_buyer() for _ in range(2)]
    campaign = make_running(throttle_per_minute=1)
    worker.work()
    steer(verbs.pause, campaign)
    worker.wait(minutes=2)
    assert worker.work() == 0
    assert status(campaign) == "paused"
    steer(verbs.resume, campaign)
    assert (worker.work(), status(campaign)) == (1, "done")
    assert everybody_once(sandbox, buyers)


def test_cancelled_what_is_queued_is_never_sent(worker, sandbox):
    for _ in range(3):
        make_buyer()
    campaign = make_running(throttle_per_minute=1)
    worker.work()
    steer(verbs.cancel, campaign, reason="اشتباه بود")
    worker.wait(minutes=5)
    worker.work()
    assert states(campaign) == {"accepted": 1, "skipped": 2}
    assert sum(received(sandbox).values()) == 1


def test_cancelled_in_the_call_the_truth_is_still_found(worker, sandbox, settings):
    make_buyer()
    campaign = make_running()
    sandbox.arm("kavenegar", "timeout_after_effect", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    steer(verbs.cancel, campaign, reason="")
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    worker.wait(minutes=1)
    worker.work()
    assert states(campaign) == {"accepted": 1}
    other = make_running()
    sandbox.arm("kavenegar", "timeout_before", match="sendarray")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    steer(verbs.cancel, other, reason="")
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    worker.wait(minutes=1)
    worker.work()
    assert states(other) == {"skipped": 1}
    assert sum(received(sandbox).values()) == 1


def test_unpublished_in_the_middle_the_rest_is_cancelled(worker, sandbox):
    for _ in range(2):
        make_buyer()
    campaign = make_running(throttle_per_minute=1)
    worker.work()
    campaign.page.unpublish()
    worker.wait(minutes=2)
    assert send_one_batch(campaign_id=campaign.pk, channel="sms", now=worker.now) == 0
    worker.work()
    assert status(campaign) == "cancelled"
    assert states(campaign) == {"accepted": 1, "skipped": 1}


def test_a_new_version_in_the_middle_changes_nothing_of_what_is_sent(worker, sandbox):
    for _ in range(2):
        make_buyer()
    campaign = make_running(throttle_per_minute=1)
    worker.work()
    campaign.page.title = "عنوان تازه"
    campaign.page.save_revision().publish()
    worker.wait(minutes=2)
    worker.work()
    assert len({sms["message"] for sms in sandbox.snapshot()["sms"]}) == 1


def test_only_the_failed_ones_are_sent_again(worker, sandbox):
    buyers = [make_buyer() for _ in range(2)]
    wrong = make_buyer(phone=REFUSED)
    campaign = make_running()
    worker.work()
    assert status(campaign) == "done"
    wrong.phone = "+989121999999"
    wrong.save()
    assert steer(verbs.resend_failed, campaign) == 1
    assert (worker.work(), status(campaign)) == (1, "done")
    assert everybody_once(sandbox, [*buyers, wrong])
    again = campaign.deliveries.get(buyer=wrong, channel="sms")
    assert list(again.history.values_list("outcome", flat=True)) == ["rejected", "again", "accepted"]
    assert len(set(again.history.exclude(local_id=None).values_list("local_id", flat=True))) == 2


# --- reports ---------------------------------------------------------------------------------------------------------


def report(row, status, *, at=None, **more) -> None:
    told = Report(external_id=row.external_id, status=status, at=at or timezone.now(), raw={}, **more)
    reports.store(row.provider, [told])


def test_reports_in_the_wrong_order_come_to_the_same(worker):
    make_buyer()
    campaign = make_running()
    worker.work()
    row = campaign.deliveries.get(channel="sms")
    for said in (SmsStatus.DELIVERED, SmsStatus.SENT, SmsStatus.FAILED, SmsStatus.DELIVERED):
        report(row, said)
    row.refresh_from_db()
    assert (row.status, row.code) == ("delivered", "")
    assert not CallTask.objects.exists()


def test_accepted_and_then_failed_takes_the_next_channel(worker):
    buyer = make_buyer()
    campaign = make_running()
    worker.work()
    row = campaign.deliveries.get(channel="sms")
    report(row, SmsStatus.BLOCKED, code="14")
    row.refresh_from_db()
    assert (row.status, row.code) == ("failed", "14")
    assert CallTask.objects.get().buyer == buyer
    report(row, SmsStatus.DELIVERED)
    row.refresh_from_db()
    assert (row.status, row.code) == ("delivered", "")


def test_a_report_about_something_else_changes_nothing(worker):
    make_buyer()
    campaign = make_running()
    worker.work()
    reports.store("kavenegar", [Report(external_id="999999999", status=SmsStatus.FAILED, at=timezone.now(), raw={})])
    assert states(campaign) == {"accepted": 1}


def test_a_report_before_our_own_note_is_found_again(worker, sandbox):
    make_buyer()
    campaign = make_running()
    prepare(now=worker.now)
    now = timezone.now()
    batch = claim(campaign_id=campaign.pk, channel="sms", now=now)
    results = send(batch, now=now)
    early = Report(external_id=results[0].external_id, status=SmsStatus.DELIVERED, at=now, raw={})
    reports.store("kavenegar", [early])
    settle(batch, results, now=now)
    assert states(campaign) == {"delivered": 1}


def test_providers_are_asked_ever_less_often_and_in_the_end_no_more(worker, sandbox):
    make_buyer()
    campaign = make_running()
    worker.work()
    assert worker.ask() == 0
    sandbox.arm("kavenegar", "http_500", times=4, match="sms/status")
    for minutes in (2, 3, 6):
        worker.wait(minutes=minutes)
        assert (worker.ask(), worker.ask()) == (1, 0), minutes
    worker.wait(hours=48)
    assert (worker.ask(), worker.ask()) == (1, 0)
    assert campaign.deliveries.get(channel="sms").next_attempt_at is None


def test_attempts_are_frozen(worker):
    make_buyer()
    make_running()
    worker.work()
    for change in (
        lambda: DeliveryAttempt.objects.update(code="x"),
        lambda: DeliveryAttempt.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# --- WhatsApp --------------------------------------------------------------------------------------------------------


def by_whatsapp(**more):
    return make_running(
        channels=["inbox", "whatsapp"],
        whatsapp_template="legal_notice",
        whatsapp_variables=["{first_name}", "{link}"],
        sms_text="{link}",
        **more,
    )


def test_whatsapp_carries_the_template_with_its_variables(worker, sandbox):
    make_buyer(first_name="مینا")
    campaign = by_whatsapp()
    worker.work()
    assert states(campaign, "whatsapp") == {"accepted": 1}
    [message] = sandbox.snapshot()["whatsapp"]
    assert "مینا" in str(message)


def test_whatsapp_that_fails_falls_back_to_sms_after_a_while(worker, sandbox, settings):
    make_buyer(phone="+989990131026")
    campaign = by_whatsapp()
    worker.work()
    assert (states(campaign, "whatsapp"), states(campaign)) == ({"failed": 1}, {"queued": 1})
    assert status(campaign) == "running"
    worker.ahead = settings.NOTICE_FALLBACK_WAIT + timedelta(seconds=5)
    worker.work()
    assert states(campaign) == {"accepted": 1}
    assert status(campaign) == "done"


def test_whatsapp_in_doubt_is_never_sent_again(worker, sandbox, settings):
    make_buyer()
    campaign = by_whatsapp()
    sandbox.arm("whatsapp", "timeout_after_effect")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    settings.PROVIDER_TIMEOUT_SECONDS = 10
    for _ in range(3):
        worker.wait(minutes=30)
        worker.work()
    assert len(sandbox.snapshot()["whatsapp"]) == 1
    assert states(campaign, "whatsapp") == {"failed": 1}
    assert campaign.deliveries.filter(channel="sms").exists()


def test_a_report_with_our_reference_settles_what_is_in_doubt(worker, sandbox, settings):
    make_buyer()
    campaign = by_whatsapp()
    sandbox.arm("whatsapp", "timeout_after_effect")
    settings.PROVIDER_TIMEOUT_SECONDS = 0.4
    worker.work()
    row = campaign.deliveries.get(channel="whatsapp")
    told = Report(
        external_id="wamid.X", status=SmsStatus.DELIVERED, at=timezone.now(), raw={}, reference=f"campaign:{row.pk}:0"
    )
    reports.store(row.provider, [told])
    row.refresh_from_db()
    assert (row.status, row.external_id) == ("delivered", "wamid.X")


def test_without_whatsapp_the_next_channel_is_taken(worker, settings):
    settings.WHATSAPP_PROVIDER = ""
    make_buyer()
    campaign = by_whatsapp()
    worker.work()
    assert states(campaign, "whatsapp") == {"failed": 1}
    assert campaign.deliveries.get(channel="whatsapp").code == "off"


def test_publishing_twice_sends_nothing_twice(worker, sandbox):
    make_buyer()
    notice = make_notice()
    make_running(notice)
    worker.work()
    page = NoticePage.objects.get(pk=notice.pk)
    for _ in range(2):
        page.save_revision().publish()
        worker.work()
    assert len(sandbox.snapshot()["sms"]) == 1
    assert CampaignDelivery.objects.filter(channel="sms").count() == 1
    assert Campaign.objects.count() == 1
