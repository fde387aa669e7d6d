"""Panels of the page editor that Wagtail does not have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, Panel, PublishingPanel

from kernel.fields import JalaliMomentInput

# As in Wagtail's own panel: its dialog says when it was closed without saving.
IN_DIALOG = {
    "data-controller": "w-action",
    "data-action": "w-dialog:hidden->w-action#reset",
    "data-w-dialog-target": "notify",
}
SAMPLE = 10


class SchedulePanel(PublishingPanel):
    """When a page goes live and when it expires, by Jalali days and Tehran's clock."""

    def __init__(self, **kwargs: Any) -> None:
        fields = [
            FieldPanel(
                name,
                widget=JalaliMomentInput(attrs=dict(IN_DIALOG)),
                help_text=_("The day as 1405/09/01 and the hour as 09:30; without an hour the day begins at midnight."),
            )
            for name in ("go_live_at", "expire_at")
        ]
        super().__init__(**{"children": fields, **kwargs})


class ReadersPanel(Panel):
    """How many buyers may read the page; some names, for who may see buyers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"heading": _("Who can read this"), "icon": "group", **kwargs})

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtailadmin/panels/readers_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Two queries for the readers at most, however many there are."""
            from cms.readers import readers_of, visitors_read

            found = readers_of(self.instance)
            count = found.count()
            sample = list(found.order_by("last_name", "first_name", "pk")[:SAMPLE]) if self._may_see_buyers() else []
            context: dict[str, Any] = super().get_context_data(parent_context)
            more = count - len(sample) if sample else 0
            return {**context, "count": count, "sample": sample, "more": more, "is_open": visitors_read(self.instance)}

        def _may_see_buyers(self) -> bool:
            return bool(self.request.user.has_perm("customer.view_buyer"))

        def is_shown(self) -> bool:
            """Not before the page has its place in the tree."""
            return bool(self.instance.path) and super().is_shown()
