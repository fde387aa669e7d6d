"""Production, but for two things: nobody is throttled (the tries are still counted) and files are not compressed."""

from __future__ import annotations

from datetime import timedelta

from portal.settings.production import *  # noqa: F403
from portal.settings.production import STORAGES

NO_LIMIT = 1_000_000_000
API_LIMITS = {"person": NO_LIMIT, "files": NO_LIMIT, "anonymous": NO_LIMIT, "window": timedelta(minutes=1)}
PAYMENT_RETURN_LIMITS = {"address": NO_LIMIT, "window": timedelta(minutes=1)}
SIGN_IN_LIMITS = {"account": NO_LIMIT, "address": NO_LIMIT, "window": timedelta(minutes=15)}
TICKET_LIMITS = {"buyer": NO_LIMIT, "window": timedelta(hours=1)}
STORAGES |= {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
