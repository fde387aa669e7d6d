"""The hours in which nobody is woken."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from cms.models import Campaign
from kernel.jalali import TEHRAN


def is_quiet(campaign: Campaign, now: datetime) -> bool:
    """Whether messages of this notice rest at this moment, by Tehran's clocks (`settings.NOTICE_QUIET_HOURS`)."""
    if campaign.ignores_quiet_hours:
        return False
    hours = settings.NOTICE_QUIET_HOURS
    begins, ends = hours.get(campaign.kind, hours["default"])
    clock = now.astimezone(TEHRAN).strftime("%H:%M")
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
