"""Figures on the admin's first page: how many of something wait for a person, leading to the list of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from wagtail.admin.site_summary import SummaryItem

from kernel.persian import persian_digits


class Tile(SummaryItem):
    """One figure; shown to who has `permission`. Counts once, when it is drawn."""

    template_name = "admin/tile.html"

    def __init__(
        self,
        request: HttpRequest,
        *,
        label: str | Promise,
        permission: str,
        rows: QuerySet[Any],
        url: str,
        icon: str,
        order: int,
    ) -> None:
        super().__init__(request)
        self.label, self.permission, self.rows = label, permission, rows
        self.url, self.icon, self.order = url, icon, order

    def is_shown(self) -> bool:
        return bool(self.request.user.has_perm(self.permission))

    def get_context_data(self, _parent_context: Any) -> dict[str, Any]:
        count = self.rows.count()
        return {
            "label": self.label,
            "url": self.url,
            "icon": self.icon,
            "is_waiting": count > 0,
            "figure": persian_digits(f"{count:,}".replace(",", "٬")),
        }
