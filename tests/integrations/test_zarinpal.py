import json
import logging

import pytest
import requests
import responses

from integrations import payments
from integrations.payments import zarinpal
from integrations.ports import DeliveryError, Misconfigured, Reject, Retry, SessionRequest, Unknown, VerdictKind

BASE = "https://payment.example"
MERCHANT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
AUTHORITY = "A0000000000000000000000000006qpmlj8d"
AMOUNT = 450_000_000
VENDOR_CODES = [-9, *range(-19, -9), *range(-42, -29), *range(-55, -49), *range(-63, -59), *range(429, 434)]


@pytest.fixture(autouse=True)
def vendor(settings):
    settings.ZARINPAL_BASE_URL = BASE + "/"
    settings.ZARINPAL_MERCHANT_ID = MERCHANT
    settings.OUTBOUND_HOSTS = {"payment.example:443"}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def gateway():
    return payments.gateway("zarinpal")


def say(vendor, verb, body, status=200, **options):
    body = body if isinstance(body, str | bytes | Exception) else json.dumps(body)
    vendor.add("POST", f"{BASE}/pg/v4/payment/{verb}.json", body=body, status=status, **options)


def sent(vendor):
    return json.loads(vendor.calls[-1].request.body)


def request_of(**changes):
    fields = {"payment_id": "8f0c", "amount_rial": AMOUNT, "description": "سفارش ۱"}
    return SessionRequest(**{**fields, "callback_url": "https://p.example/r/", **changes})


def failure(code, shape):
    """A failure as the vendor words it, in each of its shapes and some more that clients have met."""
    return {
        "errors": {"data": [], "errors": {"code": code, "message": "No.", "validations": [{"amount": "bad"}]}},
        "errors-text": {"data": [], "errors": {"code": str(code), "message": "No.", "validations": []}},
        "errors-list": {"data": [], "errors": [{"code": code, "message": "No."}]},
        "fields": {"errors": {"authority": ["No.", str(code)]}},
        "data": {"data": {"code": code, "message": "No."}},
        "data-text": {"data": {"code": str(code), "message": "No."}, "errors": []},
        "data-list": {"data": [{"code": code, "message": "No."}], "errors": []},
    }[shape]


SHAPES = ["errors", "errors-text", "errors-list", "fields", "data", "data-text", "data-list"]


def paid(**changes):
    data = {
        "code": 100,
        "message": "Verified",
        "card_hash": "1EBE3EBEBE35C7EC",
        "card_pan": "502229******5995",
        "ref_id": 201,
        "fee_type": "Merchant",
        "fee": 0,
        "order_id": None,
        "wages": [],
    }
    return {"data": {**data, **changes}, "errors": []}


def session(**changes):
    data = {"code": 100, "message": "Success", "authority": AUTHORITY, "fee_type": "Merchant", "fee": 100}
    return {"data": {**data, **changes}, "errors": []}


# --- the factory -----------------------------------------------------------------------------------------------------


def test_gateway_is_found_by_name_and_reads_settings_late(settings):
    assert [gateway.name for gateway in payments.enabled_gateways()] == ["zarinpal"]
    settings.ZARINPAL_BASE_URL = "https://other.example"
    assert payments.gateway("zarinpal").base_url == "https://other.example"
    with pytest.raises(KeyError):
        payments.gateway("nobank")


def test_merchant_id_is_not_in_the_repr(gateway):
    assert MERCHANT not in repr(gateway)


# --- opening a session -----------------------------------------------------------------------------------------------


def test_session_is_opened_in_rial_with_the_buyers_mobile(vendor, gateway):
    say(vendor, "request", session())
    opened = gateway.create_session(request_of(mobile="+989121234567"))
    assert (opened.authority, opened.redirect_url) == (AUTHORITY, f"{BASE}/pg/StartPay/{AUTHORITY}")
    assert sent(vendor) == {
        "merchant_id": MERCHANT,
        "amount": AMOUNT,
        "currency": "IRR",
        "description": "سفارش ۱",
        "callback_url": "https://p.example/r/",
        "metadata": {"mobile": "09121234567"},
    }


