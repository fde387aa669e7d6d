"""From start to the last receipt, against the stand-ins."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.models import CampaignDelivery, DeliveryAttempt, Dossier
from cms.services.work import work
from customer.models import InboxItem
from kernel import signing
from kernel.verify_record import problems
from customer.services.record import exported
from tests.factories.cms import make_running
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def rows(campaign):
    return set(campaign.deliveries.values_list("buyer", "channel", "status"))


def test_a_notice_reaches_everybody_once(sandbox):
    buyers = [make_buyer() for _ in range(3)]
    campaign = make_running()
    assert work() == 3
    campaign.refresh_from_db()
    assert campaign.status == "done"
    assert rows(campaign) == {(b.pk, c, s) for b in buyers for c, s in (("inbox", "delivered"), ("sms", "accepted"))}
    received = sandbox.snapshot()["sms"]
    assert sorted(sms["receptor"] for sms in received) == sorted("0" + b.phone[3:] for b in buyers)
    assert InboxItem.objects.filter(dedupe_key=campaign.dedupe_key, must_acknowledge=True).count() == 3
    dossier = Dossier.objects.get()
    assert problems(exported(dossier.record), signing.public_key()) == []
    assert work() == 0
    assert Dossier.objects.count() == 1
