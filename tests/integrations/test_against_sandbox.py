"""Each adapter through each fault of the sandbox's dial: the right kind of answer, and never a second effect."""

import contextlib

import pytest
import requests

from integrations import crm, payments, sms
from integrations.ports import (
    CrmContact,
    CrmDeal,
    CrmNote,
    DeliveryError,
    Misconfigured,
    Reject,
    Retry,
    SessionRequest,
    Sms,
    SmsStatus,
    Unknown,
    VerdictKind,
)
from integrations.sandbox.server import start

MERCHANT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
AMOUNT = 450_000_000
TEXT = Sms(phone="+989121234567", text="خدمات تمدید شد", local_id=17)
SARA = CrmContact(reference="BUYER-7", first_name="سارا", last_name="رضایی", mobile="+989121234567", address="آزادی ۱۲")

# Fault of the transport → what a write makes of it.
KINDS = {
    "delay": Unknown,
    "timeout_before": Unknown,
    "timeout_after_effect": Unknown,
    "http_500": Unknown,
    "http_429": Retry,
    "garbage": Unknown,
    "html": Unknown,
    "empty": Unknown,
    "huge": Unknown,
    "trickle": Unknown,
    "redirect": Unknown,
}
WITH_EFFECT = {"delay", "timeout_after_effect", "garbage", "empty", "trickle"}
HELD = {"delay", "timeout_before", "timeout_after_effect", "trickle"}
faults = pytest.mark.parametrize("fault", KINDS)


@pytest.fixture(scope="module")
def running():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, settings):
    running.reset()
    settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0
    settings.ZARINPAL_BASE_URL = f"{running.url}/zarinpal"
    settings.ZARINPAL_MERCHANT_ID = MERCHANT
    settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
    settings.KAVENEGAR_API_KEY = "a-kavenegar-key"
    settings.KAVENEGAR_SENDER = ""
    settings.KAVENEGAR_LOCALID_OFFSET = 90_000
    settings.DIDAR_BASE_URL = f"{running.url}/didar/api"
    settings.DIDAR_API_KEY = "a-didar-key"
    settings.DIDAR_PIPELINE_ID = settings.DIDAR_STAGE_ID = ""
    settings.DIDAR_PRICE_UNIT = "rial"
    return running


@pytest.fixture
def struck(sandbox, settings):
    """`with struck(provider, fault, match)`: the next such call meets the fault, and we wait for it but briefly."""

    @contextlib.contextmanager
    def strike(provider, fault, match="", **options):
        patience = settings.PROVIDER_TIMEOUT_SECONDS
        settings.PROVIDER_TIMEOUT_SECONDS = 0.5 if fault in HELD else patience
        wish = {"provider": provider, "fault": fault, "times": 1, "match": match, **options}
        if fault == "delay":
            wish["seconds"] = 1.2
        requests.post(f"{sandbox.url}/__faults", json=wish, timeout=10).raise_for_status()
        try:
            yield
        finally:
            settings.PROVIDER_TIMEOUT_SECONDS = patience

    return strike


def state(sandbox):
    return requests.get(f"{sandbox.url}/__state", timeout=10).json()


def outcome_of(call, *args, **kwargs):
    """The kind of DeliveryError that a call ends in, with its Retry-After."""
    with pytest.raises(DeliveryError) as caught:
        call(*args, **kwargs)
    return type(caught.value), getattr(caught.value, "after", None)


def expected(fault):
    return KINDS[fault], 2.0 if fault == "http_429" else None


# --- Kavenegar -------------------------------------------------------------------------------------------------------


@faults
def test_sms_is_sent_once_whatever_happens(sandbox, struck, fault):
    with struck("kavenegar", fault, "sms/send"):
        assert outcome_of(sms.provider().send, TEXT) == expected(fault)
    assert len(state(sandbox)["sms"]) == (fault in WITH_EFFECT)
    receipt = sms.provider().send(TEXT, recover=KINDS[fault] is Unknown)
    [sent] = state(sandbox)["sms"]
    assert (str(sent["messageid"]), sent["localid"], sent["receptor"]) == (receipt.external_id, "90017", "09121234567")


