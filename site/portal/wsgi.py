"""WSGI entry point."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
django.setup(set_prefix=False)

from portal.wsgi_request import PortalApplication  # noqa: E402 - after the settings

application = PortalApplication()
