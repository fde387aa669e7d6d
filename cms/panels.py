"""Panels of the page editor that Wagtail does not have."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, PublishingPanel

from kernel.fields import JalaliMomentInput

# As in Wagtail's own panel: its dialog says when it was closed without saving.
IN_DIALOG = {
    "data-controller": "w-action",
    "data-action": "w-dialog:hidden->w-action#reset",
    "data-w-dialog-target": "notify",
}


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
