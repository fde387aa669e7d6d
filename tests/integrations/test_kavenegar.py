import json
from urllib.parse import parse_qsl

import pytest
import requests
import responses

from integrations import sms
from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, Sms, SmsStatus, Unknown
from integrations.sms import kavenegar

BASE = "https://sms.example"
KEY = "4B6573796F6E6C79466F7254657374"
TEXT = Sms(phone="+989121234567", text="خدمات تمدید شد", local_id=17)
REJECTED = [400, 404, 405, 406, 411, 413, 414, 415, 417, 419, 420, 422, 428, 431, 432, 607, 999]
MISCONFIGURED = [401, 403, 407, 412, 416, 418, 424, 426, 427, 429, 501]
RETRIED = [402, 409, 451, 500, 502, 504]


@pytest.fixture(autouse=True)
def vendor(settings):
    settings.KAVENEGAR_BASE_URL = BASE + "/"
    settings.KAVENEGAR_API_KEY = KEY
    settings.KAVENEGAR_SENDER = "10004346"
    settings.KAVENEGAR_LOCALID_OFFSET = 90_000
    settings.OUTBOUND_HOSTS = {"sms.example:443"}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def provider():
    return sms.provider()


def say(vendor, method, body, status=200, **options):
    body = body if isinstance(body, str | Exception) else json.dumps(body)
    vendor.add("POST", f"{BASE}/v1/{KEY}/{method}.json", body=body, status=status, **options)


def asked(vendor):
    """Method and fields of each call."""
    return [(call.request.path_url.split("/", 3)[3], dict(parse_qsl(call.request.body))) for call in vendor.calls]


def refusal(code):
    return {"return": {"status": code, "message": "خطا"}, "entries": None}


def entry(**changes):
    row = {
        "messageid": 8792343,
        "message": TEXT.text,
        "status": 1,
        "statustext": "در صف ارسال",
        "sender": "10004346",
        "receptor": "09121234567",
        "date": 1356619709,
        "cost": 120,
    }
    return {**row, **changes}


def ok(*entries):
    return {"return": {"status": 200, "message": "تایید شد"}, "entries": list(entries)}


def test_key_is_not_in_the_repr(provider):
    assert KEY not in repr(provider)


# --- sending ---------------------------------------------------------------------------------------------------------


def test_message_goes_out_with_its_local_id(vendor, provider):
    say(vendor, "sms/send", ok(entry()))
    receipt = provider.send(TEXT)
    assert (receipt.external_id, receipt.status) == ("8792343", SmsStatus.QUEUED)
    fields = {"receptor": "09121234567", "message": TEXT.text, "localid": "90017", "sender": "10004346"}
    assert asked(vendor) == [("sms/send.json", fields)]


def test_sender_is_left_to_the_account_when_none_is_set(settings, vendor):
    settings.KAVENEGAR_SENDER = ""
    say(vendor, "sms/send", ok(entry()))
    sms.provider().send(TEXT)
    assert "sender" not in asked(vendor)[0][1]


@pytest.mark.parametrize(
    "body",
    [
        ok(entry(messageid="8792343")),
        {"return": {"status": "200", "message": ""}, "entries": entry()},
        {"return": {"status": 200}, "entries": [entry(status=None)]},
    ],
)
def test_accepted_in_other_shapes(vendor, provider, body):
    say(vendor, "sms/send", body)
    assert provider.send(TEXT).external_id == "8792343"


@pytest.mark.parametrize(
    ("codes", "kind"), [(REJECTED, Reject), (MISCONFIGURED, Misconfigured), (RETRIED, Retry)], ids=str
)
@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_refused_by_code(vendor, provider, codes, kind, as_text, mirrored):
    for code in codes:
        vendor.reset()
        say(vendor, "sms/send", refusal(str(code) if as_text else code), code if mirrored else 200)
        with pytest.raises(DeliveryError) as caught:
            provider.send(TEXT)
        assert type(caught.value) is kind, code
        assert str(code) in caught.value.reason


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>", 200, Unknown),
        ("<html>", 502, Unknown),
        ("", 500, Unknown),
        ("", 200, Unknown),
        ("[]", 200, Unknown),
        ({"message": "Internal Server Error"}, 500, Unknown),
        ({"return": None, "entries": []}, 200, Unknown),
        ({"return": {"status": True}}, 200, Unknown),
        (ok(), 200, Unknown),
        (ok(entry(), entry()), 200, Unknown),
        (ok(entry(messageid=None)), 200, Unknown),
        (ok(entry(messageid=0)), 200, Unknown),
        (ok(entry()), 500, Unknown),
        ("", 302, Unknown),
        ("", 401, Misconfigured),
        ("", 403, Misconfigured),
        ("", 429, Retry),
        (requests.ConnectTimeout(), 200, Retry),
        (requests.ReadTimeout(), 200, Unknown),
        (requests.ConnectionError(f"POST {BASE}/v1/{KEY}"), 200, Unknown),
    ],
)
def test_no_clear_answer(vendor, provider, body, status, kind):
    say(vendor, "sms/send", body, status)
    with pytest.raises(DeliveryError) as caught:
        provider.send(TEXT)
    assert type(caught.value) is kind
    assert KEY not in caught.value.reason


