import datetime
import ipaddress
import logging
import socket
import ssl
import threading
import time
import traceback

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations import http
from integrations.ports import DeliveryError, Misconfigured, Retry, Unknown

from .scripted import answer, drip, hang, http_reply, reset

KEY = "planted+key/0123456789=="
PROVIDER = http.Provider(name="acme", deadline=1.5, secrets=(KEY,))


@pytest.fixture(autouse=True)
def own_deadline(settings):
    settings.PROVIDER_TIMEOUT_SECONDS = None
    settings.OUTBOUND_HOSTS = set()


def post(url, **options):
    return http.call("POST", url, provider=PROVIDER, **options)


def failure_of(url, kind, **options):
    started = time.monotonic()
    with pytest.raises(DeliveryError) as caught:
        post(url, **options)
    assert type(caught.value) is kind, caught.value.reason
    assert time.monotonic() - started < PROVIDER.deadline + 1
    return caught.value.reason


def wait_for_threads():
    """No call outlives its deadline by more than a moment."""
    for _ in range(40):
        if not any(thread.name.startswith("outbound") for thread in threading.enumerate()):
            return True
        time.sleep(0.05)
    return False


# --- what goes out and comes in --------------------------------------------------------------------------------------


def test_call_sends_json_and_reads_json(serve):
    server = serve(answer(http_reply({"a": "پ"})))
    reply = post(f"{server.url}/x", json={"b": 1})
    assert (reply.status, reply.json, reply.retry_after) == (200, {"a": "پ"}, None)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x HTTP/1.1")
    assert b"Content-Type: application/json" in head
    assert b"Accept-Encoding: identity" in head
    assert body == b'{"b": 1}'


def test_call_sends_a_form(serve):
    server = serve(answer(http_reply({})))
    post(server.url, data={"message": "سلام", "to": "0912"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert body == b"message=%D8%B3%D9%84%D8%A7%D9%85&to=0912"


def test_call_heeds_neither_proxy_nor_netrc(serve, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server = serve(answer(http_reply({})))
    assert post(server.url).status == 200
    assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("status", [200, 201, 400, 404, 429, 500, 503])
def test_call_leaves_the_status_to_its_caller(serve, status):
    server = serve(answer(http_reply({"code": 1}, status)))
    assert post(server.url).status == status


@pytest.mark.parametrize(
    "body", ["", "<html>", "{", '{"a": NaN}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}", b"\xff\xfe{}", "null"]
)
def test_body_that_is_no_json_reads_as_none(serve, body):
    server = serve(answer(http_reply(body)))
    assert post(server.url).json is None


def test_byte_order_mark_is_skipped(serve):
    server = serve(answer(http_reply(b'\xef\xbb\xbf{"a": 1}')))
    assert post(server.url).json == {"a": 1}


def test_redirect_is_not_followed(serve):
    target = serve(answer(http_reply({"stolen": True})))
    server = serve(answer(http_reply("", 302, [("Location", f"{target.url}/latest/meta-data/")])))
    reply = post(server.url)
    assert (reply.status, reply.json) == (302, None)
    assert target.requests == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("1.5", 1.5),
        ("7200", 3600),
        ("-5", 0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 3600),
        ("Wed, 21 Oct 2099 07:28:00", 3600),
    ],
)
def test_retry_after_is_read_and_capped(serve, header, seconds):
    server = serve(answer(http_reply({}, 429, [("Retry-After", header)])))
    assert post(server.url).retry_after == seconds


def test_retry_after_as_a_date_counts_from_now(serve):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    server = serve(answer(http_reply({}, 429, [("Retry-After", moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))])))
    assert 295 < post(server.url).retry_after <= 300


# --- where it may go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://good.example.evil.example/",
        "https://good.example@evil.example/",
        "https://good.example:8443/",
        "http://good.example/",
        "https://good.example:99999/",
        "ftp://good.example/",
        "file:///etc/passwd",
        "//good.example/",
        "",
    ],
)
def test_other_hosts_are_refused_before_anything_is_sent(settings, monkeypatch, url):
    settings.OUTBOUND_HOSTS = {"good.example:443"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("looked up"))
    assert failure_of(url, Misconfigured) == "address not allowed"


# --- when the other side misbehaves ----------------------------------------------------------------------------------


