"""Makes the index of search anew: after an import, a change of the rules for words, or with another engine."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cms.searching.index import rebuild


class Command(BaseCommand):
    help = "Makes the search index of all published pages anew. Search goes on meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild()} pages indexed.")
