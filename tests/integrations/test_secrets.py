"""No key of a provider in any log line, exception, traceback, report or stored reply, whatever goes wrong."""

import logging
import sys
import traceback

import pytest
from django.views.debug import ExceptionReporter

from integrations import crm, payments, sms, whatsapp
from integrations.ports import CrmContact, CrmDeal, DeliveryError, SessionRequest, Sms, WhatsAppTemplate

from .scripted import answer, drip, hang, http_reply, reset

KEY = "11112222-3333-4444-8555-666677778888"  # planted with every provider
TEXT = Sms(phone="+989121234567", text="x", local_id=1)
ECHO = {"error": {"code": 100, "message": KEY, "error_data": {"details": KEY}}, "status": 16, "message": KEY}
ECHO |= {"return": {"status": 400, "message": KEY}, "errors": {"code": -9, "message": KEY}, "Message": f"?apikey={KEY}"}


def open_session():
    request = SessionRequest(payment_id="1", amount_rial=1000, description="x", callback_url="https://p.example/")
    return payments.gateway("zarinpal").create_session(request)


CALLS = {
    "session": open_session,
    "verify": lambda: payments.gateway("zarinpal").verify(authority="A" + "0" * 35, amount_rial=1000),
    "unverified": lambda: payments.gateway("zarinpal").list_unverified(),
    "sms": lambda: sms.provider().send(Sms(phone="+989121234567", text="x", local_id=1)),
    "recover": lambda: sms.provider().send(Sms(phone="+989121234567", text="x", local_id=1), recover=True),
    "status": lambda: sms.provider().status(["1"]),
    "sms-batch": lambda: sms.named("kavenegar").send_batch([TEXT, TEXT]),
    "sms-credit": lambda: sms.named("kavenegar").credit_rial(),
    "smsir": lambda: sms.named("smsir").send(TEXT),
    "smsir-recover": lambda: sms.named("smsir").send(TEXT, recover=True),
    "smsir-batch": lambda: sms.named("smsir").send_batch([TEXT, TEXT]),
    "smsir-status": lambda: sms.named("smsir").status(["1"]),
    "whatsapp": lambda: whatsapp.provider().send_template(WhatsAppTemplate(TEXT.phone, "t", "fa", ("a",), "r")),
    "contact": lambda: crm.provider().save_contact(
        CrmContact(reference="R", first_name="a", last_name="b", mobile="+989121234567")
    ),
    "deal": lambda: crm.provider().save_deal(
        CrmDeal(reference="R", title="t", contact_external_id="c", status="Won", price_rial=10), recover=True
    ),
}

SCRIPTS = {
    "hang": hang,
    "reset": reset,
    "cut": answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "loris": drip(http_reply({}), 0.1),
    "bad-header": answer(b"HTTP/1.1 200 OK\r\nBad Header\r\nContent-Length: 2\r\n\r\n{}"),
    "html": answer(http_reply("<html>", 502)),
    "many": answer(http_reply("", 429)),
    "redirect": answer(http_reply("", 302, [("Location", "http://127.0.0.1:1/")])),
    "echo-200": answer(http_reply(ECHO)),
    "echo-400": answer(http_reply(ECHO, 400)),
    "echo-500": answer(http_reply(f"Cannot POST /v1/{KEY}/x", 500)),
    "down": None,
}


def report(error):
    """What Django would write to the administrators of the frames in our own code."""
    frames = ExceptionReporter(None, type(error), error, error.__traceback__).get_traceback_frames()
    return [repr(frame["vars"]) for frame in frames if not frame["filename"].endswith("test_secrets.py")]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("call", CALLS)
def test_key_appears_nowhere(serve, settings, caplog, capfd, call, script):
    caplog.set_level(logging.DEBUG)
    server = serve(SCRIPTS[script] or hang)
    if SCRIPTS[script] is None:
        server.stop()
    settings.PROVIDER_TIMEOUT_SECONDS = 0.3
    settings.ZARINPAL_BASE_URL = settings.KAVENEGAR_BASE_URL = settings.DIDAR_BASE_URL = server.url
    settings.SMSIR_BASE_URL = settings.WHATSAPP_BASE_URL = server.url
    settings.SMSIR_API_KEY = settings.WHATSAPP_TOKEN = KEY
    settings.SMSIR_LINE, settings.WHATSAPP_PROVIDER = "3000", "cloud"
    settings.ZARINPAL_MERCHANT_ID = settings.KAVENEGAR_API_KEY = settings.DIDAR_API_KEY = KEY
    shown = []
    try:
        shown.append(repr(CALLS[call]()))  # a batch tells some errors in its outcomes
    except DeliveryError as error:
        shown += [repr(error), *traceback.format_exception(error), *report(error)]
        assert report(error)
        logging.getLogger("test").exception("as a worker would log it", exc_info=sys.exc_info())
    shown += [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    shown += [caplog.text, *capfd.readouterr()]
    text = "\n".join(shown)
    assert KEY not in text
    assert KEY[4:-4] not in text
