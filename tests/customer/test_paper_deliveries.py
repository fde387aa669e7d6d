"""What leaves the house about papers, delivered to the sandbox: to whom, once, and never with a secret on the way."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
import requests
import time_machine
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from customer.models import ConfirmationCode, InboxItem, Transfer
from customer.services.code import check_code, request_code
from customer.services.sign_off import Preparation, prepare_sign_offs, remind_sign_offs, withdraw_sign_off
from customer.services.transfer import (
    answer_transfer,
    approve_transfer,
    cancel_transfer,
    refuse_transfer,
    remind_transfers,
    transfer_of_token,
)
from customer.tasks import remind_of_papers
from integrations import outbox
from integrations.models import OutboxMessage
from integrations.sandbox.server import start
from kernel.actor import SYSTEM
from kernel.identity import local_mobile
from kernel.refused import Refused
from tests.factories.customer import make_buyer, make_staff
from tests.factories.papers import (
    actor_for,
    make_checklist,
    make_confirmed,
    make_draft,
    make_executed,
    make_new_device,
    make_sign_off,
    make_submitted,
    transfer_code,
)

pytestmark = pytest.mark.django_db
PURPOSE, PHONE = "sign_off:1", "+989121234567"
LATER = timedelta(minutes=2)


@pytest.fixture(scope="module")
def running():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def sandbox(running, settings):
    running.reset()
    cache.clear()
    settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    settings.PROVIDER_TIMEOUT_SECONDS = 5.0
    settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
    settings.DIDAR_BASE_URL = f"{running.url}/didar/api"
    settings.PUBLIC_URL = "https://portal.example.ir"
    return running


@pytest.fixture
def struck(sandbox, settings):
    """Arms one fault for the next such call; what hangs is waited for but briefly."""

    def strike(provider, fault, match="", **options):
        settings.PROVIDER_TIMEOUT_SECONDS = 0.4 if fault.startswith("timeout") else 5.0
        wish = {"provider": provider, "fault": fault, "times": 1, "match": match, **options}
        requests.post(f"{sandbox.url}/__faults", json=wish, timeout=10).raise_for_status()

    return strike


def deliver(after: timedelta = timedelta()) -> None:
    outbox.deliver_due(now=lambda: timezone.now() + after)


def state(sandbox) -> dict:
    return requests.get(f"{sandbox.url}/__state", timeout=10).json()


def texts(sandbox) -> list[tuple[str, str]]:
    """Receiver and text of every SMS, in the order in which they were sent."""
    return [(sms["receptor"], sms["message"]) for sms in state(sandbox)["sms"]]


def notes(sandbox) -> list[str]:
    return [note["ResultNote"] for note in state(sandbox)["didar"]["activities"]]


def message(topic: str) -> OutboxMessage:
    return OutboxMessage.objects.get(topic=topic)


def told(buyer) -> list[str]:
    """The dashboard's titles, the oldest first."""
    return list(InboxItem.objects.filter(buyer=buyer).order_by("pk").values_list("title", flat=True))


def only(topic: str) -> None:
    """Leaves only this topic in the outbox."""
    OutboxMessage.objects.exclude(topic=topic).delete()


def dial(phone: str) -> str:
    return local_mobile(phone)


# --- codes -----------------------------------------------------------------------------------------------------------


def ask(purpose=PURPOSE, now=None) -> ConfirmationCode:
    return request_code(purpose=purpose, phone=PHONE, now=now or timezone.now())


def digits_of(text: str) -> str:
    [digits] = re.findall(r"(?<!\d)\d{6}(?!\d)", text)
    return digits