@faults
def test_sms_is_not_sent_while_the_lost_one_cannot_be_looked_for(sandbox, struck, fault):
    match = "sms/statuslocalmessageid"
    with struck("kavenegar", fault, match):
        assert outcome_of(sms.provider().send, TEXT, recover=True)[0] is Retry
    assert state(sandbox)["sms"] == []
    sms.provider().send(TEXT, recover=True)
    assert len(state(sandbox)["sms"]) == 1


def test_sms_recovered_after_several_lost_answers(sandbox, struck):
    for recover in (False, True, True):
        with struck("kavenegar", "timeout_before", "sms/send"):
            assert outcome_of(sms.provider().send, TEXT, recover=recover)[0] is Unknown
    with struck("kavenegar", "timeout_after_effect", "sms/send"):
        assert outcome_of(sms.provider().send, TEXT, recover=True)[0] is Unknown
    sms.provider().send(TEXT, recover=True)
    assert len(state(sandbox)["sms"]) == 1


def test_two_texts_are_two(sandbox):
    sms.provider().send(TEXT)
    sms.provider().send(Sms(phone=TEXT.phone, text=TEXT.text, local_id=18))
    assert len(state(sandbox)["sms"]) == 2


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        ("refused_number", 0, Reject),
        ("vendor_code", 402, Retry),
        ("vendor_code", 403, Misconfigured),
        ("vendor_code", 409, Retry),
        ("vendor_code", 418, Misconfigured),
        ("vendor_code", 422, Reject),
        ("vendor_code", 451, Retry),
        ("vendor_code", 501, Misconfigured),
    ],
)
def test_sms_refused(sandbox, struck, fault, code, kind):
    with struck("kavenegar", fault, "sms/send", code=code):
        assert outcome_of(sms.provider().send, TEXT)[0] is kind
    assert state(sandbox)["sms"] == []


def test_sms_with_a_wrong_key(sandbox, settings):
    settings.KAVENEGAR_API_KEY = "wrong-key"
    assert outcome_of(sms.provider().send, TEXT)[0] is Misconfigured


def test_sms_to_a_number_that_is_none(sandbox):
    assert outcome_of(sms.provider().send, Sms(phone="+982188776655", text="x", local_id=1))[0] is Reject


def test_status_of_messages(sandbox):
    receipt = sms.provider().send(TEXT)
    assert receipt.status is SmsStatus.QUEUED
    assert sms.provider().status([receipt.external_id, "1"]) == {
        receipt.external_id: SmsStatus.QUEUED,
        "1": SmsStatus.UNKNOWN,
    }


# --- Didar -----------------------------------------------------------------------------------------------------------


def deal(contact_id="c-1", **changes):
    fields = {"reference": "ORDER-1405-000001", "title": "تمدید", "status": "Pending", "price_rial": AMOUNT}
    return CrmDeal(contact_external_id=contact_id, **{**fields, **changes})


@faults
def test_contact_is_made_once_whatever_happens(sandbox, struck, fault):
    with struck("didar", fault, "contact/save"):
        assert outcome_of(crm.provider().save_contact, SARA) == expected(fault)
    contact_id = crm.provider().save_contact(SARA)
    [contact] = state(sandbox)["didar"]["contacts"]
    assert (contact["Id"], contact["CustomerCode"], contact["MobilePhone"]) == (contact_id, "BUYER-7", "09121234567")


@faults
def test_deal_is_made_once_whatever_happens(sandbox, struck, fault):
    with struck("didar", fault, "deal/save"):
        assert outcome_of(crm.provider().save_deal, deal()) == expected(fault)
    assert len(state(sandbox)["didar"]["deals"]) == (fault in WITH_EFFECT)
    deal_id = crm.provider().save_deal(deal(), recover=KINDS[fault] is Unknown)
    [made] = state(sandbox)["didar"]["deals"]
    assert (made["Id"], made["Price"], made["Status"]) == (deal_id, AMOUNT, "Pending")


