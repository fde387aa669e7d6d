"""A real installation: PostgreSQL, Redis, HTTPS. Everything that differs is explained in site/deploy/.env.example."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403
from portal.settings.base import LOGGING, PRIVATE_ROOT, PUBLIC_URL, REHEARSAL, TRUSTED_PROXIES, VAR, env
from portal.settings.refusals import refusals

DEBUG = env.bool("DEBUG", default=False)

# --- secrets -------------------------------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_KEYS: dict[str, str] = env.dict("FIELD_KEYS", default={})
FIELD_KEY_CURRENT = env("FIELD_KEY_CURRENT", default=next(reversed(FIELD_KEYS), ""))
BLIND_INDEX_KEY = env("BLIND_INDEX_KEY", default="")
SIGNING_KEY = env("SIGNING_KEY", default="")

# --- the site's own address, HTTPS ---------------------------------------------------------------------------------
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname or ""])
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(PUBLIC_URL))]
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXIES > 0:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

# --- PostgreSQL ----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url_config(env("DATABASE_URL", default="")) if env("DATABASE_URL", default="") else {}}
# A migration of a large table may need more time: DB_STATEMENT_TIMEOUT=0 manage.py migrate
SESSION = {
    # Tables lie on an SSD or in memory: with the server's own 4, the index of words is passed over for reading it all.
    "random_page_cost": "1.1",
    "lock_timeout": "3s",
    "statement_timeout": env("DB_STATEMENT_TIMEOUT", default="10s"),
    "idle_in_transaction_session_timeout": "30s",
}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.int("DB_CONN_MAX_AGE", default=60),
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": 5,
        "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
        **DATABASES["default"].get("OPTIONS", {}),
    },
}

# --- Redis, Celery -------------------------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "portal.caches.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=REDIS_URL)
OUTBOX_BELL = True
if CELERY_BROKER_URL.startswith("redis"):
    # A broker that hangs may hold up a page for a moment only; what its bell missed, the beat finds within 30 seconds.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "max_retries": 0}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # the workers write the same structured lines as the web

# --- files ---------------------------------------------------------------------------------------------------------
MEDIA_ROOT = env("MEDIA_ROOT", default=str(VAR / "media"))
STATIC_ROOT = env("STATIC_ROOT", default=str(VAR / "static"))
FILE_UPLOAD_PERMISSIONS = 0o640
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING["root"]["level"] = env("LOG_LEVEL", default="INFO")

if _found := refusals(globals()):
    raise ImproperlyConfigured("Production does not start like this:\n- " + "\n- ".join(_found))
if REHEARSAL:
    logging.getLogger("portal.settings").warning("REHEARSAL=1: local addresses are let through; not for real buyers.")
