"""WhatsApp Cloud API: what is sent, what Meta's codes mean, each fault of the dial, the 24-hour window."""

import contextlib
import json
from datetime import timedelta

import pytest
import requests
import responses
from django.utils import timezone

from integrations import whatsapp
from integrations.models import WhatsAppWindow
from integrations.ports import (
    DeliveryError,
    Misconfigured,
    Reject,
    Retry,
    Unknown,
    WhatsAppTemplate,
    WhatsAppText,
)
from integrations.sandbox.server import start
from integrations.whatsapp import cloud

from .test_against_sandbox import HELD, KINDS, WITH_EFFECT

BASE = "https://graph.example"
TOKEN = "EAAJZCx7uJQn9dPqLr2sVtWz4aBcDeFgHiJkLm"
TEMPLATE = WhatsAppTemplate(
    phone="+989121234567",
    template="renewal_paid",
    language="fa",
    variables=("سارا رضایی", "۱۵ آذر ۱۴۰۶"),
    callback_data="notice-7-12",
)
TEXT = WhatsAppText(phone="+989121234567", text="سلام، درخواست شما رسید.", callback_data="answer-3")


@pytest.fixture
def configured(settings):
    settings.WHATSAPP_PROVIDER = "cloud"
    settings.WHATSAPP_BASE_URL = BASE
    settings.WHATSAPP_API_VERSION = "v26.0"
    settings.WHATSAPP_NUMBER_ID = "106540352242922"
    settings.WHATSAPP_TOKEN = TOKEN
    settings.OUTBOUND_HOSTS = {"graph.example:443"}
    return settings


@pytest.fixture
def meta(configured):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def say(meta, body, status=200, **options):
    body = body if isinstance(body, str | Exception) else json.dumps(body)
    meta.add("POST", f"{BASE}/v26.0/106540352242922/messages", body=body, status=status, **options)


def refusal(code, details="details", **more):
    return {"error": {"message": f"(#{code})", "code": code, "error_data": {"details": details}, **more}}


def accepted(*ids):
    contacts = [{"input": "989121234567", "wa_id": "989121234567"}]
    return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": wamid} for wamid in ids]}


def test_channel_is_off_by_default(settings):
    settings.WHATSAPP_PROVIDER = ""
    assert whatsapp.provider() is None


def test_unknown_provider_is_an_error_of_the_setting(settings):
    settings.WHATSAPP_PROVIDER = "pigeon"
    with pytest.raises(KeyError):
        whatsapp.provider()


def test_token_is_not_in_the_repr(configured):
    assert TOKEN not in repr(whatsapp.provider())


def test_template_goes_out_with_our_reference(meta):
    say(meta, accepted("wamid.HBgL"))
    assert whatsapp.provider().send_template(TEMPLATE).external_id == "wamid.HBgL"

    [call] = meta.calls
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    parameters = [{"type": "text", "text": text} for text in TEMPLATE.variables]
    assert json.loads(call.request.body) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "989121234567",
        "type": "template",
        "template": {
            "name": "renewal_paid",
            "language": {"code": "fa"},
            "components": [{"type": "body", "parameters": parameters}],
        },
        "biz_opaque_callback_data": "notice-7-12",
    }


def test_free_text(meta):
    say(meta, accepted("wamid.HBgL"))
    whatsapp.provider().send_text(TEXT)

    body = json.loads(meta.calls[0].request.body)
    assert (body["type"], body["text"]) == ("text", {"preview_url": False, "body": TEXT.text})
    assert body["biz_opaque_callback_data"] == "answer-3"


REJECTED = [33, 100, 130472, 130497, 131008, 131009, 131021, 131026, 131047, 131050, 131051, 131052, 131053]
REJECTED += [132000, 132005, 132007, 132008, 132012, 137000, 999_999]
MISCONFIGURED = [0, 3, 10, 190, 200, 299, 368, 131005, 131030, 131031, 131037, 131042, 131044, 131045, 131048]
MISCONFIGURED += [131057, 131062, 131063, 131064, 132001, 132015, 132016]
RETRIED = [2, 4, 80007, 130429, 131016, 131056, 133016, 131049]
IN_DOUBT = [1, 131000, 135000]


@pytest.mark.parametrize(
    ("codes", "kind"),
    [(REJECTED, Reject), (MISCONFIGURED, Misconfigured), (RETRIED, Retry), (IN_DOUBT, Unknown)],
    ids=["reject", "misconfigured", "retry", "unknown"],
)
@pytest.mark.parametrize("status", [400, 200])
def test_refused_by_code(meta, codes, kind, status):
    for code in codes:
        meta.reset()
        say(meta, refusal(code), status)
        with pytest.raises(DeliveryError) as caught:
            whatsapp.provider().send_template(TEMPLATE)
        assert type(caught.value) is kind, code
        assert caught.value.code == str(code)
        assert "details" in caught.value.reason


def test_closed_window_has_its_own_code(meta):
    say(meta, refusal(131047), 400)
    with pytest.raises(Reject) as caught:
        whatsapp.provider().send_text(TEXT)
    assert caught.value.code == cloud.WINDOW_CLOSED


