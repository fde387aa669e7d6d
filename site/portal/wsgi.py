"""WSGI entry point."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
django.setup(set_prefix=False)

from django.urls import get_resolver  # noqa: E402 - after the settings

from portal.wsgi_request import PortalApplication  # noqa: E402

application = PortalApplication()
_ = get_resolver().url_patterns  # every view is loaded now, not with the first request
