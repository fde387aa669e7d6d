"""The proof of a notice: it says what the providers received, cannot be changed unseen, and can be renewed."""

from __future__ import annotations

import copy
import json

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from cms.message_text import sha256_of
from cms.models import Dossier
from cms.services import dossier
from cms.services.reading import item_of
from customer.chain import chain_breaches
from customer.public_check import check
from customer.services.inbox import acknowledge
from customer.services.record import exported
from kernel import signing
from kernel.actor import SYSTEM
from kernel.refused import Refused
from kernel.verify_record import check_file, json_file, problems
from portal.papers import context_of, paper
from tests.factories.cms import actor, administrator, make_approved, make_running
from tests.factories.customer import make_buyer

pytestmark = pytest.mark.django_db


def content(face) -> dict:
    return exported(face.record)["content"]


def renewed(campaign) -> Dossier:
    return dossier.make(campaign_id=campaign.pk, actor=actor(administrator()), now=timezone.now())


def test_it_equals_what_the_sandbox_received(worker, sandbox):
    buyers = [make_buyer() for _ in range(3)]
    make_buyer(phone="+989990000411")
    campaign = make_running(sms_text="{first_name}: {link}")
    worker.work()
    told = content(Dossier.objects.get())
    sent = {str(sms["messageid"]): sms for sms in sandbox.snapshot()["sms"]}
    proved = {
        attempt["external_id"]: (attempt["local_id"], attempt["text_sha256"])
        for recipient in told["recipients"]
        for attempt in recipient["channels"]["sms"]["attempts"]
        if attempt["outcome"] == "accepted"
    }
    assert proved == {key: (sms["localid"], sha256_of(sms["message"])) for key, sms in sent.items()}
    assert len(proved) == len(buyers)
    refused = [r["channels"]["sms"] for r in told["recipients"] if r["channels"]["sms"]["state"] == "failed"]
    assert [(row["code"], row["attempts"][-1]["outcome"]) for row in refused] == [("411", "rejected")]
    assert (told["text"], told["text_sha256"]) == (campaign.wording(), campaign.text_sha256)
    assert told["figures"]["by_channel"]["sms"] == {"accepted": 3, "failed": 1}


def test_phones_are_masked_and_no_name_is_in_it(worker):
    buyer = make_buyer(first_name="آرمیندخت", last_name="کیانفر")
    make_running()
    worker.work()
    text = json.dumps(content(Dossier.objects.get()), ensure_ascii=False)
    assert buyer.phone[3:] not in text
    assert "آرمیندخت" not in text
    assert "کیانفر" not in text


def test_every_change_is_named_by_the_offline_verifier(worker):
    make_buyer()
    make_running()
    worker.work()
    genuine = exported(Dossier.objects.get().record)
    key = signing.public_key()
    assert problems(genuine, key) == []
    for change, named in (
        (lambda c: c["text"]["inbox"].update(body="دیگر"), "content/text/inbox/body: was changed"),
        (
            lambda c: c["recipients"][0]["channels"]["sms"].update(state="delivered"),
            "content/recipients/0/channels/sms/state: was changed",
        ),
        (lambda c: c["recipients"][0].update(phone="0912***0000"), "content/recipients/0/phone: was changed"),
        (lambda c: c["figures"].update(acknowledged=9), "content/figures/acknowledged: was changed"),
    ):
        forged = copy.deepcopy(genuine)
        change(forged["content"])
        assert problems(forged, key) == [named]
        assert named in check_file(json_file(forged), key)


def test_it_holds_who_saw_and_who_confirmed(worker):
    buyer = make_buyer()
    campaign = make_running()
    worker.work()
    item = item_of(campaign.page, buyer.user)
    acknowledge(user=buyer.user, item_id=item.pk, actor=SYSTEM, now=timezone.now())
    inbox = content(renewed(campaign))["recipients"][0]["channels"]["inbox"]
    assert set(inbox) >= {"seen_at", "acknowledged_at"}


def test_a_renewed_one_supersedes_and_the_public_check_says_so(worker, client):
    make_buyer()
    campaign = make_running()
    worker.work()
    first = Dossier.objects.get()
    second = renewed(campaign)
    assert second.version == 2
    assert content(second)["supersedes"] == {"code": first.record.code, "sha256": first.record.sha256}
    assert check(first.record.code, address="a").superseded_by == second.record.code
    assert check(second.record.code, address="a").verdict == "valid"
    shown = client.get(f"/verify/{second.record.code}/").content.decode()
    assert "سند اثبات" in shown
    answer = client.get(f"/api/v1/verify/{first.record.code}/").json()
    assert (answer["valid"], answer["kind"], answer["device_model"]) == (False, "notice", "")
    assert list(chain_breaches()) == []


def test_many_recipients_make_many_small_records_that_hang_together(worker, settings):
    settings.NOTICE_DOSSIER_PART = 2
    buyers = [make_buyer() for _ in range(5)]
    make_running()
    worker.work()
    rows = list(Dossier.objects.order_by("part"))
    assert [row.part for row in rows] == [0, 1, 2]
    told = [content(row) for row in rows]
    assert [len(part["recipients"]) for part in told] == [2, 2, 1]
    named = [recipient["buyer"] for part in told for recipient in part["recipients"]]
    assert named == [f"buyer:{buyer.pk}" for buyer in buyers]
    assert told[0]["further_parts"] == [
        {"part": row.part, "code": row.record.code, "sha256": row.record.sha256} for row in rows[1:]
    ]


def test_killed_between_two_parts_it_is_taken_up(worker, settings, monkeypatch):
    settings.NOTICE_DOSSIER_PART = 2
    for _ in range(5):
        make_buyer()
    campaign = make_running()
    steps = iter([True, False])
    whole = dossier._next_part

    def dies(*args):
        if not next(steps, True):
            raise SystemExit
        return whole(*args)

    monkeypatch.setattr(dossier, "_next_part", dies)
    with pytest.raises(SystemExit):
        worker.work()
    assert list(Dossier.objects.values_list("version", "part")) == [(1, 1)]
    monkeypatch.undo()
    worker.work()
    assert list(Dossier.objects.order_by("part").values_list("version", "part")) == [(1, 0), (1, 1), (1, 2)]
    assert list(dossier.wanting()) == []
    assert campaign.dossiers.count() == 3


def test_before_anything_was_sent_there_is_nothing_to_prove():
    make_buyer()
    campaign = make_approved()
    with pytest.raises(Refused) as caught:
        renewed(campaign)
    assert caught.value.code == "dossier.too_early"


def test_it_is_frozen(worker):
    make_buyer()
    make_running()
    worker.work()
    with pytest.raises(DatabaseError), transaction.atomic():
        Dossier.objects.update(version=7)


def test_the_paper_is_capped_and_genuine(worker, settings, tmp_path):
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    settings.NOTICE_PAPER_ROWS = 3
    for _ in range(4):
        make_buyer()
    make_running()
    worker.work()
    record = Dossier.objects.get().record
    context = context_of(record)
    assert (len(context["lines"]), context["is_cut"]) == (3, True)
    assert check_file(paper(record), signing.public_key()) == []
