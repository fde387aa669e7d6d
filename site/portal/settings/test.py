"""For the tests: the demo's profile, quick and sealed; `DATABASE_URL` chooses another database than SQLite."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the same thread

from portal.settings.base import STATIC_ROOT
from portal.settings.demo import *  # noqa: F403
from portal.settings.demo import DATABASES, LOGGING, SQLITE_OPTIONS

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Threads of a test (a live server) share the file; memory databases would be one per connection.
    DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_SQLITE", "var/test.sqlite3")}
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing one
LOGGING["root"]["level"] = "ERROR"
PROVIDER_TIMEOUT_SECONDS = 2.0
SMS_PROVIDERS = ["kavenegar"]  # what a second one changes is told in tests/integrations/test_sms_fallback.py