def test_held_back_message_waits_for_a_day(meta):
    say(meta, refusal(131049), 400)
    with pytest.raises(Retry) as caught:
        whatsapp.provider().send_template(TEMPLATE)
    assert caught.value.after == 86_400


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>", 200, Unknown),
        ("<html>", 502, Unknown),
        ("", 200, Unknown),
        ("[]", 200, Unknown),
        ({"messages": []}, 200, Unknown),
        (accepted("a", "b"), 200, Unknown),
        ({"messages": [{"id": None}]}, 200, Unknown),
        ({"error": None}, 200, Unknown),
        ({"error": {"code": "x", "error_data": "text"}}, 400, Unknown),
        (refusal(999_999), 500, Unknown),
        (accepted("wamid.HBgL"), 302, Unknown),
        ("", 401, Misconfigured),
        ("", 429, Retry),
        (requests.ConnectTimeout(), 200, Retry),
        (requests.ReadTimeout(), 200, Unknown),
    ],
)
def test_no_clear_answer(meta, body, status, kind):
    say(meta, body, status)
    with pytest.raises(DeliveryError) as caught:
        whatsapp.provider().send_template(TEMPLATE)
    assert type(caught.value) is kind
    assert TOKEN not in caught.value.reason


@pytest.mark.parametrize("name", ["WHATSAPP_TOKEN", "WHATSAPP_NUMBER_ID"])
def test_without_token_or_number_nothing_is_sent(configured, meta, name):
    setattr(configured, name, "")
    with pytest.raises(Misconfigured):
        whatsapp.provider().send_template(TEMPLATE)
    assert len(meta.calls) == 0


# --- against the stand-in --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running():
    with start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, configured):
    running.reset()
    configured.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
    configured.WHATSAPP_BASE_URL = f"{running.url}/whatsapp"
    configured.PROVIDER_TIMEOUT_SECONDS = 10.0
    return running


@contextlib.contextmanager
def struck(sandbox, settings, fault, **options):
    settings.PROVIDER_TIMEOUT_SECONDS = 0.5 if fault in HELD else 10.0
    sandbox.arm("whatsapp", fault, **({"seconds": 1.2} if fault == "delay" else {}), **options)
    yield
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0


@pytest.mark.parametrize("fault", KINDS)
def test_fault_of_the_transport(sandbox, settings, fault):
    with struck(sandbox, settings, fault), pytest.raises(KINDS[fault]):
        whatsapp.provider().send_template(TEMPLATE)
    assert len(sandbox.snapshot()["whatsapp"]) == (fault in WITH_EFFECT)


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        ("refused_number", 131026, Reject),
        ("vendor_code", 190, Misconfigured),
        ("vendor_code", 130429, Retry),
        ("vendor_code", 131049, Retry),
        ("vendor_code", 131050, Reject),
        ("vendor_code", 131000, Unknown),
    ],
)
def test_code_of_the_vendor(sandbox, settings, fault, code, kind):
    with struck(sandbox, settings, fault, code=code), pytest.raises(kind) as caught:
        whatsapp.provider().send_template(TEMPLATE)
    assert caught.value.code == str(code)
    assert sandbox.snapshot()["whatsapp"] == []


def test_message_is_kept_as_it_was_sent(sandbox):
    receipt = whatsapp.provider().send_template(TEMPLATE)

    [row] = sandbox.snapshot()["whatsapp"]
    assert (row["id"], row["to"], row["template"]) == (receipt.external_id, "989121234567", "renewal_paid")
    assert (row["variables"], row["callback_data"]) == (list(TEMPLATE.variables), "notice-7-12")


def test_free_text_only_after_the_person_has_written(sandbox):
    with pytest.raises(Reject) as caught:
        whatsapp.provider().send_text(TEXT)
    assert caught.value.code == "131047"

    requests.post(f"{sandbox.url}/__inbound", json={"from": "989121234567", "text": "سلام"}, timeout=5)
    whatsapp.provider().send_text(TEXT)
    assert [row["text"] for row in sandbox.snapshot()["whatsapp"]] == [TEXT.text]


def test_template_that_is_not_approved(sandbox):
    missing = WhatsAppTemplate(TEMPLATE.phone, "missing_one", "fa", (), "x")
    with pytest.raises(Misconfigured) as caught:
        whatsapp.provider().send_template(missing)
    assert caught.value.code == "132001"


# --- the window ------------------------------------------------------------------------------------------------------


def test_window_is_open_for_a_day(db):
    now = timezone.now()
    whatsapp.note_inbound({TEXT.phone: now})

    assert whatsapp.window_open(TEXT.phone, now)
    assert whatsapp.window_open(TEXT.phone, now + timedelta(hours=23, minutes=59))
    assert not whatsapp.window_open(TEXT.phone, now + timedelta(hours=24))
    assert not whatsapp.window_open("+989121234568", now)


def test_older_message_does_not_shorten_the_window(db):
    now = timezone.now()
    for at in (now, now - timedelta(hours=5)):
        whatsapp.note_inbound({TEXT.phone: at})
    assert whatsapp.window_open(TEXT.phone, now + timedelta(hours=23))

    whatsapp.note_inbound({TEXT.phone: now + timedelta(hours=2)})
    assert whatsapp.window_open(TEXT.phone, now + timedelta(hours=25))
    assert WhatsAppWindow.objects.count() == 1


def test_window_keeps_no_phone(db):
    whatsapp.note_inbound({TEXT.phone: timezone.now()})
    row = WhatsAppWindow.objects.values().get()
    assert "9121234567" not in str(row)