@faults
def test_note_is_never_written_twice(sandbox, struck, fault):
    note = CrmNote(reference="TRANSFER-3-APPROVED", title="انتقال", text="انجام شد", contact_external_id="c-1")
    with struck("didar", fault, "activity/save"):
        assert outcome_of(crm.provider().save_note, note) == expected(fault)
    assert len(state(sandbox)["didar"]["activities"]) == (fault in WITH_EFFECT)
    if KINDS[fault] is Unknown:
        assert outcome_of(crm.provider().save_note, note, recover=True)[0] is Reject
        assert len(state(sandbox)["didar"]["activities"]) == (fault in WITH_EFFECT)
    else:
        note_id = crm.provider().save_note(note)
        [made] = state(sandbox)["didar"]["activities"]
        assert (made["Id"], made["ContactIds"], made["IsDone"]) == (note_id, ["c-1"], True)
        assert made["ResultNote"].splitlines() == ["انجام شد", "REF: TRANSFER-3-APPROVED"]


@faults
@pytest.mark.parametrize("match", ["search/search", "deal/getdealdetail"])
def test_deal_is_not_made_while_the_lost_one_cannot_be_looked_for(sandbox, struck, fault, match):
    crm.provider().save_deal(deal())
    with struck("didar", fault, match):
        assert outcome_of(crm.provider().save_deal, deal(), recover=True)[0] is Retry
    crm.provider().save_deal(deal(), recover=True)
    assert len(state(sandbox)["didar"]["deals"]) == 1


@faults
def test_contact_is_not_made_while_nobody_can_be_looked_for(sandbox, struck, fault):
    with struck("didar", fault, "contact/getbyphonenumber"):
        assert outcome_of(crm.provider().save_contact, SARA)[0] is Retry
    assert state(sandbox)["didar"]["contacts"] == []


@pytest.mark.parametrize("reply", ["flat", "nested"])
def test_deal_is_won_under_its_id(sandbox, reply):
    sandbox.turn({"didar.reply": reply})
    contact_id = crm.provider().save_contact(SARA)
    deal_id = crm.provider().save_deal(deal(contact_id))
    assert crm.provider().save_deal(deal(contact_id, status="Won"), external_id=deal_id) == deal_id
    [won] = state(sandbox)["didar"]["deals"]
    assert (won["Status"], won["PersonId"], won["Title"]) == ("Won", contact_id, "تمدید")


def test_neighbouring_reference_is_another_deal(sandbox):
    crm.provider().save_deal(deal(reference="ORDER-1405-0000011"))
    crm.provider().save_deal(deal(), recover=True)
    assert len(state(sandbox)["didar"]["deals"]) == 2


def test_contact_whose_mobile_changed_stays_the_same(sandbox):
    contact_id = crm.provider().save_contact(SARA)
    moved = CrmContact(reference="BUYER-7", first_name="سارا", last_name="رضایی", mobile="+989350000000")
    assert crm.provider().save_contact(moved, external_id=contact_id) == contact_id
    [contact] = state(sandbox)["didar"]["contacts"]
    assert contact["MobilePhone"] == "09350000000"
    assert contact["Addresses"] == {"KeyValues": [{"Key": "آدرس", "Value": "آزادی ۱۲"}]}


def test_contact_that_the_crm_has_forgotten_is_made_anew(sandbox):
    contact_id = crm.provider().save_contact(SARA, external_id="11111111-1111-4111-8111-111111111111")
    assert [contact["Id"] for contact in state(sandbox)["didar"]["contacts"]] == [contact_id]