@pytest.mark.parametrize("body", ["", refusal(429)])
def test_http_429_with_a_time_is_a_matter_of_waiting(vendor, provider, body):
    say(vendor, "sms/send", body, 429, headers={"Retry-After": "30"})
    with pytest.raises(Retry) as caught:
        provider.send(TEXT)
    assert caught.value.after == 30


def test_missing_key_is_never_sent(settings, vendor):
    settings.KAVENEGAR_API_KEY = ""
    with pytest.raises(Misconfigured):
        sms.provider().send(TEXT)
    assert len(vendor.calls) == 0


# --- finding a lost one ----------------------------------------------------------------------------------------------


def test_recover_adopts_what_was_sent(vendor, provider):
    say(
        vendor, "sms/statuslocalmessageid", ok({"messageid": 55, "localid": 90017, "status": 10, "statustext": "رسیده"})
    )
    receipt = provider.send(TEXT, recover=True)
    assert (receipt.external_id, receipt.status) == ("55", SmsStatus.DELIVERED)
    assert asked(vendor) == [("sms/statuslocalmessageid.json", {"localid": "90017"})]


@pytest.mark.parametrize(
    "body",
    [
        ok(),
        ok({"messageid": 0, "localid": 90017, "status": 100}),
        ok({"messageid": 55, "localid": 90017, "status": "100"}),
        ok({"messageid": 55, "localid": 17, "status": 10}),
        {"return": {"status": 200}, "entries": None},
    ],
)
def test_recover_sends_again_with_the_same_local_id_what_is_not_found(vendor, provider, body):
    say(vendor, "sms/statuslocalmessageid", body)
    say(vendor, "sms/send", ok(entry()))
    assert provider.send(TEXT, recover=True).external_id == "8792343"
    assert [fields["localid"] for _, fields in asked(vendor)] == ["90017", "90017"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>", 502, Retry),
        (requests.ReadTimeout(), 200, Retry),
        (refusal(451), 451, Retry),
        (refusal(403), 403, Misconfigured),
    ],
)
def test_recover_sends_nothing_while_it_cannot_look(vendor, provider, body, status, kind):
    say(vendor, "sms/statuslocalmessageid", body, status)
    with pytest.raises(kind):
        provider.send(TEXT, recover=True)
    assert len(vendor.calls) == 1


def test_duplicate_local_id_of_old_counts_as_sent(vendor, provider):
    say(vendor, "sms/send", refusal(503), 503)
    say(vendor, "sms/statuslocalmessageid", ok({"messageid": 55, "localid": 90017, "status": 5}))
    assert provider.send(TEXT).external_id == "55"


def test_duplicate_local_id_that_cannot_be_found_is_unknown(vendor, provider):
    say(vendor, "sms/send", refusal(503), 503)
    say(vendor, "sms/statuslocalmessageid", ok())
    with pytest.raises(Unknown):
        provider.send(TEXT)


# --- status ----------------------------------------------------------------------------------------------------------


def test_status_reads_every_number_of_the_vendor(vendor, provider):
    numbers = [1, 2, 4, 5, 6, 10, 11, 13, 14, 100, 77]
    say(vendor, "sms/status", ok(*({"messageid": 1000 + number, "status": number} for number in numbers)))
    found = provider.status([str(1000 + number) for number in [*numbers, 3]])
    assert [str(status) for status in found.values()] == [
        *("queued", "queued", "sent", "sent", "failed", "delivered", "undelivered", "cancelled", "blocked"),
        *("unknown", "unknown", "unknown"),
    ]


def test_status_asks_for_five_hundred_at_a_time(vendor, provider):
    say(vendor, "sms/status", ok({"messageid": "1200", "status": "10"}, {"messageid": 9, "status": 10}))
    found = provider.status([str(number) for number in range(1000, 2201)])
    assert [len(fields["messageid"].split(",")) for _, fields in asked(vendor)] == [500, 500, 201]
    assert {key for key, status in found.items() if status is SmsStatus.DELIVERED} == {"1200"}
    assert len(found) == 1201


def test_status_of_nothing_asks_nothing(vendor, provider):
    assert provider.status([]) == {}
    assert len(vendor.calls) == 0


def test_lost_status_is_only_to_be_asked_again(vendor, provider):
    say(vendor, "sms/status", requests.ReadTimeout())
    with pytest.raises(Retry):
        provider.status(["1"])


def test_every_code_has_one_meaning():
    assert not kavenegar.TRY_LATER & kavenegar.MISCONFIGURED
    assert set(MISCONFIGURED) == kavenegar.MISCONFIGURED