def test_empty_metadata_is_left_out_and_long_descriptions_are_cut(vendor, gateway):
    say(vendor, "request", session())
    gateway.create_session(request_of(description="ش" * 600))
    assert "metadata" not in sent(vendor)
    assert sent(vendor)["description"] == "ش" * 500


@pytest.mark.parametrize("code", [100, "100"])
def test_code_of_a_session_may_be_a_text(vendor, gateway, code):
    say(vendor, "request", session(code=code))
    assert gateway.create_session(request_of()).authority == AUTHORITY


@pytest.mark.parametrize(
    "authority", ["", None, "A123", "B" + "0" * 35, "A" + "0" * 36, "A" + "0" * 34 + "/", "A\n" + "0" * 34, 7, ["A"]]
)
def test_malformed_authority_opens_nothing(vendor, gateway, authority):
    say(vendor, "request", session(authority=authority))
    with pytest.raises(Unknown):
        gateway.create_session(request_of())


def expected_refusal(code):
    if code in {-12, -52}:
        return Retry
    if code in {-9, -40, -41, -42, *range(-55, -49), -60, -61, -63, -999}:
        return Reject
    return Misconfigured


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", [*VENDOR_CODES, -999])
def test_refused_session_by_code_and_shape(vendor, gateway, code, shape):
    say(vendor, "request", failure(code, shape), 400)
    with pytest.raises(DeliveryError) as caught:
        gateway.create_session(request_of())
    assert type(caught.value) is expected_refusal(code)
    assert str(code) in caught.value.reason


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>", 200, Unknown),
        ("<html>", 502, Unknown),
        ("", 200, Unknown),
        ("[]", 200, Unknown),
        ("{}", 200, Unknown),
        ({"data": [], "errors": []}, 200, Unknown),
        ({"data": "no", "errors": 7}, 200, Unknown),
        (session(), 500, Unknown),
        (session(), 302, Unknown),
        (requests.ConnectTimeout(), 200, Retry),
        (requests.ReadTimeout(), 200, Unknown),
        (requests.ConnectionError(f"POST {BASE}/{MERCHANT}"), 200, Unknown),
    ],
)
def test_session_without_an_answer(vendor, gateway, body, status, kind):
    say(vendor, "request", body, status)
    with pytest.raises(DeliveryError) as caught:
        gateway.create_session(request_of())
    assert type(caught.value) is kind
    assert MERCHANT not in caught.value.reason


def test_too_many_requests_says_when_to_come_back(vendor, gateway):
    say(vendor, "request", "", 429, headers={"Retry-After": "30"})
    with pytest.raises(Retry) as caught:
        gateway.create_session(request_of())
    assert caught.value.after == 30


def test_missing_merchant_id_is_never_sent(settings, vendor):
    settings.ZARINPAL_MERCHANT_ID = ""
    gateway = payments.gateway("zarinpal")
    with pytest.raises(Misconfigured):
        gateway.create_session(request_of())
    assert gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT).kind is VerdictKind.UNKNOWN
    assert len(vendor.calls) == 0


# --- verifying -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [100, 101, "100", "101"])
@pytest.mark.parametrize("reference", [201, "201"])
def test_paid_with_either_code(vendor, gateway, code, reference):
    say(vendor, "verify", paid(code=code, ref_id=reference))
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.code, verdict.reference) == (VerdictKind.PAID, str(code), "201")
    assert (verdict.card_masked, verdict.card_hash) == ("502229******5995", "1EBE3EBEBE35C7EC")
    assert sent(vendor) == {"merchant_id": MERCHANT, "amount": AMOUNT, "authority": AUTHORITY}


