"""`manage.py audit` on proofs of notices: quiet about true ones, and each planted difference is named."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from cms.audit import proofs_hold
from cms.models import Campaign, CampaignDelivery, DeliveryAttempt, Dossier
from cms.services import campaign as verbs
from cms.services import dossier
from cms.services.call_task import note_call
from cms.services.reading import item_of
from customer.models import SignedRecord
from customer.services.inbox import acknowledge
from customer.services.record import append_record, open_content
from integrations import reports
from integrations.ports import Report, SmsStatus
from kernel import signing
from kernel.actor import SYSTEM
from kernel.freeze import melt
from kernel.verify_record import check_set, members
from tests.factories.cms import actor, administrator, make_running
from tests.factories.customer import make_buyer, make_staff

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def buyers():
    return [make_buyer() for _ in range(5)]


@pytest.fixture
def campaign(worker, buyers, settings) -> Campaign:
    """Five recipients in three records; the first has confirmed, the others have not even looked."""
    settings.NOTICE_DOSSIER_PART = 2
    campaign = make_running()
    worker.work()
    confirm(campaign, buyers[0])
    dossier.make(campaign_id=campaign.pk, actor=SYSTEM, now=timezone.now())
    return campaign


def confirm(campaign: Campaign, buyer) -> None:
    item = item_of(campaign.page, buyer.user)
    acknowledge(user=buyer.user, item_id=item.pk, actor=SYSTEM, now=timezone.now())


def row(buyer, channel: str = "sms"):
    return CampaignDelivery.objects.filter(buyer=buyer, channel=channel)


def breaches(version: int = 2) -> list[str]:
    """What is said of one version, without its name."""
    return [line.split(": ", 1)[1] for line in proofs_hold() if line.startswith(f"proof {version} ")]


def parts(version: int = 2) -> list[Dossier]:
    return list(Dossier.objects.filter(version=version).order_by("part"))


# --- true ones -----------------------------------------------------------------------------------------------------


def test_true_proofs_pass(campaign):
    assert Dossier.objects.count() == 6
    assert list(proofs_hold()) == []


def test_whatever_goes_on_afterwards_is_no_breach(campaign, buyers):
    """A report and confirmations after the signature."""
    told = Report(external_id=row(buyers[1]).get().external_id, status=SmsStatus.DELIVERED, at=timezone.now(), raw={})
    reports.store("kavenegar", [told])
    for buyer in buyers[1:]:
        confirm(campaign, buyer)
    assert row(buyers[1]).get().status == "delivered"
    assert list(proofs_hold()) == []


def test_failed_sent_again_and_then_called_is_no_breach(worker):
    make_buyer(phone="+989990000411")
    campaign = make_running()
    worker.work()
    assert row(CampaignDelivery.objects.first().buyer).get().status == "failed"
    verbs.resend_failed(campaign_id=campaign.pk, actor=actor(administrator()), now=worker.now())
    assert list(proofs_hold()) == []
    worker.work()
    worker.wait(days=3)
    worker.work()
    task = CampaignDelivery.objects.get(status="task")
    note_call(task_id=task.pk, reached=True, note="گفته شد", actor=actor(administrator()), now=worker.now())
    assert list(proofs_hold()) == []
    assert Dossier.objects.filter(part=0).count() == 2


def test_cancelled_in_the_middle_is_no_breach(worker, buyers):
    """What waited when the proof was signed may be left out afterwards."""
    campaign = make_running(throttle_per_minute=2)
    worker.work()
    dossier.make(campaign_id=campaign.pk, actor=SYSTEM, now=worker.now())
    assert CampaignDelivery.objects.filter(status="queued").exists()
    verbs.cancel(campaign_id=campaign.pk, reason="اشتباه", actor=actor(administrator()), now=worker.now())
    assert CampaignDelivery.objects.filter(status="skipped").exists()
    assert list(proofs_hold()) == []


def test_click_that_arrived_while_it_was_signed_is_no_breach(campaign, buyers):
    row(buyers[1], "inbox").update(seen_at=parts()[0].made_at - timedelta(seconds=2))
    assert list(proofs_hold()) == []


# --- planted ones --------------------------------------------------------------------------------------------------


def test_confirmation_that_was_moved_taken_away_or_added_is_named(campaign, buyers):
    inbox = row(buyers[0], "inbox").get()
    for other in (None, inbox.acknowledged_at - HOUR):
        row(buyers[0], "inbox").update(acknowledged_at=other)
        (found,) = breaches()
        assert found.startswith(f"buyer:{buyers[0].pk} by inbox: acknowledged_at is ")
    row(buyers[0], "inbox").update(acknowledged_at=inbox.acknowledged_at)
    row(buyers[1], "inbox").update(seen_at=timezone.now() - HOUR)
    (found,) = breaches()
    assert found.startswith(f"buyer:{buyers[1].pk} by inbox: seen_at is ")
    assert found.endswith("before the proof was signed, which knows of none")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"status": "failed"}, "state is failed, signed was accepted"),
        ({"external_id": "77"}, "external_id is 77, signed was "),
        ({"provider": "smsir"}, "provider is smsir, signed was kavenegar"),
        ({"code": "x"}, "code is x, signed was empty"),
        ({"accepted_at": None}, "accepted_at is empty, signed was "),
    ],
)
def test_other_outcome_is_named(campaign, buyers, changes, named):
    row(buyers[4]).update(**changes)
    for version in (1, 2):
        (found,) = breaches(version)
        assert found.startswith(f"buyer:{buyers[4].pk} by sms: {named}")


def test_attempt_that_was_changed_or_removed_is_named(campaign, buyers):
    melt(connection)
    tries = DeliveryAttempt.objects.filter(delivery__buyer=buyers[2], delivery__channel="sms")
    tries.update(code="6")
    assert breaches() == [f"buyer:{buyers[2].pk} by sms: attempt 1 is not what was signed"]
    tries.delete()
    assert breaches() == [f"buyer:{buyers[2].pk} by sms: attempt 1 (accepted) is missing in the tables"]


def test_recipient_that_was_removed_or_added_is_named(campaign, buyers):
    melt(connection)
    late = make_buyer()
    row(buyers[3], "inbox").update(buyer=late)
    assert breaches() == [
        f"buyer:{buyers[3].pk} by inbox is missing in the tables",
        f"buyer:{late.pk} is a recipient in the tables, not in the proof",
    ]
    DeliveryAttempt.objects.filter(delivery__buyer=buyers[3]).delete()
    row(buyers[3]).delete()
    assert f"buyer:{buyers[3].pk} by sms is missing in the tables" in breaches()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"inbox_body": "دیگر"}, "text"),
        ({"sms_text": "دیگر"}, "text"),
        ({"text_sha256": "0" * 64}, "text_sha256"),
        ({"audience": {"service": ["expired"]}}, "audience"),
        ({"channels": ["inbox"]}, "channels"),
        ({"revision_number": 99}, "revision"),
        ({"approved_at": None}, "approved_at"),
        ({"fanned_out_at": F("created_at") - HOUR}, "recipients_fixed_at"),
    ],
)
def test_other_text_or_audience_is_named(campaign, changes, named):
    Campaign.objects.update(**changes)
    assert breaches() == [f"{named} is not what was signed"]


def test_missing_extra_and_foreign_parts_are_named(campaign):
    melt(connection)
    _face, first, second = parts()
    Dossier.objects.filter(pk=second.pk).update(part=3)
    assert breaches()[:1] == [f"part 3 ({second.record.code}) is foreign: it was signed for another place"]
    assert f"part 2 ({second.record.code}) is missing" in breaches()
    assert f"part 3 ({second.record.code}) is extra: the face does not name it" in breaches()
    Dossier.objects.filter(pk=second.pk).update(part=2)
    assert breaches() == []

    other = signed_copy(first)
    Dossier.objects.filter(pk=first.pk).update(record=other)
    assert breaches() == [f"part 1 ({first.record.code}) is foreign: the face names another record"]
    stray = f"signed record {first.record.sequence} ({first.record.code}): belongs to no proof of a notice"
    assert stray in list(proofs_hold())
    Dossier.objects.filter(pk=first.pk).delete()
    assert f"part 1 ({first.record.code}) is missing" in breaches()


def signed_copy(part: Dossier) -> SignedRecord:
    """Genuine, with the same words, and yet not the one that the face names."""
    return append_record(kind=dossier.KIND, buyer_id=None, content=open_content(part.record), now=timezone.now())


def test_record_that_was_changed_is_left_to_the_chain(campaign, capsys):
    melt(connection)
    SignedRecord.objects.filter(dossier__in=parts()[1:2]).update(content_sealed="AAAA")
    assert breaches() == []
    assert "does not open" in audited(capsys)


def test_command_names_it(campaign, buyers, capsys):
    assert "no breach" in audited(capsys)
    row(buyers[0], "inbox").update(acknowledged_at=None)
    said = audited(capsys)
    assert f"BREACH  proof 2 of notice {campaign.pk}: buyer:{buyers[0].pk} by inbox: acknowledged_at is empty" in said


def audited(capsys) -> str:
    try:
        call_command("audit")
    except SystemExit as end:
        assert end.code == 1
    return capsys.readouterr().out


# --- as it is handed out -------------------------------------------------------------------------------------------


@pytest.fixture
def packed(campaign, settings, tmp_path, client) -> dict[str, bytes]:
    """The members of the ZIP as an auditor downloads it."""
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    client.force_login(make_staff("حسابرس"))
    answer = client.get(reverse("dossier_zip", args=[parts()[0].pk]))
    whole = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert "verify_record.py" in archive.namelist()
    return members(whole)


def test_download_verifies_and_no_part_of_it_may_go_or_change(packed):
    key = signing.public_key()
    assert len(packed) == 4
    assert check_set(packed, key) == []
    codes = {f"{part.part}": part.record.code for part in parts()}
    for name, data in packed.items():
        left = {other: kept for other, kept in packed.items() if other != name}
        number = next((n for n, code in codes.items() if code in name.replace("-", "") and n != "0"), None)
        expected = [f"part {number} ({codes[number]}): is missing"] if number else []
        assert check_set(left, key) == expected
        for position in range(0, len(data), max(1, len(data) // 25)):
            changed = data[:position] + bytes([data[position] ^ 2]) + data[position + 1 :]
            assert any(line.startswith(f"{name}: ") for line in check_set({**packed, name: changed}, key))
