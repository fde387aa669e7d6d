"""sms.ir: what it is sent, what its answers mean, and each fault of the dial: never a second message."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
import requests
import responses
import time_machine

from integrations import sms
from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, Sms, SmsStatus, Unknown
from integrations.sandbox.server import start
from integrations.sms import smsir

from .test_against_sandbox import HELD, KINDS, WITH_EFFECT

BASE = "https://smsir.example"
KEY = "x7uJQn9dPqLr2sVtWz4aBcDeFgHiJkLm"
TEXT = Sms(phone="+989121234567", text="خدمات تمدید شد", local_id=17)
OTHER = Sms(phone="+989351234567", text="گزارش تازه", local_id=18)
REJECTED = [16, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 114, 115, 116, 117, 999]
MISCONFIGURED = [10, 11, 12, 13, 14, 15, 101, 102, 113, 119, 123, 124]
RETRIED = [20, 118]


@pytest.fixture
def configured(settings):
    settings.SMS_PROVIDERS = ["smsir"]
    settings.SMSIR_BASE_URL = BASE
    settings.SMSIR_API_KEY = KEY
    settings.SMSIR_LINE = "30007732000000"
    settings.SMSIR_UNIT_RIAL = 2_000
    settings.OUTBOUND_HOSTS = {"smsir.example:443"}
    return settings


@pytest.fixture
def vendor(configured):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def provider(vendor):
    return sms.named("smsir")


def say(vendor, path, body, status=200, method="POST", **options):
    body = body if isinstance(body, str | Exception) else json.dumps(body)
    vendor.add(method, f"{BASE}/v1/{path}", body=body, status=status, **options)


def ok(data):
    return {"status": 1, "message": "موفق", "data": data}


def sent(*ids):
    return ok({"packId": "2b8d", "messageIds": list(ids), "cost": 1.0})


def refusal(status):
    return {"status": status, "message": "خطا", "data": None}


def bodies(vendor):
    return [json.loads(call.request.body) for call in vendor.calls if call.request.body]


def test_key_is_not_in_the_repr(provider):
    assert KEY not in repr(provider)
    assert (provider.name, provider.batch_size) == ("smsir", 100)


# --- sending ---------------------------------------------------------------------------------------------------------


def test_message_goes_out_from_our_line(vendor, provider):
    say(vendor, "send/bulk", sent(89545112))
    receipt = provider.send(TEXT)

    assert (receipt.external_id, receipt.status) == ("89545112", SmsStatus.QUEUED)
    assert vendor.calls[0].request.headers["X-API-KEY"] == KEY
    assert bodies(vendor) == [
        {
            "lineNumber": 30007732000000,
            "messageText": TEXT.text,
            "mobiles": ["09121234567"],
            "sendDateTime": None,
        }
    ]


@pytest.mark.parametrize(
    ("codes", "kind"), [(REJECTED, Reject), (MISCONFIGURED, Misconfigured), (RETRIED, Retry), ([0], Unknown)], ids=str
)
@pytest.mark.parametrize("mirrored", [400, 200])
def test_refused_by_code(vendor, provider, codes, kind, mirrored):
    for code in codes:
        vendor.reset()
        say(vendor, "send/bulk", refusal(code), mirrored)
        with pytest.raises(DeliveryError) as caught:
            provider.send(TEXT)
        assert type(caught.value) is kind, code
        assert caught.value.code == str(code)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>", 200, Unknown),
        ("<html>", 502, Unknown),
        ("", 200, Unknown),
        ("[]", 200, Unknown),
        (refusal(1), 500, Unknown),
        (refusal(None), 200, Unknown),
        (ok(None), 200, Unknown),
        (sent(), 200, Unknown),
        (sent(1, 2), 200, Unknown),
        (sent("x"), 200, Unknown),
        (sent(-5), 200, Unknown),
        (sent(True), 200, Unknown),
        (sent([1]), 200, Unknown),
        (sent(None), 200, Reject),
        (sent(0), 200, Reject),
        ("", 401, Misconfigured),
        ("", 429, Retry),
        (requests.ConnectTimeout(), 200, Retry),
        (requests.ReadTimeout(), 200, Unknown),
    ],
)
def test_no_clear_answer(vendor, provider, body, status, kind):
    say(vendor, "send/bulk", body, status)
    with pytest.raises(DeliveryError) as caught:
        provider.send(TEXT)
    assert type(caught.value) is kind
    assert KEY not in caught.value.reason


@pytest.mark.parametrize("name", ["SMSIR_API_KEY", "SMSIR_LINE"])
def test_without_key_or_line_nothing_is_sent(configured, vendor, name):
    setattr(configured, name, "")
    with pytest.raises(Misconfigured):
        sms.named("smsir").send(TEXT)
    assert len(vendor.calls) == 0


def test_every_code_has_one_meaning():
    tables = [smsir.IN_DOUBT, smsir.TRY_LATER, smsir.MISCONFIGURED, smsir.OF_ONE_MESSAGE]
    assert sum(len(table) for table in tables) == len(set().union(*tables))
    assert set(MISCONFIGURED) == smsir.MISCONFIGURED


# --- many at once ----------------------------------------------------------------------------------------------------


def test_batch_is_one_call_with_different_texts(vendor, provider):
    say(vendor, "send/likeToLike", sent(5, None))
    outcomes = provider.send_batch([TEXT, OTHER])

    assert [outcome.local_id for outcome in outcomes] == [17, 18]
    assert (outcomes[0].receipt.external_id, outcomes[0].error) == ("5", None)
    assert (outcomes[1].receipt, type(outcomes[1].error)) == (None, Reject)
    [body] = bodies(vendor)
    assert (body["messageTexts"], body["mobiles"]) == ([TEXT.text, OTHER.text], ["09121234567", "09351234567"])


def test_batch_with_too_few_ids_is_in_doubt(vendor, provider):
    say(vendor, "send/likeToLike", sent(5))
    assert {type(outcome.error) for outcome in provider.send_batch([TEXT, OTHER])} == {Unknown}


@pytest.mark.parametrize(("code", "kind"), [(102, Misconfigured), (20, Retry), (0, Unknown), (110, Reject)])
def test_batch_that_fails_as_a_whole(vendor, provider, code, kind):
    say(vendor, "send/likeToLike", refusal(code), 400)
    with pytest.raises(kind):
        provider.send_batch([TEXT, OTHER])
    assert len(vendor.calls) == 1


# --- against the stand-in --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running():
    with start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, configured):
    running.reset()
    configured.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    configured.SMSIR_BASE_URL = f"{running.url}/smsir"
    configured.PROVIDER_TIMEOUT_SECONDS = 10.0
    return running


@contextlib.contextmanager
def struck(sandbox, settings, fault, match="", **options):
    settings.PROVIDER_TIMEOUT_SECONDS = 0.5 if fault in HELD else 10.0
    sandbox.arm("smsir", fault, match=match, **({"seconds": 1.2} if fault == "delay" else {}), **options)
    yield
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0


def texts(sandbox):
    return [(row["receptor"], row["message"]) for row in sandbox.snapshot()["sms"]]


@pytest.mark.parametrize("fault", KINDS)
def test_sent_once_whatever_happens(sandbox, settings, fault):
    port = sms.named("smsir")
    with struck(sandbox, settings, fault, "send/bulk"), pytest.raises(KINDS[fault]):
        port.send(TEXT)
    assert len(texts(sandbox)) == (fault in WITH_EFFECT)

    receipt = port.send(TEXT, recover=KINDS[fault] is Unknown)
    [row] = sandbox.snapshot()["sms"]
    assert str(row["messageid"]) == receipt.external_id


@pytest.mark.parametrize("fault", KINDS)
def test_batch_is_sent_once_whatever_happens(sandbox, settings, fault):
    port = sms.named("smsir")
    twin = Sms(phone=TEXT.phone, text=TEXT.text, local_id=19)  # two people share a phone
    with struck(sandbox, settings, fault, "send/likeToLike"), pytest.raises(KINDS[fault]):
        port.send_batch([TEXT, OTHER, twin])

    outcomes = port.send_batch([TEXT, OTHER, twin], recover=KINDS[fault] is Unknown)
    assert len(texts(sandbox)) == 3
    assert {outcome.receipt.external_id for outcome in outcomes} == {
        str(row["messageid"]) for row in sandbox.snapshot()["sms"]
    }


@pytest.mark.parametrize("fault", KINDS)
def test_nothing_is_sent_while_the_lost_one_cannot_be_looked_for(sandbox, settings, fault):
    with struck(sandbox, settings, fault, "send/live"), pytest.raises(Retry):
        sms.named("smsir").send(TEXT, recover=True)
    assert texts(sandbox) == []


def test_one_bad_number_does_not_hold_up_the_others(sandbox):
    messages = [Sms(phone=f"+9891212345{n:02}", text=f"پیام {n}", local_id=n) for n in range(20)]
    messages[13] = Sms(phone="+982188776655", text="به تلفن ثابت", local_id=13)

    outcomes = sms.named("smsir").send_batch(messages)

    assert [outcome.local_id for outcome in outcomes if outcome.receipt is None] == [13]
    assert outcomes[13].error.code == "104"
    assert len(texts(sandbox)) == 19


def test_refused_number(sandbox, settings):
    with struck(sandbox, settings, "refused_number"), pytest.raises(Reject) as caught:
        sms.named("smsir").send(TEXT)
    assert (caught.value.code, caught.value.elsewhere) == ("115", False)
    assert texts(sandbox) == []


@pytest.mark.parametrize(("code", "kind"), [(102, Misconfigured), (20, Retry), (117, Reject), (0, Misconfigured)])
def test_code_of_the_vendor(sandbox, settings, code, kind):
    """Without a number the dial means "no credit" (102)."""
    with struck(sandbox, settings, "vendor_code", "send/bulk", code=code), pytest.raises(kind):
        sms.named("smsir").send(TEXT)


def test_wrong_key(sandbox, settings):
    settings.SMSIR_API_KEY = "wrong-key"
    with pytest.raises(Misconfigured):
        sms.named("smsir").send(TEXT)


def test_message_of_the_evening_before_is_found_after_midnight(configured):
    clock = datetime(2026, 11, 25, 23, 59, tzinfo=UTC).timestamp()
    with start(now=lambda: clock) as sandbox:
        configured.OUTBOUND_HOSTS = {sandbox.url.removeprefix("http://")}
        configured.SMSIR_BASE_URL = f"{sandbox.url}/smsir"
        port = sms.named("smsir")
        with time_machine.travel(clock, tick=False):
            first = port.send(TEXT)
        clock += 600
        with time_machine.travel(clock, tick=False):
            assert port.send(TEXT, recover=True).external_id == first.external_id
        assert len(texts(sandbox)) == 1


def test_lost_one_is_found_on_a_later_page(sandbox):
    port = sms.named("smsir")
    first = port.send(TEXT)
    for start_at in (100, 200):
        port.send_batch([Sms(phone="+989121234567", text=f"{n}", local_id=n) for n in range(start_at, start_at + 100)])

    assert port.find([TEXT])[17].external_id == first.external_id


def test_status_one_by_one_and_from_the_list(sandbox):
    port = sms.named("smsir")
    ids = [port.send(Sms(phone=TEXT.phone, text=f"{n}", local_id=n)).external_id for n in range(12)]

    few, many = port.status([ids[0], "1"]), port.status([*ids, "1", "x"])

    assert few == {ids[0]: SmsStatus.SENT, "1": SmsStatus.UNKNOWN}
    assert {many[key] for key in ids} == {SmsStatus.SENT}
    assert (many["1"], many["x"]) == (SmsStatus.UNKNOWN, SmsStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (1, "delivered"),
        (2, "undelivered"),
        (3, "sent"),
        (4, "failed"),
        (5, "sent"),
        (6, "failed"),
        (7, "blocked"),
        (8, "unknown"),
        (99, "unknown"),
    ],
)
def test_every_state_of_the_vendor_is_read(vendor, provider, number, status):
    say(vendor, "send/77", ok({"messageId": 77, "deliveryState": number}), method="GET")
    assert provider.status(["77"]) == {"77": SmsStatus(status)}


def test_credit_in_money(sandbox, settings):
    assert sms.named("smsir").credit_rial() == 25_000_000
    settings.SMSIR_UNIT_RIAL = 0
    assert sms.named("smsir").credit_rial() is None


@pytest.mark.parametrize("data", [None, "x", [], {}])
def test_credit_that_is_no_number(vendor, provider, data):
    say(vendor, "credit", ok(data), method="GET")
    with pytest.raises(Retry):
        provider.credit_rial()
