"""A worker that dies at every boundary of every batch in turn: everybody is told once, and the proof says so."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from cms.audit import proofs_hold
from cms.models import Campaign, CampaignDelivery, Dossier
from cms.services import dossier, drain, sending, work
from customer.models import InboxItem
from customer.services.record import exported
from tests.factories.cms import make_notice, make_running
from tests.factories.customer import make_buyer

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# Every step of the way; `_save` stands in the middle of a transaction, `send` between the call and our note of it.
STEPS = [
    (work, "prepare"),
    (work, "fan_out"),
    (drain, "claim"),
    (sending, "send"),
    (drain, "settle"),
    (drain, "_save"),
    (work, "finish"),
    (dossier, "_next_part"),
    (dossier, "_sign"),
]
LEAST_BOUNDARIES = 30


class Killed(BaseException):
    """What no code of the house catches."""


class Deaths:
    """Counts the beginnings and ends of steps; at one of them the worker dies."""

    def __init__(self, monkeypatch) -> None:
        self.passed, self.fatal = 0, 0
        for module, name in STEPS:
            monkeypatch.setattr(module, name, self.watched(getattr(module, name)))

    def watched(self, step):
        def watched(*args, **kwargs):
            self.boundary()
            result = step(*args, **kwargs)
            self.boundary()
            return result

        return watched

    def boundary(self) -> None:
        self.passed += 1
        if self.passed == self.fatal:
            raise Killed

    def kill_at(self, boundary: int) -> None:
        self.passed, self.fatal = 0, boundary


def test_killed_at_every_boundary_of_every_batch(worker, sandbox, settings, monkeypatch):
    settings.NOTICE_BATCH, settings.NOTICE_DOSSIER_PART = 2, 2
    buyers = [make_buyer() for _ in range(3)]
    once = Counter(f"0{buyer.phone[3:]}" for buyer in buyers)
    deaths = Deaths(monkeypatch)
    died, boundary = True, 0
    while died:
        boundary += 1
        sandbox.reset()
        campaign = make_running(make_notice(), now=worker.now())
        deaths.kill_at(boundary)
        died = False
        try:
            worker.work()
        except Killed:
            died = True
        deaths.kill_at(0)
        worker.ahead += settings.NOTICE_LEASE + timedelta(seconds=1)
        worker.work()
        campaign.refresh_from_db()
        where = f"after a death at boundary {boundary}"
        assert campaign.status == Campaign.Status.DONE, where
        sent = sandbox.snapshot()["sms"]
        assert Counter(sms["receptor"] for sms in sent) == once, where
        assert set(campaign.deliveries.values_list("status", flat=True)) <= {"accepted", "delivered"}, where
        assert InboxItem.objects.filter(dedupe_key=campaign.dedupe_key).count() == len(buyers), where
        assert proved(campaign) == {str(sms["messageid"]) for sms in sent}, where
    assert boundary > LEAST_BOUNDARIES
    assert list(proofs_hold()) == []
    assert not CampaignDelivery.objects.filter(status__in=CampaignDelivery.OPEN).exists()


def proved(campaign: Campaign) -> set[str]:
    """The provider's numbers in all parts of the newest proof."""
    face = dossier.newest(campaign)
    parts = Dossier.objects.filter(campaign=campaign, version=face.version)
    contents = [exported(part.record)["content"] for part in parts]
    return {recipient["channels"]["sms"]["external_id"] for content in contents for recipient in content["recipients"]}
