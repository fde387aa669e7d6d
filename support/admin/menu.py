"""The desk in the menu: where it leads, who sees it, and how much is unread."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.sidebar import LinkMenuItem

from kernel.persian import persian_digits
from support.admin import reads
from support.admin.access import ANSWER, REPORTS, SEE


class QueueMenuItem(MenuItem):
    """The queue, with the number of tickets in which a buyer waits unread by anybody."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SEE))

    def render_component(self, request: HttpRequest) -> LinkMenuItem:
        unread = _unread(request)
        badge = persian_digits(str(min(unread, reads.MOST_UNREAD))) + ("+" if unread > reads.MOST_UNREAD else "")
        attrs: dict[str, Any] = {**self.attrs, **({"data-unread": badge} if unread else {})}
        return LinkMenuItem(
            self.name, self.label, self.url, icon_name=self.icon_name, classname=self.classname, attrs=attrs
        )


def _unread(request: HttpRequest) -> int:
    """Only who answers is told; a page that has counted already leaves the figure on the request."""
    if not request.user.has_perm(ANSWER):
        return 0
    known: int | None = getattr(request, "desk_unread", None)
    return reads.unread_by(request.user.pk or 0).order_by()[: reads.MOST_UNREAD + 1].count() if known is None else known


class ReportsMenuItem(MenuItem):
    """The reports, for who may see them."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perms([SEE, REPORTS]))
