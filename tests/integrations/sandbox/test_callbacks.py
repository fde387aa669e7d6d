"""What the stand-ins tell by themselves."""

import hashlib
import hmac
import json
from urllib.parse import parse_qsl

import pytest
import requests

from integrations.sandbox.callbacks import APP_SECRET, portal_addresses
from integrations.sandbox.server import start
from tests.integrations.scripted import ScriptedServer, answer, http_reply

from .test_smsir import bulk
from .test_whatsapp import send


@pytest.fixture
def portal():
    """A server that takes every report."""
    server = ScriptedServer(answer(http_reply("OK")))
    yield server
    server.stop()


def sms(sandbox):
    form = {"receptor": "09121234567", "message": "سلام"}
    return requests.post(f"{sandbox.url}/kavenegar/v1/key/sms/send.json", data=form, timeout=5)


def parts(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, dict(line.lower().split(": ", 1) for line in lines), body


def test_nothing_is_told_without_an_address(sandbox, clock):
    sms(sandbox)
    clock.pass_seconds(60)
    assert sandbox.call_back() == []


def test_reports_go_to_each_address_in_their_time(sandbox, clock, portal):
    sandbox.tell(portal_addresses(portal.url))
    sms(sandbox), bulk(sandbox)
    assert sandbox.call_back() == []
    clock.pass_seconds(3)
    assert sandbox.call_back() == [200, 200]
    clock.pass_seconds(3)
    assert sandbox.call_back() == [200, 200]
    assert sandbox.call_back() == []

    first, _headers, body = parts(portal.requests[0])
    assert first.startswith("POST /hooks/sms/kavenegar/sandbox-hook-secret/ ")
    assert dict(parse_qsl(body.decode()))["status"] == "5"
    assert json.loads(parts(portal.requests[3])[2])["deliveryState"] == 1


def test_webhook_is_signed_over_its_bytes(sandbox, clock, portal):
    sandbox.tell(portal_addresses(portal.url))
    send(sandbox)
    clock.pass_seconds(3)
    sandbox.call_back()

    _first, headers, body = parts(portal.requests[0])
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={signature}"


def test_addresses_are_set_by_a_call_and_kept_by_a_reset(sandbox):
    mine = {"kavenegar": "http://127.0.0.1:9/x/"}
    assert requests.post(f"{sandbox.url}/__callbacks", json=mine, timeout=5).json() == mine
    sandbox.reset()
    assert requests.get(f"{sandbox.url}/__callbacks", timeout=5).json() == mine


@pytest.mark.parametrize("wish", [{"pigeon": "http://127.0.0.1/"}, {"kavenegar": "http://example.com/"}])
def test_only_known_providers_call_and_only_this_machine(sandbox, wish):
    assert requests.post(f"{sandbox.url}/__callbacks", json=wish, timeout=5).status_code == 400
    assert sandbox.callbacks.addresses == {}


def test_portal_that_is_down_is_not_minded(sandbox, clock):
    sandbox.tell({"kavenegar": "http://127.0.0.1:9/hooks/"})
    sms(sandbox)
    clock.pass_seconds(60)
    assert sandbox.call_back() == [0, 0]


def test_reset_forgets_what_was_planned(sandbox, clock, portal):
    sandbox.tell(portal_addresses(portal.url))
    sms(sandbox)
    sandbox.reset()
    clock.pass_seconds(60)
    assert sandbox.call_back() == []


def test_running_sandbox_calls_by_itself(portal, monkeypatch):
    monkeypatch.setattr("integrations.sandbox.server.CALLBACK_SECONDS", 0.02)
    with start() as sandbox:
        sandbox.tell(portal_addresses(portal.url))
        sandbox.providers["whatsapp"].write_in("989121234567", "سلام")
        for _ in range(100):
            if portal.requests:
                break
            portal.stopping.wait(0.05)
    assert len(portal.requests) == 1
