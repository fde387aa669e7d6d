"""Log lines: one JSON object each, with the request's id and without secrets."""

import json
import logging
import sys

import pytest
import structlog

from portal.settings.logs import LOGGING


@pytest.fixture
def line():
    """A function that formats one record as production does and gives the JSON back."""
    settings = dict(LOGGING["formatters"]["json"])
    formatter = settings.pop("()")(**settings)

    def written(message, *args, exc_info=None, **extra):
        record = logging.getLogger("portal.test").makeRecord(
            "portal.test", logging.WARNING, __file__, 1, message, args, exc_info, extra=extra
        )
        text = formatter.format(record)
        assert "\n" not in text
        return json.loads(text)

    return written


def test_line_is_json_with_level_logger_and_time(line):
    said = line("outbox.%s id=%s", "retry", 7)

    assert said["event"] == "outbox.retry id=7"
    assert (said["level"], said["logger"]) == ("warning", "portal.test")
    assert said["timestamp"].endswith("Z")


def test_line_carries_the_request_id(line):
    with structlog.contextvars.bound_contextvars(request_id="abc-123"):
        assert line("hello")["request_id"] == "abc-123"


@pytest.mark.parametrize(
    "text",
    [
        "https://api.kavenegar.com/v1/4F6B2A7C9D8E4F6B2A7C/sms/send.json",
        "https://app.didar.me/api/contact/save?apikey=4F6B2A7C9D8E4F6B2A7C",
        "https://x.ir/?a=1&api_key=4F6B2A7C9D8E4F6B2A7C&b=2",
        "Authorization: Bearer 4F6B2A7C9D8E4F6B2A7C",
    ],
)
def test_keys_in_addresses_are_struck_out_of_the_text(line, text):
    assert "4F6B2A7C9D8E4F6B2A7C" not in json.dumps(line("calling %s", text))


@pytest.mark.parametrize(
    "extra",
    [
        {"password": "planted"},
        {"headers": {"Authorization": "planted", "Cookie": "planted"}},
        {"rows": [{"national_code": "planted"}, {"merchant_id": "planted"}]},
        {"answer": {"data": {"access_token": "planted"}}},
    ],
)
def test_secrets_are_struck_out_by_name_however_deep(line, extra):
    assert "planted" not in json.dumps(line("answer", **extra))


def test_keys_are_struck_out_of_a_traceback(line):
    try:
        raise ValueError("https://x.ir/?token=4F6B2A7C9D8E4F6B2A7C")
    except ValueError:
        said = line("failed", exc_info=sys.exc_info())

    assert "ValueError" in said["exception"]
    assert "4F6B2A7C9D8E4F6B2A7C" not in said["exception"]


def test_line_breaks_from_outside_make_no_second_line(line):
    assert line("user %s", 'a"\n{"event": "forged"}')["event"] == 'user a"\n{"event": "forged"}'


def test_secrets_of_the_hooks_are_struck_out(line):
    said = line(
        "GET /hooks/sms/kavenegar/a91c4be07f25d83e/?status=10 and /hooks/whatsapp/?hub.verify_token=5d1f0a9b&x=1"
    )

    assert said["event"] == "GET /hooks/sms/kavenegar/***/?status=10 and /hooks/whatsapp/?hub.verify_token=***&x=1"