@pytest.mark.parametrize("error", ["Message", "Error"])
def test_crm_refuses(sandbox, error):
    sandbox.turn({"didar.error": error})
    nameless = CrmContact(reference="BUYER-8", first_name="", last_name="", mobile="+989350000001")
    with pytest.raises(Reject, match="LastName can not be empty"):
        crm.provider().save_contact(nameless)
    with pytest.raises(Reject, match="person and company both are empty"):
        crm.provider().save_deal(deal(""))


def test_crm_with_a_wrong_key(sandbox, settings):
    settings.DIDAR_API_KEY = "wrong-key"
    assert outcome_of(crm.provider().save_contact, SARA)[0] is Misconfigured
    assert outcome_of(crm.provider().save_deal, deal())[0] is Misconfigured


# --- ZarinPal --------------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(sandbox):
    return payments.gateway("zarinpal")


def open_session(gateway):
    request = SessionRequest(
        payment_id="8f0c",
        amount_rial=AMOUNT,
        description="تمدید",
        callback_url="http://127.0.0.1:1/payments/return/zarinpal/8f0c/",
        mobile="+989121234567",
    )
    return gateway.create_session(request)


def pay(gateway, result="paid"):
    """A session, decided on the bank's page."""
    session = open_session(gateway)
    reply = requests.post(session.redirect_url, data={"result": result}, allow_redirects=False, timeout=10)
    assert reply.status_code in {302, 303}
    return session.authority


def test_session_and_return(gateway, sandbox):
    session = open_session(gateway)
    [payment] = state(sandbox)["payments"]
    assert (payment["authority"], payment["amount"], payment["currency"]) == (session.authority, AMOUNT, "IRR")
    assert payment["mobile"] == "09121234567"
    reply = requests.post(session.redirect_url, data={"result": "paid"}, allow_redirects=False, timeout=10)
    query = dict(pair.split("=") for pair in reply.headers["Location"].partition("?")[2].split("&"))
    hint = gateway.parse_return(query)
    assert (hint.authority, hint.claims_paid) == (session.authority, True)


@faults
def test_session_may_be_opened_again_whatever_happened(gateway, sandbox, struck, fault):
    with struck("zarinpal", fault, "request.json"):
        assert outcome_of(open_session, gateway) == expected(fault)
    session = open_session(gateway)
    assert len(state(sandbox)["payments"]) == 1 + (fault in WITH_EFFECT)
    assert state(sandbox)["payments"][-1]["authority"] == session.authority


@faults
def test_verify_without_an_answer_is_unknown_and_paid_once_when_asked_again(gateway, sandbox, struck, fault):
    authority = pay(gateway)
    with struck("zarinpal", fault, "verify.json"):
        assert gateway.verify(authority=authority, amount_rial=AMOUNT).kind is VerdictKind.UNKNOWN
    verdict = gateway.verify(authority=authority, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.code) == (VerdictKind.PAID, "101" if fault in WITH_EFFECT else "100")
    [payment] = state(sandbox)["payments"]
    assert (payment["status"], str(payment["ref_id"])) == ("verified", verdict.reference)


@pytest.mark.parametrize("codes", ["numbers", "strings"])
def test_paid_then_already_verified(gateway, sandbox, codes):
    sandbox.turn({"zarinpal.codes": codes})
    authority = pay(gateway)
    first, second = (gateway.verify(authority=authority, amount_rial=AMOUNT) for _ in range(2))
    assert (first.kind, first.code) == (VerdictKind.PAID, "100")
    assert (second.kind, second.code, second.reference) == (VerdictKind.PAID, "101", first.reference)
    assert first.card_masked == "502229******5995"


def test_already_verified_at_once(gateway, struck):
    authority = pay(gateway)
    with struck("zarinpal", "already_verified"):
        verdict = gateway.verify(authority=authority, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.code) == (VerdictKind.PAID, "101")


