"""`manage.py build_fonts`: the web fonts, before `collectstatic`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.fonts import build_fonts


class Command(BaseCommand):
    """Cuts the typeface for the web into `STATIC_BUILD/fonts`."""

    help = "Subset the typeface to WOFF2 for the pages; what is up to date stays."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Builds and names each file with its size."""
        for path in build_fonts(settings.STATIC_BUILD / "fonts"):
            self.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB")
