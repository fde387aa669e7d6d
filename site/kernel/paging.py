"""Long lists in pages."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from kernel.counting import counted

LAST_PAGE = 10**9  # no list is longer, and every database can still count that far


class CountingPaginator(Paginator[Any]):
    """Reads a page and the length of the whole list in one query; only a page beyond the end takes more."""

    def get_page(self, number: Any) -> Page[Any]:
        """The page for whatever a browser asks: the first for what is no number, the last beyond the end."""
        text = str(number)
        wanted = max(1, int(text)) if text.isdecimal() else 1
        first = (wanted - 1) * self.per_page
        listed: Any = self.object_list
        rows: list[Any] = []
        if wanted <= LAST_PAGE:
            rows = list(listed.annotate(count_of_all=count_of(listed))[first : first + self.per_page])
        if not rows and wanted > 1:
            return super().get_page(number)
        self.count = rows[0].count_of_all if rows else 0
        return Page(rows, wanted, self)


def count_of(listed: QuerySet[Any]) -> RawSQL:
    """How many rows there are, counted apart: only the rows of the page are put together."""
    return RawSQL(*counted(listed), output_field=IntegerField())  # noqa: S611 - as the ORM wrote it