def test_wrong_amount_is_a_mismatch(gateway, struck):
    authority = pay(gateway)
    with struck("zarinpal", "wrong_amount"):
        verdict = gateway.verify(authority=authority, amount_rial=AMOUNT)
    assert (verdict.kind, verdict.amount_rial) == (VerdictKind.MISMATCH, AMOUNT + 10_000)


@pytest.mark.parametrize("shape", ["by_code", "errors", "fields", "data"])
@pytest.mark.parametrize("codes", ["numbers", "strings"])
def test_verdicts_in_every_shape_of_failure(gateway, sandbox, settings, shape, codes):
    sandbox.turn({"zarinpal.failure": shape, "zarinpal.codes": codes})
    waiting, cancelled, paid = open_session(gateway).authority, pay(gateway, "cancelled"), pay(gateway)
    other = "A" + "9" * 35
    verdicts = [gateway.verify(authority=each, amount_rial=AMOUNT) for each in (waiting, cancelled, other)]
    verdicts.append(gateway.verify(authority=paid, amount_rial=AMOUNT // 10))
    settings.ZARINPAL_MERCHANT_ID = MERCHANT.replace("7", "8")
    verdicts.append(payments.gateway("zarinpal").verify(authority=paid, amount_rial=AMOUNT))
    settings.ZARINPAL_MERCHANT_ID = "ffffffff" + MERCHANT[8:]
    verdicts.append(payments.gateway("zarinpal").verify(authority=paid, amount_rial=AMOUNT))
    assert [(verdict.kind, verdict.code) for verdict in verdicts] == [
        (VerdictKind.NOT_PAID, "-51"),
        (VerdictKind.NOT_PAID, "-51"),
        (VerdictKind.MISMATCH, "-54"),
        (VerdictKind.MISMATCH, "-50"),
        (VerdictKind.MISMATCH, "-53"),
        (VerdictKind.UNKNOWN, "-11"),
    ]
    assert gateway.verify(authority=paid, amount_rial=AMOUNT).kind is VerdictKind.PAID


@pytest.mark.parametrize("code", [-12, -52, -999])
def test_code_of_the_moment_decides_nothing(gateway, struck, code):
    authority = pay(gateway)
    with struck("zarinpal", "vendor_code", "verify.json", code=code):
        assert gateway.verify(authority=authority, amount_rial=AMOUNT).kind is VerdictKind.UNKNOWN
    assert gateway.verify(authority=authority, amount_rial=AMOUNT).kind is VerdictKind.PAID


def test_unverified_payments_are_listed_until_verified(gateway, struck):
    open_session(gateway)
    with struck("zarinpal", "lost_callback"):
        session = open_session(gateway)
        requests.post(session.redirect_url, data={"result": "paid"}, allow_redirects=False, timeout=10)
    assert [(row.authority, row.amount_rial) for row in gateway.list_unverified()] == [(session.authority, AMOUNT)]
    gateway.verify(authority=session.authority, amount_rial=AMOUNT)
    assert gateway.list_unverified() == []


@faults
def test_unverified_list_without_an_answer(gateway, struck, fault):
    with struck("zarinpal", fault, "unVerified.json"):
        assert outcome_of(gateway.list_unverified) == expected(fault)


# --- nobody at home --------------------------------------------------------------------------------------------------


def test_providers_that_are_down(sandbox, settings):
    with start(port=0) as other:
        gone = other.url
    settings.OUTBOUND_HOSTS = {gone.removeprefix("http://")}
    settings.ZARINPAL_BASE_URL = settings.KAVENEGAR_BASE_URL = settings.DIDAR_BASE_URL = gone
    assert outcome_of(sms.provider().send, TEXT)[0] is Retry
    assert outcome_of(crm.provider().save_contact, SARA)[0] is Retry
    assert outcome_of(crm.provider().save_deal, deal())[0] is Retry
    assert outcome_of(open_session, payments.gateway("zarinpal"))[0] is Retry
    assert payments.gateway("zarinpal").verify(authority="A" + "0" * 35, amount_rial=1).kind is VerdictKind.UNKNOWN
