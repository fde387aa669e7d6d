"""The production profile: what it refuses, and what it sets."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import demo
from portal.settings.refusals import refusals
from tests.servers import production_environment

ROOT = Path(__file__).resolve().parents[2]
SOUND = {
    "SECRET_KEY": "Kq7-x0nTnE5vUYd1mJr3bWzA9sLhC6fGpQ2iOe8tRkBvXyNwZu4M",
    "BLIND_INDEX_KEY": "v1Zc9Jx2Lr8QmTt5YwKs3Nf6Hb0Gd7Pe4Ua",
    "FIELD_KEYS": {"2026a": base64.b64encode(bytes(range(32))).decode()},
    "FIELD_KEY_CURRENT": "2026a",
    "SIGNING_KEY": base64.b64encode(bytes(range(32, 64))).decode(),
    "DEBUG": False,
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "REDIS_URL": "redis://10.0.0.2:6379/0",
    "CELERY_BROKER_URL": "redis://10.0.0.2:6379/0",
    "ALLOWED_HOSTS": ["portal.zig.ir"],
    "REHEARSAL": False,
    "X_ACCEL_PREFIX": "/private-files/",
    "CORS_ORIGINS": ["https://app.zig.ir", "https://app.zig.ir:8443"],
    "PUBLIC_URL": "https://portal.zig.ir",
    "ZARINPAL_BASE_URL": "https://payment.zarinpal.com",
    "KAVENEGAR_BASE_URL": "https://api.kavenegar.com",
    "DIDAR_BASE_URL": "https://app.didar.me/api",
    "SMS_PROVIDERS": ["kavenegar", "smsir"],
    "SMSIR_BASE_URL": "https://api.sms.ir",
    "SMS_HOOK_SECRETS": {"kavenegar": "a91c4be07f25d83e6a10bf39", "smsir": ""},
    "WHATSAPP_PROVIDER": "cloud",
    "WHATSAPP_BASE_URL": "https://graph.facebook.com",
    "WHATSAPP_NUMBER_ID": "106540352242922",
    "WHATSAPP_TOKEN": "EAAJZC",
    "WHATSAPP_APP_SECRET": "c0a8f1e2d3b4958677a6b5c4d3e2f190",
    "WHATSAPP_VERIFY_TOKEN": "5d1f0a9b8c7e6d5f4a3b2c1d",
}


def test_sound_settings_are_not_refused():
    assert refusals(SOUND) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing."),
        ("SECRET_KEY", "short-but-random-Kq7x0nT", "SECRET_KEY is too easy to guess"),
        ("SECRET_KEY", "ab" * 40, "SECRET_KEY is too easy to guess"),
        ("SECRET_KEY", demo.SECRET_KEY, "SECRET_KEY is a known one"),
        ("SECRET_KEY", "django-insecure-" + SOUND["SECRET_KEY"], "SECRET_KEY is a known one"),
        ("BLIND_INDEX_KEY", "", "BLIND_INDEX_KEY is missing."),
        ("BLIND_INDEX_KEY", demo.BLIND_INDEX_KEY, "BLIND_INDEX_KEY is a known one"),
        ("FIELD_KEYS", {}, "FIELD_KEYS is missing."),
        ("FIELD_KEYS", {"2026a": "c2hvcnQ="}, "FIELD_KEYS: the key '2026a' is not base64 of 32 random bytes"),
        ("FIELD_KEYS", {"2026a": "?"}, "FIELD_KEYS: the key '2026a' is not base64 of 32 random bytes"),
        ("FIELD_KEYS", {"2026a": demo.FIELD_KEYS["demo"]}, "FIELD_KEYS: the key '2026a' is not"),
        ("SIGNING_KEY", "", "SIGNING_KEY is missing"),
        ("SIGNING_KEY", demo.SIGNING_KEY, "SIGNING_KEY is missing, the demo's"),
        ("FIELD_KEY_CURRENT", "2027a", "FIELD_KEY_CURRENT must name one of FIELD_KEYS: 2026a."),
        ("DEBUG", True, "DEBUG must be off"),
        ("DATABASES", {"default": {}}, "DATABASE_URL is missing."),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "DATABASE_URL must name a PostgreSQL"),
        ("REDIS_URL", "", "REDIS_URL is missing"),
        ("X_ACCEL_PREFIX", "/", "X_ACCEL_PREFIX must be a path of its own"),
        ("X_ACCEL_PREFIX", "files", "X_ACCEL_PREFIX must be a path of its own"),
        ("CORS_ORIGINS", ["*"], "CORS_ORIGINS must name origins exactly"),
        ("CORS_ORIGINS", ["http://app.zig.ir"], "CORS_ORIGINS must name origins exactly"),
        ("CORS_ORIGINS", ["https://app.zig.ir/"], "CORS_ORIGINS must name origins exactly"),
        ("CORS_ORIGINS", ["https://app.zig.ir/app"], "CORS_ORIGINS must name origins exactly"),
        ("CELERY_BROKER_URL", "memory://", "CELERY_BROKER_URL must name a real broker"),
        ("ALLOWED_HOSTS", ["*"], "ALLOWED_HOSTS must name the hosts"),
        ("PUBLIC_URL", "http://portal.zig.ir", "PUBLIC_URL must begin with https://"),
        ("ZARINPAL_BASE_URL", "http://payment.zarinpal.com", "ZARINPAL_BASE_URL must begin with https://"),
        ("ZARINPAL_BASE_URL", "https://127.0.0.1:8001/zarinpal", "ZARINPAL_BASE_URL does not lead to the outside"),
        ("KAVENEGAR_BASE_URL", "https://localhost/kavenegar", "KAVENEGAR_BASE_URL does not lead to the outside"),
        ("KAVENEGAR_BASE_URL", "https://sandbox.localhost", "KAVENEGAR_BASE_URL does not lead to the outside"),
        ("SMSIR_BASE_URL", "http://api.sms.ir", "SMSIR_BASE_URL must begin with https://"),
        ("WHATSAPP_BASE_URL", "https://10.1.2.3", "WHATSAPP_BASE_URL does not lead to the outside"),
        ("SMS_PROVIDERS", [], "SMS_PROVIDERS must name one or several of kavenegar, smsir."),
        ("SMS_PROVIDERS", ["kavenegar", "pigeon"], "SMS_PROVIDERS must name one or several of"),
        ("SMS_HOOK_SECRETS", {"kavenegar": "short"}, "KAVENEGAR_HOOK_SECRET is too easy to guess"),
        ("SMS_HOOK_SECRETS", demo.SMS_HOOK_SECRETS | {"kavenegar": ""}, "SMSIR_HOOK_SECRET is a known one"),
        ("SMS_HOOK_SECRETS", {"smsir": "a91c4be0/7f25d83e6a10bf39"}, "SMSIR_HOOK_SECRET may hold only Latin"),
        ("WHATSAPP_PROVIDER", "other", "WHATSAPP_PROVIDER must be cloud"),
        ("WHATSAPP_APP_SECRET", "", "WHATSAPP_APP_SECRET is missing"),
        ("WHATSAPP_APP_SECRET", demo.WHATSAPP_APP_SECRET, "WHATSAPP_APP_SECRET is a known one"),
        ("WHATSAPP_VERIFY_TOKEN", "abc", "WHATSAPP_VERIFY_TOKEN is too easy"),
        ("WHATSAPP_TOKEN", "", "WHATSAPP_TOKEN is missing"),
        ("WHATSAPP_NUMBER_ID", "", "WHATSAPP_NUMBER_ID is missing"),
        ("DIDAR_BASE_URL", "https://[::1]:8001/didar", "DIDAR_BASE_URL does not lead to the outside"),
        ("DIDAR_BASE_URL", "https://10.1.2.3/didar", "DIDAR_BASE_URL does not lead to the outside"),
        ("DIDAR_BASE_URL", "https://169.254.169.254/", "DIDAR_BASE_URL does not lead to the outside"),
    ],
)
def test_each_fault_is_refused_by_one_sentence(name, value, sentence):
    found = refusals({**SOUND, name: value})

    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_a_channel_that_is_off_needs_nothing():
    off = {"SMS_PROVIDERS": ["kavenegar"], "SMSIR_BASE_URL": "", "WHATSAPP_PROVIDER": "", "WHATSAPP_BASE_URL": ""}
    off |= dict.fromkeys(("WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_NUMBER_ID"), "")

    assert refusals({**SOUND, **off, "SMS_HOOK_SECRETS": {"kavenegar": "", "smsir": ""}}) == []


def test_rehearsal_lets_local_addresses_through_and_nothing_else():
    local = {"REHEARSAL": True, "ZARINPAL_BASE_URL": "http://127.0.0.1:8001/zarinpal", "PUBLIC_URL": "http://127.0.0.1"}

    assert refusals({**SOUND, **local}) == []
    assert len(refusals({**SOUND, **local, "SECRET_KEY": "", "DEBUG": True})) == 2


# --- the module itself, in a process of its own --------------------------------------------------------------------
def python(*arguments, **environment):
    settings = production_environment(
        database_url="postgres://portal:pw@127.0.0.1:1/portal", redis_url="redis://127.0.0.1:1/0", **environment
    )
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(command, cwd=ROOT, env=settings, check=False, capture_output=True, text=True)


def test_check_deploy_has_nothing_to_say():
    answer = python("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (answer.returncode, answer.stderr) == (0, "")


def test_refusal_is_told_without_a_traceback_and_without_secrets():
    answer = python("manage.py", "migrate", SECRET_KEY="hunter2", DEBUG="1", DATABASE_URL="sqlite:///x")

    assert answer.returncode == 1
    assert answer.stderr.startswith("Production does not start like this:\n- SECRET_KEY is too easy to guess")
    assert answer.stderr.count("\n- ") == 3
    assert "Traceback" not in answer.stderr
    assert "hunter2" not in answer.stderr


def test_web_server_does_not_start_with_demo_secrets():
    answer = python("-c", "import portal.wsgi", SECRET_KEY=demo.SECRET_KEY)

    assert answer.returncode == 1
    assert "SECRET_KEY is a known one" in answer.stderr


def test_rehearsal_says_so_in_the_log():
    answer = python("-c", "import portal.wsgi", REHEARSAL="1", ZARINPAL_BASE_URL="http://127.0.0.1:8001/zarinpal")

    assert answer.returncode == 0, answer.stderr
    assert "REHEARSAL=1" in answer.stderr


@pytest.fixture(scope="module")
def settings_of():
    """A function that reads settings of a sound production process."""

    def read(*names, **environment):
        show = "import json, sys; from django.conf import settings as s; "
        code = show + "print(json.dumps({n: getattr(s, n, None) for n in sys.argv[1:]}))"
        answer = python("-c", code, *names, **environment)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return read


EXPECTED = {
    "DEBUG": False,
    "ALLOWED_HOSTS": ["portal.example.ir"],
    "CSRF_TRUSTED_ORIGINS": ["https://portal.example.ir"],
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_NAME": "__Host-session",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": "/",
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "X_FRAME_OPTIONS": "DENY",
    "FILE_UPLOAD_PERMISSIONS": 0o640,
    "WAGTAIL_PASSWORD_RESET_ENABLED": False,
    "WAGTAILDOCS_SERVE_METHOD": "serve_view",
    "OUTBOX_BELL": True,
}


def test_browser_safety_and_the_rest_are_set(settings_of):
    assert settings_of(*EXPECTED) == EXPECTED


def test_forwarded_scheme_counts_only_behind_a_proxy(settings_of):
    assert settings_of("SECURE_PROXY_SSL_HEADER", TRUSTED_PROXIES="0") == {"SECURE_PROXY_SSL_HEADER": None}


def test_database_connections_are_limited_and_checked(settings_of):
    database = settings_of("DATABASES")["DATABASES"]["default"]

    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["CONN_MAX_AGE"] == 60
    assert database["OPTIONS"]["options"] == (
        "-c random_page_cost=1.1 -c lock_timeout=3s -c statement_timeout=10s -c idle_in_transaction_session_timeout=30s"
    )


def test_slow_redis_cannot_hold_up_a_page(settings_of):
    found = settings_of("CACHES", "CELERY_BROKER_TRANSPORT_OPTIONS")

    assert found["CACHES"]["default"]["OPTIONS"] == {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["socket_timeout"] == 0.5


def test_only_providers_in_use_may_be_called(settings_of):
    few, all_ = ["api.kavenegar.com:443"], ["api.kavenegar.com:443", "api.sms.ir:443", "graph.facebook.com:443"]
    whatsapp = {
        "WHATSAPP_PROVIDER": "cloud",
        "WHATSAPP_NUMBER_ID": "1",
        "WHATSAPP_TOKEN": "EAAJZC",
        "WHATSAPP_APP_SECRET": SOUND["WHATSAPP_APP_SECRET"],
        "WHATSAPP_VERIFY_TOKEN": SOUND["WHATSAPP_VERIFY_TOKEN"],
    }
    show = "from django.conf import settings as s; print(*sorted(s.OUTBOUND_HOSTS))"
    rest = {"app.didar.me:443", "payment.zarinpal.com:443"}

    assert set(python("-c", show).stdout.split()) == {*few, *rest}
    both = python("-c", show, SMS_PROVIDERS="kavenegar,smsir", **whatsapp)
    assert set(both.stdout.split()) == {*all_, *rest}


def test_rotated_field_keys_use_the_last_one(settings_of):
    one, two = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    found = settings_of("FIELD_KEYS", "FIELD_KEY_CURRENT", FIELD_KEYS=f"2026a={one},2027a={two}")

    assert found == {"FIELD_KEYS": {"2026a": one, "2027a": two}, "FIELD_KEY_CURRENT": "2027a"}


# --- the files of site/deploy --------------------------------------------------------------------------------------
def test_env_example_explains_every_variable_that_is_read():
    read = set()
    for module in ["base", "production"]:
        source = (ROOT / "site" / "portal" / "settings" / f"{module}.py").read_text()
        read |= set(re.findall(r'env(?:\.\w+)?\(\s*"(\w+)"', source))
    read |= set(re.findall(r'environ.get\("(\w+)"', (ROOT / "site/deploy/gunicorn.conf.py").read_text()))
    example = (ROOT / "site" / "deploy" / ".env.example").read_text()
    explained = set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))

    assert read - explained == {"DEBUG", "PROVIDER_TIMEOUT_SECONDS"}  # refused; for tests
    assert explained <= read
