"""`manage.py build_fonts`: the typeface for pages (before `collectstatic`) and for PDFs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.fonts import build_fonts
from portal.paper_font import build_paper_fonts
from portal.papers import FACES


class Command(BaseCommand):
    """Cuts the typeface for the web into `STATIC_BUILD/fonts`, for PDFs into `PAPER_FONTS`."""

    help = "Cut the typeface for the pages (WOFF2) and for PDFs (TrueType); what is up to date stays."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Builds and names each file with its size."""
        built = build_fonts(settings.STATIC_BUILD / "fonts")
        for path in built + build_paper_fonts(settings.PAPER_FONTS, FACES):
            self.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB")
