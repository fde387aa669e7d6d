"""Notices under real threads on a real PostgreSQL."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from cms.models import Campaign, CampaignDelivery, DeliveryAttempt, Dossier
from cms.services import campaign as verbs
from cms.services import dossier
from cms.services.call_task import note_call
from cms.services.drain import send_one_batch
from cms.services.fan_out import fan_out
from cms.services.work import finish, prepare
from customer.models import InboxItem, Trace
from kernel.actor import SYSTEM
from tests.customer.services.test_paper_races import at_once, refusals
from tests.factories.cms import actor, administrator, make_approved, make_draft, make_notice, make_running
from tests.factories.customer import make_buyer

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def by(user, campaign):
    return {"campaign_id": campaign.pk, "actor": actor(user), "now": timezone.now()}


def test_two_who_approve_and_two_who_start_are_one(sandbox):
    make_buyer()
    campaign = make_draft()
    verbs.submit(**by(administrator(), campaign))
    values = by(administrator(), campaign)
    assert refusals(at_once(*[lambda: verbs.approve(**values)] * 2)) == ["campaign.wrong_state"]
    assert refusals(at_once(*[lambda: verbs.start(**values)] * 2)) == ["campaign.not_approved"]
    assert Trace.objects.filter(verb__in=["campaign.approved", "campaign.started"]).count() == 2


def test_two_drafts_of_one_version_are_one():
    make_buyer()
    page = make_notice()
    who = actor(administrator())
    acts = [lambda: verbs.compose(page_id=page.pk, actor=who, now=timezone.now())] * 2
    assert refusals(at_once(*acts)) == ["campaign.already_exists"]
    assert Campaign.objects.count() == 1


def test_two_workers_fan_out_once(sandbox):
    for _ in range(20):
        make_buyer()
    campaign = make_running()
    results = at_once(*[lambda: fan_out(campaign_id=campaign.pk, now=timezone.now())] * 3)
    assert sorted(results) == [0, 0, 40]
    assert (CampaignDelivery.objects.count(), InboxItem.objects.count()) == (40, 20)


def test_three_workers_send_each_message_once(sandbox, settings):
    settings.NOTICE_BATCH = 3
    buyers = [make_buyer() for _ in range(30)]
    campaign = make_running()
    prepare(now=timezone.now)

    def worker():
        while send_one_batch(campaign_id=campaign.pk, channel="sms"):
            pass

    assert [r for r in at_once(worker, worker, worker) if r is not None] == []
    got = Counter(sms["receptor"] for sms in sandbox.snapshot()["sms"])
    assert got == Counter(f"0{buyer.phone[3:]}" for buyer in buyers)
    assert DeliveryAttempt.objects.count() == 30


def test_the_throttle_holds_for_all_workers_together(sandbox, settings):
    settings.NOTICE_BATCH = 3
    for _ in range(20):
        make_buyer()
    campaign = make_running(throttle_per_minute=7)
    prepare(now=timezone.now)
    now = timezone.now()

    def worker():
        while send_one_batch(campaign_id=campaign.pk, channel="sms", now=lambda: now):
            pass

    at_once(worker, worker, worker)
    assert len(sandbox.snapshot()["sms"]) == 7


def test_paused_beside_a_worker_nothing_is_claimed_afterwards(sandbox, settings):
    settings.NOTICE_BATCH = 2
    for _ in range(20):
        make_buyer()
    campaign = make_running()
    prepare(now=timezone.now)

    def worker():
        while send_one_batch(campaign_id=campaign.pk, channel="sms"):
            pass

    values = by(administrator(), campaign)
    assert refusals(at_once(worker, lambda: verbs.pause(**values))) == []
    sent = len(sandbox.snapshot()["sms"])
    worker()
    assert len(sandbox.snapshot()["sms"]) == sent
    assert not CampaignDelivery.objects.filter(status="sending").exists()


def test_cancelled_beside_a_worker_nothing_stays_queued(sandbox, settings):
    settings.NOTICE_BATCH = 2
    for _ in range(20):
        make_buyer()
    campaign = make_running()
    prepare(now=timezone.now)

    def worker():
        while send_one_batch(campaign_id=campaign.pk, channel="sms"):
            pass

    values = by(administrator(), campaign)
    assert refusals(at_once(worker, lambda: verbs.cancel(reason="", **values))) == []
    counted = Counter(CampaignDelivery.objects.filter(channel="sms").values_list("status", flat=True))
    assert set(counted) <= {"accepted", "skipped"}
    assert counted["accepted"] == len(sandbox.snapshot()["sms"])


def test_two_who_finish_and_prove_do_it_once(sandbox):
    make_buyer()
    campaign = make_running()
    prepare(now=timezone.now)
    send_one_batch(campaign_id=campaign.pk, channel="sms")
    assert sorted(at_once(*[lambda: finish(campaign_id=campaign.pk, now=timezone.now())] * 2)) == [False, True]
    at_once(*[lambda: dossier.make(campaign_id=campaign.pk, actor=SYSTEM, now=timezone.now())] * 2)
    assert list(Dossier.objects.order_by("version").values_list("version", "part")) == [(1, 0), (2, 0)]


def test_two_colleagues_note_one_call():
    make_buyer(phone="")
    campaign = make_running()
    prepare(now=timezone.now)
    task = campaign.deliveries.get(channel="task")
    values = {"task_id": task.pk, "note": "", "actor": actor(administrator()), "now": timezone.now()}
    results = at_once(lambda: note_call(reached=True, **values), lambda: note_call(reached=False, **values))
    assert refusals(results) == ["call_task.done"]


def test_approving_beside_sending_back_is_one_of_both():
    make_buyer()
    campaign = make_draft()
    verbs.submit(**by(administrator(), campaign))
    values = by(administrator(), campaign)
    results = at_once(lambda: verbs.approve(**values), lambda: verbs.send_back(reason="نه", **values))
    assert refusals(results) == ["campaign.wrong_state"]
    assert make_approved(make_notice()).status == "approved"
