"""Delivery reports: by callback and by asking, once per stage, in any order; and the doors they come in by."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import reports, sms, whatsapp
from integrations.models import DeliveryReport, WhatsAppWindow
from integrations.ports import Report, Retry, Sms, SmsStatus, WhatsAppTemplate
from integrations.sandbox.callbacks import APP_SECRET, HOOK_SECRET
from integrations.sandbox.server import start
from integrations.tasks import poll_delivery
from tests.integrations.sandbox.conftest import Clock

pytestmark = pytest.mark.django_db

SMS_HOOK = f"/hooks/sms/kavenegar/{HOOK_SECRET}/"
WHATSAPP_HOOK = "/hooks/whatsapp/"
PHONE = "+989121234567"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
told = []


def hear(new):
    """A handler of new reports."""
    assert connection.in_atomic_block
    told.append([(row.external_id, row.status) for row in new])


def refuse(new):
    raise RuntimeError("the handler fails")


@pytest.fixture(autouse=True)
def doors(settings):
    cache.clear()
    told.clear()
    settings.SMS_PROVIDERS = ["kavenegar", "smsir"]
    settings.SMS_HOOK_SECRETS = {"kavenegar": HOOK_SECRET, "smsir": HOOK_SECRET}
    settings.WHATSAPP_PROVIDER = "cloud"
    settings.WHATSAPP_NUMBER_ID = "106540352242922"
    settings.WHATSAPP_APP_SECRET = APP_SECRET
    settings.WHATSAPP_VERIFY_TOKEN = "sandbox-verify-token"
    settings.DELIVERY_REPORT_HANDLERS = ["tests.integrations.test_reports.hear"]
    return settings


def report(status, external_id="55", **more):
    return Report(external_id=external_id, status=SmsStatus(status), at=NOW, **more)


# --- keeping ---------------------------------------------------------------------------------------------------------


def test_each_stage_is_kept_once_and_told_once():
    for _ in range(2):
        reports.store("kavenegar", [report("sent"), report("delivered"), report("sent")])

    assert list(DeliveryReport.objects.order_by("pk").values_list("status", flat=True)) == ["sent", "delivered"]
    assert told == [[("55", "sent"), ("55", "delivered")]]


def test_same_id_of_another_provider_is_another_message():
    reports.store("kavenegar", [report("sent")])
    assert len(reports.store("smsir", [report("sent")])) == 1


def test_failing_handler_leaves_nothing_behind(settings):
    settings.DELIVERY_REPORT_HANDLERS = [
        "tests.integrations.test_reports.hear",
        "tests.integrations.test_reports.refuse",
    ]
    with pytest.raises(RuntimeError), transaction.atomic():
        reports.store("kavenegar", [report("sent")])
    assert DeliveryReport.objects.count() == 0


def test_nothing_new_calls_no_handler():
    assert reports.store("kavenegar", []) == []
    assert told == []


def test_queries_do_not_grow_with_the_reports():
    with CaptureQueriesContext(connection) as one:
        reports.store("kavenegar", [report("sent", "1")])
    with CaptureQueriesContext(connection) as many:
        reports.store("kavenegar", [report("sent", str(n)) for n in range(2, 50)])
    assert len(one) == len(many)


@pytest.mark.parametrize("act", ["update", "delete"])
def test_reports_are_never_changed(act):
    [row] = reports.store("kavenegar", [report("sent")])
    rows = DeliveryReport.objects.filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="delivered") if act == "update" else rows.delete()


def test_time_of_the_provider_is_never_in_the_future():
    [row] = reports.store("kavenegar", [Report(external_id="1", status=SmsStatus.SENT, at=NOW + timedelta(days=9999))])
    assert row.at <= timezone.now()


@pytest.mark.parametrize(
    ("order", "stands"),
    [
        (["sent"], "sent"),
        (["delivered", "sent"], "delivered"),
        (["read", "delivered", "sent"], "read"),
        (["sent", "failed"], "failed"),
        (["failed", "sent"], "failed"),
        (["failed", "undelivered"], "failed"),
        (["blocked", "queued"], "blocked"),
        (["delivered", "failed"], "delivered"),
        (["failed", "delivered"], "delivered"),
        (["unknown", "queued"], "queued"),
    ],
)
def test_latest_does_not_depend_on_the_order(order, stands):
    for status in order:
        reports.store("kavenegar", [report(status)])
    assert {key: row.status for key, row in reports.latest("kavenegar", ["55", "56"]).items()} == {"55": stands}


def test_latest_asks_once():
    reports.store("kavenegar", [report("sent", str(n)) for n in range(9)])
    with CaptureQueriesContext(connection) as queries:
        assert len(reports.latest("kavenegar", [str(n) for n in range(9)])) == 9
    assert len(queries) == 1


def test_every_status_has_a_rank():
    assert set(reports.RANKS) == set(DeliveryReport.Status) == {status.value for status in SmsStatus}


# --- the door of text messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_report_of_kavenegar(client, method):
    answer = getattr(client, method)(SMS_HOOK, {"messageid": "8792343", "status": "10"})

    assert answer.status_code == 200
    row = DeliveryReport.objects.get()
    assert (row.provider, row.external_id, row.status, row.code) == ("kavenegar", "8792343", "delivered", "10")


@pytest.mark.parametrize("as_json", [True, False])
def test_report_of_smsir(client, as_json):
    fields = {"messageId": 89545112, "deliveryState": 7}
    options = {"content_type": "application/json"} if as_json else {}
    assert client.post(f"/hooks/sms/smsir/{HOOK_SECRET}/", fields, **options).status_code == 200
    assert DeliveryReport.objects.get().status == "blocked"


def test_repeated_and_late_reports_are_harmless(client):
    for status in ("10", "5", "10"):
        assert client.post(SMS_HOOK, {"messageid": "8792343", "status": status}).status_code == 200
    assert reports.latest("kavenegar", ["8792343"])["8792343"].status == "delivered"
    assert told == [[("8792343", "delivered")], [("8792343", "sent")]]


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/sms/kavenegar/guessed/",
        "/hooks/sms/kavenegar/ای/",
        f"/hooks/sms/kavenegar/{HOOK_SECRET}x/",
        f"/hooks/sms/pigeon/{HOOK_SECRET}/",
        f"/hooks/sms/whatsapp/{HOOK_SECRET}/",
    ],
)
def test_forged_report_leaves_nothing(client, path):
    assert client.post(path, {"messageid": "1", "status": "10"}).status_code == 404
    assert DeliveryReport.objects.count() == 0


def test_hook_without_a_secret_is_shut(client, settings):
    settings.SMS_HOOK_SECRETS = {"kavenegar": ""}
    assert client.post("/hooks/sms/kavenegar/x/", {"messageid": "1", "status": "10"}).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"messageid": "1"},
        {"messageid": "x", "status": "10"},
        {"messageid": "-1", "status": "10"},
        {"messageid": "1", "status": "77"},
        {"messageid": "1", "status": "100"},
    ],
)
def test_report_that_cannot_be_read(client, fields):
    assert client.post(SMS_HOOK, fields).status_code == 400
    assert DeliveryReport.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 5000, b'"x"', b'{"messageId": {"a": 1}}'])
def test_json_that_is_none(client, body):
    answer = client.generic("POST", f"/hooks/sms/smsir/{HOOK_SECRET}/", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, method):
    for path in (SMS_HOOK, WHATSAPP_HOOK):
        assert getattr(client, method)(path).status_code == 405


def test_hooks_need_no_csrf_token_and_no_session():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(SMS_HOOK, {"messageid": "1", "status": "10"})
    assert (answer.status_code, answer.cookies, "no-store" in answer["Cache-Control"]) == (200, {}, True)


@pytest.mark.parametrize("path", [SMS_HOOK, WHATSAPP_HOOK])
def test_big_body_is_refused(client, path):
    answer = client.generic("POST", path, b"x" * 300_000, content_type="application/json")
    assert answer.status_code == 413


def test_who_guesses_is_stopped(client, settings):
    settings.HOOK_LIMITS = {"address": 100, "forged": 3, "window": timedelta(minutes=1)}
    found = [client.post("/hooks/sms/kavenegar/guess/").status_code for _ in range(5)]
    assert found == [404, 404, 404, 429, 429]
    assert client.post(SMS_HOOK, {"messageid": "1", "status": "10"}).status_code == 200


def test_flood_is_stopped(client, settings):
    settings.HOOK_LIMITS = {"address": 2, "forged": 9, "window": timedelta(minutes=1)}
    answers = [client.post(SMS_HOOK, {"messageid": "1", "status": "10"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0


# --- the door of WhatsApp --------------------------------------------------------------------------------------------


def webhook(number="106540352242922", field="messages", **value):
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **value}
    changes = [{"field": field, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def status(word, wamid="wamid.1", **more):
    return {"id": wamid, "status": word, "timestamp": str(int(NOW.timestamp())), **more}


def post(client, body, secret=APP_SECRET, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature} | headers
    return client.generic("POST", WHATSAPP_HOOK, raw, content_type="application/json", headers=headers)


def test_stages_of_a_message(client):
    stages = [status(word, biz_opaque_callback_data="notice-7") for word in ("sent", "delivered", "read")]
    assert post(client, webhook(statuses=stages)).status_code == 200

    row = reports.latest("whatsapp", ["wamid.1"])["wamid.1"]
    assert (row.status, row.reference, row.at) == ("read", "notice-7", NOW)
    assert DeliveryReport.objects.count() == 3


def test_failure_brings_metas_code(client):
    error = {"code": 131049, "title": "Held", "error_data": {"details": "healthy ecosystem"}}
    post(client, webhook(statuses=[status("failed", errors=[error], recipient_id="989121234567")]))

    row = DeliveryReport.objects.get()
    assert (row.status, row.code, row.reason) == ("failed", "131049", "healthy ecosystem")
    assert "9121234567" not in json.dumps(row.raw)


def test_lost_answer_is_found_by_our_reference(client):
    assert reports.find("whatsapp", "notice-7") == ""
    post(client, webhook(statuses=[status("sent", biz_opaque_callback_data="notice-7")]))
    assert reports.find("whatsapp", "notice-7") == "wamid.1"
    assert reports.find("whatsapp", "") == ""


def test_person_who_writes_opens_the_window(client):
    at = timezone.now() - timedelta(hours=1)
    message = {"from": "989121234567", "id": "wamid.IN", "timestamp": str(int(at.timestamp())), "type": "text"}
    for _ in range(2):
        post(client, webhook(messages=[message]))

    assert whatsapp.window_open(PHONE, timezone.now())
    assert not whatsapp.window_open(PHONE, timezone.now() + timedelta(hours=23, minutes=30))
    assert WhatsAppWindow.objects.count() == 1


def test_window_does_not_reach_into_the_future(client):
    message = {"from": "989121234567", "timestamp": "99999999999"}
    post(client, webhook(messages=[message]))
    assert not whatsapp.window_open(PHONE, timezone.now() + timedelta(hours=24, minutes=1))


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"entry": None},
        {"entry": [{"changes": "x"}]},
        webhook(statuses="x", messages=7),
        webhook(statuses=[status("deleted"), {"id": None, "status": "sent"}]),
        webhook(messages=[{"from": None}, {"user_id": "US.1"}, {"from": "16505551234"}]),
        webhook("999", statuses=[status("sent")]),
        webhook(field="account_update", statuses=[status("sent")]),
    ],
)
def test_signed_webhook_about_nothing_of_ours(client, body):
    assert post(client, body).status_code == 200
    assert (DeliveryReport.objects.count(), WhatsAppWindow.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=abc"},
        {"X-Hub-Signature-256": "sha256=é"},
    ],
)
def test_forged_webhook_leaves_nothing(client, headers):
    assert post(client, webhook(statuses=[status("sent")]), **headers).status_code == 403
    assert DeliveryReport.objects.count() == 0


def test_signature_covers_every_byte(client):
    raw = json.dumps(webhook(statuses=[status("sent")])).encode()
    signature = "sha256=" + hmac.new(APP_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert post(client, raw + b" ", **{"X-Hub-Signature-256": signature}).status_code == 403
    assert post(client, raw, **{"X-Hub-Signature-256": signature}).status_code == 200


def test_empty_app_secret_signs_nothing(client, settings):
    settings.WHATSAPP_APP_SECRET = ""
    assert post(client, webhook(statuses=[status("sent")]), secret="").status_code == 403


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 5000])
def test_signed_body_that_is_no_json(client, raw):
    assert post(client, raw).status_code == 400


def test_handshake(client, settings):
    asked = {"hub.mode": "subscribe", "hub.verify_token": "sandbox-verify-token", "hub.challenge": "1158201444"}
    answer = client.get(WHATSAPP_HOOK, asked)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"].startswith("text/plain")

    wrong = [{"hub.verify_token": "x"}, {"hub.mode": "other"}, {"hub.challenge": "<script>"}, {"hub.challenge": ""}]
    assert {client.get(WHATSAPP_HOOK, asked | change).status_code for change in wrong} == {403}
    settings.WHATSAPP_VERIFY_TOKEN = ""
    assert client.get(WHATSAPP_HOOK, asked | {"hub.verify_token": ""}).status_code == 403


def test_channel_that_is_off_has_no_door(client, settings):
    settings.WHATSAPP_PROVIDER = ""
    assert post(client, webhook(statuses=[status("sent")])).status_code == 404


# --- with the stand-ins ----------------------------------------------------------------------------------------------


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock, settings, live_server):
    """A sandbox that reports to a real server of the portal."""
    with start(now=clock) as running:
        settings.OUTBOUND_HOSTS = {running.url.removeprefix("http://")}
        settings.KAVENEGAR_BASE_URL = f"{running.url}/kavenegar"
        settings.SMSIR_BASE_URL = f"{running.url}/smsir"
        settings.WHATSAPP_BASE_URL = f"{running.url}/whatsapp"
        running.tell(
            {
                "kavenegar": live_server.url + SMS_HOOK,
                "smsir": f"{live_server.url}/hooks/sms/smsir/{HOOK_SECRET}/",
                "whatsapp": live_server.url + WHATSAPP_HOOK,
            }
        )
        yield running


def send(provider):
    if provider == "whatsapp":
        message = WhatsAppTemplate(PHONE, "renewal_paid", "fa", ("سارا",), "notice-7")
        return whatsapp.provider().send_template(message).external_id
    return sms.named(provider).send(Sms(phone=PHONE, text="سلام", local_id=1)).external_id


def stages_of(provider):
    return list(DeliveryReport.objects.filter(provider=provider).order_by("pk").values_list("status", flat=True))


PROVIDERS = ["kavenegar", "smsir", "whatsapp"]
ENDS = {
    "fails_later": dict.fromkeys(PROVIDERS, "failed"),
    "undelivered": {"kavenegar": "undelivered", "smsir": "undelivered", "whatsapp": "failed"},
    "blocked": {"kavenegar": "blocked", "smsir": "blocked", "whatsapp": "failed"},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_reports_come_by_callback(sandbox, clock, provider):
    external_id = send(provider)
    assert sandbox.call_back() == []
    clock.pass_seconds(3)
    assert sandbox.call_back() == [200]
    clock.pass_seconds(60)
    assert set(sandbox.call_back()) == {200}

    seen = ["sent", "delivered"] + (["read"] if provider == "whatsapp" else [])
    assert stages_of(provider) == seen
    assert reports.latest(provider, [external_id])[external_id].status == seen[-1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ENDS)
def test_accepted_message_may_still_fail(sandbox, clock, provider, fault):
    sandbox.arm(provider, fault)
    external_id = send(provider)
    clock.pass_seconds(60)
    sandbox.call_back()

    row = reports.latest(provider, [external_id])[external_id]
    assert row.status == ENDS[fault][provider]
    assert row.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["repeated_report", "reversed_reports"])
def test_repeated_and_reversed_reports(sandbox, clock, provider, fault):
    sandbox.arm(provider, fault)
    external_id = send(provider)
    answers = []
    for _ in range(3):
        clock.pass_seconds(6)
        answers += sandbox.call_back()

    kinds = 3 if provider == "whatsapp" else 2
    assert answers == [200] * (kinds * 2 if fault == "repeated_report" else kinds)
    assert len(stages_of(provider)) == kinds
    assert reports.latest(provider, [external_id])[external_id].status == ("read" if kinds == 3 else "delivered")


@pytest.mark.django_db(transaction=True)
def test_webhook_with_a_wrong_signature(sandbox, clock):
    sandbox.arm("whatsapp", "forged_report")
    send("whatsapp")
    clock.pass_seconds(60)

    assert sandbox.call_back() == [403, 403, 403]
    assert stages_of("whatsapp") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", ["kavenegar", "smsir"])
def test_report_that_never_comes_is_asked_for(sandbox, clock, provider):
    sandbox.arm(provider, "no_report")
    external_id = send(provider)
    clock.pass_seconds(60)
    assert sandbox.call_back() == []

    assert poll_delivery(provider, [external_id, "1"]) == 1
    assert poll_delivery(provider, [external_id, "1"]) == 0
    assert stages_of(provider) == ["delivered"]
    assert told == [[(external_id, "delivered")]]


def test_provider_that_is_down_is_asked_next_time(sandbox, caplog):
    external_id = send("kavenegar")
    sandbox.arm("kavenegar", "http_500", times=2, match="sms/status")
    with pytest.raises(Retry):
        reports.poll("kavenegar", [external_id])
    caplog.set_level("WARNING")
    assert poll_delivery("kavenegar", [external_id]) == 0
    assert "delivery.poll_failed provider=kavenegar" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_person_writes_through_the_sandbox(sandbox):
    sandbox.providers["whatsapp"].write_in("989121234567", "سلام")
    assert sandbox.call_back() == [200]
    assert WhatsAppWindow.objects.count() == 1