def everything_stored() -> str:
    """Every value of every table."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(found)


def test_code_reaches_the_phone_and_stands_nowhere_else(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    ask()
    deliver()
    [(phone, text)] = texts(sandbox)
    digits = digits_of(text)
    alone = re.compile(rf"(?<![\d.]){digits}(?!\d)")

    assert phone == dial(PHONE)
    assert not alone.search(everything_stored())
    assert not alone.search(caplog.text)
    assert message("sms.code").status == "delivered"
    assert check_code(purpose=PURPOSE, text=digits, now=timezone.now())


@pytest.mark.parametrize(("fault", "sent"), [("timeout_after_effect", 1), ("timeout_before", 0), ("http_500", 0)])
def test_code_is_never_repeated_after_an_uncertain_attempt(sandbox, struck, fault, sent):
    ask()
    struck("kavenegar", fault, "sms/send")
    deliver()
    assert message("sms.code").status == "unknown"
    deliver(LATER)
    assert (message("sms.code").status, len(texts(sandbox))) == ("parked", sent)
    assert "another code" in message("sms.code").last_error

    outbox.send_again(message_id=message("sms.code").pk, by_id=None, now=timezone.now())
    deliver(LATER)
    assert (message("sms.code").status, len(texts(sandbox))) == ("parked", sent)
    if sent:
        assert check_code(purpose=PURPOSE, text=digits_of(texts(sandbox)[0][1]), now=timezone.now())


def test_code_whose_worker_died_is_not_repeated(sandbox):
    ask()
    assert outbox.claim(now=timezone.now()) is not None
    deliver(timedelta(minutes=3))
    assert (message("sms.code").status, texts(sandbox)) == ("parked", [])


def test_code_that_was_certainly_not_sent_is_sent_later_with_new_digits(sandbox, struck):
    code = ask()
    struck("kavenegar", "vendor_code", "sms/send", code=409)
    deliver()
    code.refresh_from_db()
    first = code.code_hash
    deliver(LATER)
    code.refresh_from_db()
    [(_, text)] = texts(sandbox)
    assert code.code_hash != first
    assert check_code(purpose=PURPOSE, text=digits_of(text), now=timezone.now())


def test_expired_code_is_not_sent(sandbox):
    ask(now=timezone.now() - timedelta(minutes=5))
    deliver()
    assert (message("sms.code").status, texts(sandbox)) == ("parked", [])


def test_only_the_newest_code_is_sent_and_works(sandbox):
    old, new = ask(), ask()
    deliver()
    [(_, text)] = texts(sandbox)
    states = {m.payload["code_id"]: m.status for m in OutboxMessage.objects.all()}
    assert states == {old.pk: "parked", new.pk: "delivered"}
    assert check_code(purpose=PURPOSE, text=digits_of(text), now=timezone.now()).pk == new.pk


def test_provider_down_is_seen_by_staff_and_the_code_can_be_asked_for_again(sandbox, struck):
    ask()
    struck("kavenegar", "vendor_code", "sms/send", code=418)
    deliver()
    assert message("sms.code").last_error.startswith("code 418")
    new = ask()
    deliver()
    [(_, text)] = texts(sandbox)
    assert check_code(purpose=PURPOSE, text=digits_of(text), now=timezone.now()).pk == new.pk


# --- sign-offs -------------------------------------------------------------------------------------------------------


def test_ready_form_is_told_by_dashboard_and_sms_in_the_same_words(sandbox):
    sign_off = make_sign_off()
    deliver()
    [item] = InboxItem.objects.filter(buyer=sign_off.buyer)
    assert (item.url, str(sign_off.device.model) in item.title) == (f"/sign-offs/{sign_off.pk}/", True)
    assert texts(sandbox) == [(dial(sign_off.buyer.phone), f"{item.title}. {item.body}")]
    assert OutboxMessage.objects.exclude(status="delivered").count() == 0


def test_visit_to_three_devices_is_one_text_that_counts_them(sandbox):
    owner = make_buyer()
    make_checklist()
    devices = [make_new_device(owner, sold_on=None) for _ in range(3)]
    preparation = Preparation(device_ids=[d.pk for d in devices], installed_on=devices[0].created_at.date())
    made = prepare_sign_offs(preparation=preparation, actor=actor_for(make_staff()), now=timezone.now())
    withdraw_sign_off(sign_off_id=made[0].pk, actor=actor_for(make_staff()), now=timezone.now())
    deliver()
    [title] = told(owner)
    assert (str(devices[1].model) in title, "۱" in title) == (True, True)
    assert (len(texts(sandbox)), len(notes(sandbox))) == (1, 3)


@pytest.mark.parametrize("topic", ["notify.sign_off_ready", "notify.sign_off_reminder"])
def test_form_answered_meanwhile_is_not_asked_for(sandbox, topic):
    sign_off = make_sign_off()
    remind_sign_offs(now=timezone.now() + timedelta(days=4))
    withdraw_sign_off(sign_off_id=sign_off.pk, actor=actor_for(make_staff()), now=timezone.now())
    only(topic)
    deliver()
    assert (message(topic).status, told(sign_off.buyer), texts(sandbox)) == ("delivered", [], [])


def test_reminder_reminds_who_has_not_answered(sandbox):
    sign_off = make_sign_off()
    remind_sign_offs(now=timezone.now() + timedelta(days=4))
    only("notify.sign_off_reminder")
    deliver()
    assert [phone for phone, _ in texts(sandbox)] == [dial(sign_off.buyer.phone)]
    assert len(told(sign_off.buyer)) == 1


def test_confirmed_form_says_until_when(sandbox):
    confirmed = make_confirmed()
    only("notify.sign_off_confirmed")
    deliver()
    [(phone, text)] = texts(sandbox)
    assert phone == dial(confirmed.buyer.phone)
    assert re.search(r"[۰-۹]+ \w+ ۱۴[۰-۹]{2}", text)


def test_same_event_is_told_once_whatever_happens(sandbox, struck):
    sign_off = make_sign_off()
    only("notify.sign_off_ready")
    struck("kavenegar", "timeout_after_effect", "sms/send")
    deliver()
    assert message("notify.sign_off_ready").status == "unknown"
    deliver(LATER)
    assert message("notify.sign_off_ready").status == "delivered"
    assert (len(texts(sandbox)), len(told(sign_off.buyer))) == (1, 1)


def test_crm_hears_of_each_state_once(sandbox):
    confirmed = make_confirmed()
    OutboxMessage.objects.filter(topic__startswith="notify").delete()
    deliver()
    [contact] = state(sandbox)["didar"]["contacts"]
    [note] = state(sandbox)["didar"]["activities"]  # by then the form was confirmed: both messages say the same
    assert note["ContactIds"] == [contact["Id"]]
    assert note["ResultNote"].splitlines()[-1] == f"REF: SIGN_OFF-{confirmed.pk}-CONFIRMED"
    assert confirmed.device.identifier in note["ResultNote"]
    assert OutboxMessage.objects.exclude(status="delivered").count() == 0


def test_note_whose_answer_was_lost_waits_for_a_person(sandbox, struck):
    make_sign_off()
    only("crm.sign_off")
    struck("didar", "timeout_after_effect", "activity/save")
    deliver()
    deliver(LATER)
    parked = message("crm.sign_off")
    assert (parked.status, len(notes(sandbox))) == ("parked", 1)
    assert "REF: SIGN_OFF-" in parked.last_error


def test_lost_contact_does_not_cost_the_note(sandbox, struck):
    make_sign_off()
    only("crm.sign_off")
    struck("didar", "timeout_after_effect", "contact/save")
    deliver()
    assert message("crm.sign_off").status == "queued"
    deliver(LATER)
    assert message("crm.sign_off").status == "delivered"
    assert (len(state(sandbox)["didar"]["contacts"]), len(notes(sandbox))) == (1, 1)


# --- transfers -------------------------------------------------------------------------------------------------------


def tokens(sandbox) -> list[str]:
    """The one-time links that were sent, the oldest first."""
    link = re.compile(r"https://portal\.example\.ir/transfers/accept/([\w-]{32})/")
    return [match[1] for _, text in texts(sandbox) if (match := link.search(text))]


def test_submitted_transfer_sends_the_link_to_the_new_owner(sandbox):
    found = make_submitted()
    deliver()
    [token] = tokens(sandbox)
    [(phone, text)] = texts(sandbox)
    assert (phone, found.owner.full_name in text) == (dial(found.new_phone), True)
    assert transfer_of_token(token) == found
    assert token not in everything_stored()
    assert len(told(found.owner)) == 1


def test_link_is_not_repeated_after_an_uncertain_attempt_but_stays_good(sandbox, struck):
    found = make_submitted()
    only("notify.transfer_submitted")
    struck("kavenegar", "timeout_after_effect", "sms/send")
    deliver()
    deliver(LATER)
    [token] = tokens(sandbox)
    assert message("notify.transfer_submitted").status == "delivered"
    assert transfer_of_token(token) == found
    assert len(told(found.owner)) == 1


def test_owner_is_told_even_if_the_new_phone_refuses(sandbox, struck):
    found = make_submitted()
    only("notify.transfer_submitted")
    struck("kavenegar", "refused_number", "sms/send")
    deliver()
    assert (message("notify.transfer_submitted").status, len(told(found.owner))) == ("parked", 1)


@pytest.mark.django_db
def test_the_worker_asks_every_hour_which_papers_wait(settings):
    sign_off, found = make_sign_off(), make_submitted()
    assert "customer.tasks.remind_of_papers" in {duty["task"] for duty in settings.CELERY_BEAT_SCHEDULE.values()}
    assert remind_of_papers() == 0
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert (remind_of_papers(), remind_of_papers()) == (2, 2)
    keys = OutboxMessage.objects.filter(topic__in=["notify.sign_off_reminder", "notify.transfer_pending"])
    assert {key.rsplit(":", 1)[0] for key in keys.values_list("dedupe_key", flat=True)} == {
        f"notify.sign_off_reminder:{sign_off.pk}",
        f"notify.transfer_pending:{found.pk}",
    }
    assert keys.count() == 2


def test_reminder_sends_a_fresh_link_while_there_is_no_answer(sandbox):
    found = make_submitted()
    deliver()
    remind_transfers(now=timezone.now() + timedelta(days=3))
    deliver()
    old, new = tokens(sandbox)
    assert (transfer_of_token(old), transfer_of_token(new)) == (None, found)

    code = transfer_code(found, "new_owner")
    answer_transfer(token=new, accept=True, code=code, actor=SYSTEM, now=timezone.now())
    remind_transfers(now=timezone.now() + timedelta(days=6))
    deliver()
    assert (len(tokens(sandbox)), Transfer.objects.get().acceptance) == (2, "accepted")
    assert len(told(found.owner)) == 4


@pytest.mark.parametrize("accept", [True, False])
def test_owner_hears_the_answer(sandbox, accept):
    found = make_submitted()
    deliver()
    code = transfer_code(found, "new_owner")
    answer_transfer(token=tokens(sandbox)[0], accept=accept, code=code, actor=SYSTEM, now=timezone.now())
    deliver()
    assert len(told(found.owner)) == 2
    assert len(texts(sandbox)) == 1


def test_link_of_a_cancelled_request_is_not_sent(sandbox):
    found = make_submitted()
    cancel_transfer(user=found.owner.user, transfer_id=found.pk, actor=actor_for(found.owner.user), now=timezone.now())
    deliver()
    assert (texts(sandbox), len(told(found.owner))) == ([], 2)


def test_refusal_tells_the_owner_why(sandbox):
    found = make_submitted()
    refuse_transfer(transfer_id=found.pk, reason="مدارک ناقص است", actor=actor_for(make_staff()), now=timezone.now())
    only("notify.transfer_refused")
    deliver()
    assert [(phone, text.endswith("مدارک ناقص است")) for phone, text in texts(sandbox)] == [
        (dial(found.owner.phone), True)
    ]


def test_both_sides_hear_of_the_execution_in_their_own_words(sandbox):
    done = make_executed()
    only("notify.transfer_executed")
    deliver()
    found = done.transfer
    sent = dict(texts(sandbox))
    assert set(sent) == {dial(found.owner.phone), dial(found.new_phone)}
    assert found.new_owner.user.username in sent[dial(found.new_phone)]
    assert done.password not in str(sent)
    assert done.password not in everything_stored()
    assert (len(told(found.owner)), len(told(found.new_owner))) == (1, 1)


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("fault", ["timeout_after_effect", "timeout_before", "vendor_code"])
def test_execution_is_told_to_each_side_once(sandbox, struck, monkeypatch, fault, nth):
    found = make_executed().transfer
    only("notify.transfer_executed")
    sends = []
    from integrations.sms.kavenegar import Kavenegar

    send = Kavenegar.send

    def strike_the_nth(self, sms, **values):
        sends.append(sms)
        if len(sends) == nth:
            struck("kavenegar", fault, "sms/send", **({"code": 409} if fault == "vendor_code" else {}))
        return send(self, sms, **values)

    monkeypatch.setattr(Kavenegar, "send", strike_the_nth)
    deliver()
    assert message("notify.transfer_executed").status in {"unknown", "queued"}
    deliver(LATER)
    assert message("notify.transfer_executed").status == "delivered"
    assert sorted(phone for phone, _ in texts(sandbox)) == sorted([dial(found.owner.phone), dial(found.new_phone)])


def test_crm_hears_of_request_and_outcome(sandbox):
    found = make_submitted()
    OutboxMessage.objects.filter(topic__startswith="notify").delete()
    deliver()
    approve_transfer(transfer_id=found.pk, note="", actor=actor_for(make_staff()), now=timezone.now())
    OutboxMessage.objects.filter(topic__startswith="notify").delete()
    deliver()
    assert [note.splitlines()[-1] for note in notes(sandbox)] == [
        f"REF: TRANSFER-{found.pk}-SUBMITTED",
        f"REF: TRANSFER-{found.pk}-APPROVED",
    ]
    assert found.new_national_code not in str(state(sandbox)["didar"])


def test_draft_is_told_to_nobody(sandbox):
    found = make_draft()
    OutboxMessage.objects.filter(topic__startswith="crm.buyer").delete()
    deliver()
    assert (texts(sandbox), notes(sandbox), told(found.owner)) == ([], [], [])


def test_wrong_code_of_a_delivered_message_stays_wrong(sandbox):
    ask()
    deliver()
    digits = digits_of(texts(sandbox)[0][1])
    with pytest.raises(Refused) as refused:
        check_code(purpose=PURPOSE, text=digits[::-1] + "0", now=timezone.now())
    assert refused.value.code == "code.wrong"
