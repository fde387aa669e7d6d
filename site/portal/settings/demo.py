"""A newcomer's machine: SQLite, an in-process worker, the stand-in providers. Not for production."""

from __future__ import annotations

from portal.settings.base import *  # noqa: F403
from portal.settings.base import CONTENT_SECURITY_POLICY, LOGGING, VAR, env, form_targets, hosts_of

PORT = env.int("PORT", default=8000)
SANDBOX_URL = env("SANDBOX_URL", default=f"http://127.0.0.1:{PORT + 1}")
PUBLIC_URL = env("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}")
WAGTAILADMIN_BASE_URL = PUBLIC_URL

DEBUG = False
SECRET_KEY = "demo-only-not-a-secret-" + "z" * 40
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
FIELD_KEYS = {"demo": "ZGVtby1vbmx5LWZpZWxkLWtleS1ub3Qtc2VjcmV0ISE="}
FIELD_KEY_CURRENT = "demo"
BLIND_INDEX_KEY = "demo-only-index-key"
SIGNING_KEY = "ZGVtby1vbmx5LXNpZ25pbmcta2V5LW5vdC1zZWNyZXQ="  # of no legal weight

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'demo.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

ZARINPAL_BASE_URL = f"{SANDBOX_URL}/zarinpal"
ZARINPAL_MERCHANT_ID = "00000000-0000-4000-8000-000000000000"
KAVENEGAR_BASE_URL = f"{SANDBOX_URL}/kavenegar"
KAVENEGAR_API_KEY = "sandbox-kavenegar-key"
KAVENEGAR_SENDER = "10004346"
SMS_PROVIDERS = ["kavenegar", "smsir"]
SMSIR_BASE_URL = f"{SANDBOX_URL}/smsir"
SMSIR_API_KEY = "sandbox-smsir-key"
SMSIR_LINE = "30007732000000"
SMSIR_UNIT_RIAL = 2_000
WHATSAPP_PROVIDER = "cloud"
WHATSAPP_BASE_URL = f"{SANDBOX_URL}/whatsapp"
WHATSAPP_NUMBER_ID = "106540352242922"
WHATSAPP_TOKEN = "sandbox-whatsapp-token"  # noqa: S105 (the stand-in's, no secret)
# Known to the stand-ins, so that they can call back.
SMS_HOOK_SECRETS = {"kavenegar": "sandbox-hook-secret", "smsir": "sandbox-hook-secret"}
WHATSAPP_APP_SECRET = "sandbox-app-secret"  # noqa: S105
WHATSAPP_VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105
DIDAR_BASE_URL = f"{SANDBOX_URL}/didar"
DIDAR_API_KEY = "sandbox-didar-key"
OUTBOUND_HOSTS = hosts_of(SANDBOX_URL)
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = form_targets(SANDBOX_URL)
DEMO_ALLOWED = True

LOGGING["handlers"]["console"]["formatter"] = "plain"
LOGGING["root"]["level"] = env("LOG_LEVEL", default="WARNING")
