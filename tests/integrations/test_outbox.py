"""Claim → call → settle, with workers that die and providers that fall silent."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations import outbox
from integrations.models import OutboxMessage
from integrations.outbox import Outgoing
from integrations.ports import Misconfigured, Reject, Retry, Unknown
from kernel.refused import Refused

pytestmark = pytest.mark.django_db(transaction=True)

CALLS: list[outbox.Delivery] = []
ANSWERS: list = []


def handle(delivery: outbox.Delivery) -> str:
    CALLS.append(delivery)
    answer = ANSWERS.pop(0) if ANSWERS else "their-id"
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture(autouse=True)
def topics(settings):
    settings.OUTBOX_HANDLERS = {"test.topic": f"{__name__}.handle"}
    CALLS.clear()
    ANSWERS.clear()


def emit(key="k1", **values):
    outbox.emit(Outgoing(topic="test.topic", dedupe_key=key, payload={"id": 1}, **values))


def deliver(after=timedelta()):
    return outbox.deliver_due(now=lambda: timezone.now() + after)


def message(key="k1") -> OutboxMessage:
    return OutboxMessage.objects.get(dedupe_key=key)


def test_message_is_delivered_once():
    emit()
    emit()
    assert deliver() == 1
    assert deliver() == 0
    assert (message().status, message().external_id, len(CALLS)) == ("delivered", "their-id", 1)


def test_rolled_back_act_sends_nothing():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit()
        _ = 1 / 0
    assert deliver() == 0


def test_unknown_topic_is_a_bug():
    with pytest.raises(KeyError):
        outbox.emit(Outgoing(topic="no.such", dedupe_key="x", payload={}))


@pytest.mark.parametrize(
    ("error", "status", "uncertain", "wait"),
    [
        (Retry("down"), "queued", False, 5),
        (Retry("busy", 120), "queued", False, 120),
        (Misconfigured("bad key"), "queued", False, 300),
        (Unknown("no answer"), "unknown", True, 30),
        (Reject("bad number"), "parked", False, None),
        (ValueError("a bug"), "unknown", True, 30),
    ],
)
def test_each_failure_has_its_own_way_on(error, status, uncertain, wait):
    ANSWERS.append(error)
    emit()
    before = timezone.now()
    deliver()

    found = message()
    assert (found.status, found.uncertain) == (status, uncertain)
    assert found.last_error
    if wait:
        assert wait - 1 <= (found.next_attempt_at - before).total_seconds() <= wait * 1.1 + 5


def test_after_silence_the_handler_is_told_to_look_first():
    ANSWERS.extend([Unknown("no answer"), Retry("down"), "found-it"])
    emit()
    for hours in range(3):
        deliver(timedelta(hours=hours))
    assert [(call.attempt, call.recover) for call in CALLS] == [(1, False), (2, True), (3, True)]
    assert message().external_id == "found-it"


def test_worker_killed_between_claim_and_settle_is_replaced(settings):
    emit()
    assert outbox.claim(now=timezone.now())
    assert deliver() == 0

    assert deliver(settings.OUTBOX_LEASE + timedelta(seconds=1)) == 1
    assert CALLS[0].recover is True
    assert message().status == "delivered"


def test_late_answer_of_a_replaced_worker_changes_nothing(settings):
    emit()
    slow = outbox.claim(now=timezone.now())
    deliver(settings.OUTBOX_LEASE + timedelta(seconds=1))
    outbox.settle_failure(slow, Reject("too late"), now=timezone.now())
    assert message().status == "delivered"


def test_messages_of_one_stream_wait_for_each_other():
    emit("a", stream="crm:1")
    emit("b", stream="crm:1")
    emit("c", stream="crm:2")
    first, second = outbox.claim(now=timezone.now()), outbox.claim(now=timezone.now())
    assert {first.dedupe_key, second.dedupe_key} == {"a", "c"}
    assert outbox.claim(now=timezone.now()) is None

    outbox.settle_delivered(first, "", now=timezone.now())
    assert outbox.claim(now=timezone.now()).dedupe_key == "b"


def test_what_follows_a_message_in_doubt_waits_for_it():
    ANSWERS.append(Unknown("no answer"))
    emit("open", stream="crm:1")
    emit("paid", stream="crm:1")
    assert deliver() == 1
    assert deliver(timedelta(seconds=40)) == 2
    assert [call.dedupe_key for call in CALLS] == ["open", "open", "paid"]


def test_a_poisoned_message_does_not_stop_the_others():
    ANSWERS.extend([Reject("poison")])
    emit("bad")
    emit("good")
    deliver()
    assert (message("bad").status, message("good").status) == ("parked", "delivered")


def test_message_that_never_arrives_is_parked_for_a_person(monkeypatch):
    monkeypatch.setattr(outbox, "MOST_ATTEMPTS", 3)
    ANSWERS.extend([Retry("down")] * 3)
    emit()
    for hours in range(3):
        deliver(timedelta(hours=hours))
    assert message().status == "parked"


def test_send_again_by_a_person():
    ANSWERS.append(Reject("bad number"))
    emit()
    deliver()
    outbox.send_again(message_id=message().pk, by_id=None, now=timezone.now())
    assert deliver() == 1
    assert message().status == "delivered"
    with pytest.raises(Refused) as refused:
        outbox.send_again(message_id=message().pk, by_id=None, now=timezone.now())
    assert refused.value.code == "outbox.not_waiting"


def test_broker_down_costs_a_page_nothing(settings, monkeypatch):
    from integrations import tasks

    settings.OUTBOX_BELL = True
    rung = []

    def broken(**_kwargs):
        rung.append(1)
        raise OSError("broker is down")

    monkeypatch.setattr(tasks.deliver_outbox, "apply_async", broken)
    monkeypatch.setattr(tasks, "_bell_silent_until", 0.0)
    with transaction.atomic():
        emit("a")
    with transaction.atomic():
        emit("b")
    assert len(rung) == 1
    assert deliver() == 2


def hang_up(delivery: outbox.Delivery) -> str:
    """The database ends our connection during the call; the payload says whether the handler needs it afterwards."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    other.close()
    if delivery.payload["id"]:
        OutboxMessage.objects.count()
    return "their-id"


@pytest.mark.postgres
@pytest.mark.parametrize(("payload", "status"), [({"id": 1}, "unknown"), ({"id": 0}, "delivered")])
def test_database_that_hangs_up_during_a_call_does_not_keep_the_message(settings, payload, status):
    settings.OUTBOX_HANDLERS = {"test.topic": f"{__name__}.hang_up"}
    outbox.emit(Outgoing(topic="test.topic", dedupe_key="k1", payload=payload))
    assert deliver() == 1
    assert message().status == status


@pytest.mark.postgres
def test_four_workers_deliver_each_message_once():
    for number in range(60):
        emit(f"k{number}", stream=f"s{number % 7}")
    barrier = threading.Barrier(4)

    def work(_):
        try:
            barrier.wait(10)
            deadline = time.monotonic() + 20
            while OutboxMessage.objects.exclude(status="delivered").exists() and time.monotonic() < deadline:
                outbox.deliver_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(call.dedupe_key for call in CALLS) == sorted(f"k{n}" for n in range(60))
    assert not OutboxMessage.objects.exclude(status="delivered").exists()
