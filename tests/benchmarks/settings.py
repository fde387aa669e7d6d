"""Production, but for two things: nobody is throttled (the tries are still counted) and files are not compressed."""

from __future__ import annotations

import sys
from datetime import timedelta

sys.modules["rich"] = None  # type: ignore[assignment]  # a library of the tests, which structlog takes where it is

from portal.settings.production import *  # noqa: E402, F403
from portal.settings.production import STORAGES  # noqa: E402

NO_LIMIT = 1_000_000_000
API_LIMITS = {"person": NO_LIMIT, "files": NO_LIMIT, "anonymous": NO_LIMIT, "window": timedelta(minutes=1)}
PAYMENT_RETURN_LIMITS = {"address": NO_LIMIT, "window": timedelta(minutes=1)}
SIGN_IN_LIMITS = {"account": NO_LIMIT, "address": NO_LIMIT, "window": timedelta(minutes=15)}
TICKET_LIMITS = {"buyer": NO_LIMIT, "window": timedelta(hours=1)}
STORAGES |= {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