@pytest.mark.parametrize("amount", [AMOUNT, str(AMOUNT)])
def test_amount_that_is_named_and_ours_is_paid(vendor, gateway, amount):
    say(vendor, "verify", paid(amount=amount))
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.amount_rial) == (VerdictKind.PAID, AMOUNT)


@pytest.mark.parametrize("code", [100, 101])
@pytest.mark.parametrize(
    "amount", [AMOUNT + 10_000, AMOUNT // 10, AMOUNT * 10, 0, -AMOUNT, float(AMOUNT), "1,000", True]
)
def test_other_amount_is_a_mismatch(vendor, gateway, caplog, code, amount):
    say(vendor, "verify", paid(amount=amount, code=code))
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.reason, verdict.reference) == (VerdictKind.MISMATCH, "amount differs", "201")
    assert caplog.records[-1].levelno == logging.ERROR


@pytest.mark.parametrize("reference", [None, "", 0, -1, "abc", 2.5, True, []])
def test_paid_without_a_receipt_number_is_asked_again(vendor, gateway, reference):
    say(vendor, "verify", paid(ref_id=reference))
    assert gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT).kind is VerdictKind.UNKNOWN


def expected_verdict(code):
    if code == -51:
        return VerdictKind.NOT_PAID
    return VerdictKind.MISMATCH if code in {-50, -53, -54, -55} else VerdictKind.UNKNOWN


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", [*VENDOR_CODES, -999])
def test_verdict_by_code_shape_and_status(vendor, gateway, code, shape, status):
    say(vendor, "verify", failure(code, shape), status)
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.code) == (expected_verdict(code), str(code))
    assert verdict.reference == ""


@pytest.mark.parametrize("code", sorted(zarinpal.MISCONFIGURED | zarinpal.BAD_REQUEST))
def test_our_own_fault_is_an_alarm_but_no_verdict_against_the_buyer(vendor, gateway, caplog, code):
    say(vendor, "verify", failure(code, "errors"), 400)
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, "misconfigured")
    assert caplog.records[-1].levelno == logging.ERROR


@pytest.mark.parametrize("code", [-50, -53, -54, -55])
def test_mismatch_is_an_alarm(vendor, gateway, caplog, code):
    say(vendor, "verify", failure(code, "errors"), 400)
    gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert caplog.records[-1].levelno == logging.ERROR


def test_error_outweighs_data(vendor, gateway):
    say(vendor, "verify", {**paid(), "errors": {"code": -51, "message": "No."}})
    assert gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT).kind is VerdictKind.NOT_PAID


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<html>", 200),
        ("<html>", 502),
        ("", 200),
        ("null", 200),
        ("[]", 200),
        ([paid()], 200),
        ({"data": [], "errors": []}, 200),
        ({"data": {"code": True}}, 200),
        ({"data": {"code": 100.0}}, 200),
        (paid(), 500),
        (paid(), 503),
        (paid(), 302),
        ({"data": {}, "errors": {"code": -51}}, 502),
        ("", 429),
        (requests.ConnectTimeout(), 200),
        (requests.ReadTimeout(), 200),
        (requests.ConnectionError(f"POST {BASE}/{MERCHANT}"), 200),
        (requests.exceptions.ChunkedEncodingError(MERCHANT), 200),
    ],
)
def test_no_answer_is_unknown(vendor, gateway, body, status):
    say(vendor, "verify", body, status)
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert verdict.kind is VerdictKind.UNKNOWN
    assert verdict.reason
    assert MERCHANT not in repr(verdict)


def test_address_that_is_not_allowed_is_unknown_and_an_alarm(settings, gateway, caplog):
    settings.OUTBOUND_HOSTS = set()
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, "misconfigured")
    assert caplog.records[-1].levelno == logging.ERROR