def test_refused_connection_means_nothing_happened(serve):
    server = serve(hang)
    server.stop()
    assert failure_of(server.url, Retry) == "no connection"


def test_unknown_host_means_nothing_happened(settings, monkeypatch):
    settings.OUTBOUND_HOSTS = {"nowhere.invalid:443"}

    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert failure_of("https://nowhere.invalid/", Retry) == "no connection"


def test_name_server_that_hangs_means_nothing_happened_and_nothing_will(serve, monkeypatch):
    server = serve(answer(http_reply({})))
    look_up = socket.getaddrinfo

    def slow(*args, **kwargs):
        time.sleep(PROVIDER.deadline + 0.5)
        return look_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    failure_of(server.url, Retry)
    assert wait_for_threads()
    assert [request for request in server.requests if request.strip()] == []


@pytest.mark.parametrize(
    "script",
    [
        hang,
        reset,
        answer(b""),
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        answer(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a"'),
        answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"),
        answer(b"SSH-2.0-OpenSSH_9.2\r\n"),
        answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n"),
        drip(http_reply({"slow": "body"})),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b" " * 200, 0.1),
    ],
    ids=[
        "hang",
        "reset",
        "nothing",
        "cut",
        "cut-chunk",
        "bad-chunk",
        "no-gzip",
        "ssh",
        "headers",
        "loris",
        "loris-body",
    ],
)
def test_answer_that_does_not_come_whole_is_unknown_by_the_deadline(serve, script):
    server = serve(script)
    failure_of(server.url, Unknown, json={"amount": 1})
    assert wait_for_threads()


def test_body_of_fifty_megabytes_is_not_read(serve):
    sent = []

    def flood(connection, stopping):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _ in range(800):
            connection.sendall(b" " * 65_536)
            sent.append(65_536)

    server = serve(flood)
    assert failure_of(server.url, Unknown) == "answer too big"
    server.stop()
    assert sum(sent) < 10_000_000  # what the kernel's buffers took


def test_deadline_of_the_settings_wins(serve, settings):
    settings.PROVIDER_TIMEOUT_SECONDS = 0.2
    server = serve(hang)
    started = time.monotonic()
    with pytest.raises(Unknown):
        post(server.url)
    assert time.monotonic() - started < 1.2


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def self_signed(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_certificate_is_always_checked(serve, self_signed, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "server.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "server.pem"))
    server = serve(answer(http_reply({})), context=self_signed)
    assert failure_of(f"https://{server.host}/", Retry) == "certificate not valid"
    assert server.requests == []


@pytest.mark.parametrize("script", [hang, drip(b"\x16\x03\x03\x0f\xff" + b"\x00" * 100, 0.2), answer(b"plain text")])
def test_handshake_that_never_ends_is_over_by_the_deadline(serve, script):
    server = serve(script, read=False)
    with pytest.raises(DeliveryError):
        post(f"https://{server.host}/")
    assert wait_for_threads()


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        hang,
        reset,
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        answer(b"HTTP/1.1 200 OK\r\nBad Header\r\nContent-Length: 2\r\n\r\n{}"),
        answer(http_reply({}, 302, [("Location", "http://127.0.0.1:1/elsewhere")])),
        answer(http_reply({"echo": KEY, "url": "/v1/planted%2Bkey%2F0123456789%3D%3D/x", KEY: [KEY]}, 404)),
        None,
    ],
    ids=["hang", "reset", "cut", "bad-header", "redirect", "echo", "refused"],
)
def test_secret_appears_nowhere(serve, caplog, script):
    caplog.set_level(logging.DEBUG)
    server = serve(script or hang)
    if script is None:
        server.stop()
    shown = [repr(PROVIDER)]
    for url in (f"{server.url}/v1/{KEY}/send.json", f"{server.url}/save?apikey={KEY}"):
        try:
            reply = post(url, json={"merchant_id": KEY})
            shown += [repr(reply), reply.body, repr(reply.json)]
        except DeliveryError as error:
            assert error.__cause__ is None
            assert error.__context__ is None
            shown += [repr(error), *traceback.format_exception(error)]
    shown += [record.getMessage() + str(record.args) + (record.exc_text or "") for record in caplog.records]
    assert len(caplog.records) >= 2
    text = "\n".join(shown)
    for written in (KEY, "planted", "0123456789"):
        assert written not in text
