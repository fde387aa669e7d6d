"""Content types that Python can look up and that decode no text, through the real WSGI application."""

from __future__ import annotations

from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from portal.wsgi import application
from portal.wsgi_request import is_understood

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keep_the_connection_of_the_test():
    """The application closes connections before and after a request; the test's own stays open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def asked(content_type: str, *, method="POST", body=b"username=%D8%B3&password=x", path="/api/v1/auth/token/") -> int:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "next=%D8%B3",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "192.0.2.7",
    }
    setup_testing_defaults(environ)
    began: list[str] = []
    answer = application(environ, lambda status, _headers, _trouble=None: began.append(status))
    assert b"".join(answer)
    answer.close()
    return int(began[0].split()[0])


@pytest.mark.parametrize(
    "charset",
    ["zlib", "bz2", "hex", "base64", "rot13", "undefined", "idna", "utf-16", "nothing", "\x00", "uu", "utf-7"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_charset_that_is_no_text_is_a_bad_request(charset, method):
    assert asked(f"application/json; charset={charset}", method=method) == 400
    assert asked(f"application/x-www-form-urlencoded; charset={charset}", method=method, path="/login/") == 400


def test_parameter_in_an_unknown_charset_is_a_bad_request():
    assert asked("text/plain; x*=nothing''%41") == 400


@pytest.mark.parametrize(
    "charset", ["", "; charset=utf-8", '; charset="UTF-8"', "; charset=windows-1256", "; boundary=x"]
)
def test_what_browsers_send_is_understood(charset):
    assert is_understood(f"application/x-www-form-urlencoded{charset}")
    assert asked(f"application/x-www-form-urlencoded{charset}", method="GET", path="/login/") == 200


def test_no_content_type_is_understood():
    assert asked("", method="GET", path="/login/") == 200