@pytest.mark.parametrize("authority", ["", "A123", AUTHORITY + "0", AUTHORITY + "\n", "../" + AUTHORITY[3:]])
def test_malformed_authority_is_not_even_asked_about(vendor, gateway, authority):
    assert gateway.verify(authority=authority, amount_rial=AMOUNT).kind is VerdictKind.MISMATCH
    assert len(vendor.calls) == 0


def test_raw_reply_keeps_facts_but_no_card_and_no_merchant(vendor, gateway):
    say(vendor, "verify", paid(card_pan="5022291234565995", message=f"Verified {MERCHANT}", merchant_id=MERCHANT))
    verdict = gateway.verify(authority=AUTHORITY, amount_rial=AMOUNT)
    assert verdict.card_masked == "502229******5995"
    assert verdict.raw == {
        "http_status": 200,
        "code": 100,
        "message": "Verified ***",
        "card_pan": "502229******5995",
        "ref_id": "201",
        "card_hash": "1EBE3EBEBE35C7EC",
        "fee_type": "Merchant",
        "fee": "0",
        "order_id": "",
    }
    json.dumps(verdict.raw)


# --- what nobody verified --------------------------------------------------------------------------------------------


def unverified(*rows):
    return {"data": {"code": "100", "message": "Success", "authorities": list(rows)}, "errors": []}


def test_unverified_payments_are_listed(vendor, gateway):
    row = {"authority": AUTHORITY, "amount": AMOUNT, "callback_url": "https://x", "referer": "/", "date": "2026-07-01"}
    other = "S" + "1" * 35
    say(
        vendor,
        "unVerified",
        unverified(row, {"authority": other, "amount": "1000"}, {"authority": "x", "amount": 1}, 7),
    )
    assert [(found.authority, found.amount_rial) for found in gateway.list_unverified()] == [
        (AUTHORITY, AMOUNT),
        (other, 1000),
    ]
    assert sent(vendor) == {"merchant_id": MERCHANT}


@pytest.mark.parametrize("body", [unverified(), {"data": {"code": 100}}, {"data": {"code": 100, "authorities": None}}])
def test_no_unverified_payment(vendor, gateway, body):
    say(vendor, "unVerified", body)
    assert gateway.list_unverified() == []


@pytest.mark.parametrize("shape", SHAPES)
def test_code_minus_nine_means_no_unverified_payment(vendor, gateway, shape):
    say(vendor, "unVerified", failure(-9, shape), 422)
    assert gateway.list_unverified() == []


@pytest.mark.parametrize(("code", "kind"), [(-11, Misconfigured), (-12, Retry), (-999, Reject)])
def test_unverified_list_refused(vendor, gateway, code, kind):
    say(vendor, "unVerified", failure(code, "errors"), 400)
    with pytest.raises(kind):
        gateway.list_unverified()


# --- the way back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "authority", "claims_paid"),
    [
        ({"Authority": AUTHORITY, "Status": "OK"}, AUTHORITY, True),
        ({"Authority": AUTHORITY, "Status": "NOK"}, AUTHORITY, False),
        ({"Authority": AUTHORITY, "Status": "ok"}, AUTHORITY, False),
        ({"Authority": AUTHORITY}, AUTHORITY, False),
        ({"Status": "OK"}, "", False),
        ({"Authority": "<script>", "Status": "OK"}, "", False),
        ({"Authority": AUTHORITY + "\n", "Status": "OK"}, "", False),
        ({}, "", False),
    ],
)
def test_return_is_read_as_a_hint(gateway, params, authority, claims_paid):
    hint = gateway.parse_return(params)
    assert (hint.authority, hint.claims_paid) == (authority, claims_paid)


def test_every_code_of_the_vendors_table_is_known():
    known = zarinpal.DONE | zarinpal.NOT_PAID | zarinpal.MISMATCHED | zarinpal.TRY_LATER
    known |= zarinpal.BAD_REQUEST | zarinpal.MISCONFIGURED
    assert set(VENDOR_CODES) - known == {-60, -61, -63}  # answers to `reverse`, which is never asked
