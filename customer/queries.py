"""Page-shaped reads of this app; they never write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customer.models import Device, ServicePeriod
from kernel.jalali import TEHRAN, format_date


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """One dated thing that happened to a device."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    url: str = ""


def timeline(device: Device) -> list[DeviceEvent]:
    """Everything that happened to a device, newest first, gathered from the apps named in `TIMELINE_SOURCES`."""
    events = [event for source in settings.TIMELINE_SOURCES for event in import_string(source)(device)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def device_events(device: Device) -> list[DeviceEvent]:
    """Sale, installation, periods and choices of a device."""
    events = [
        DeviceEvent(at=datetime.combine(day, time(), tzinfo=TEHRAN), kind=kind, title=title)
        for day, kind, title in (
            (device.sold_on, "sold", _("Bought")),
            (device.installed_on, "installed", _("Installed")),
        )
        if day
    ]
    events += [_period_event(period) for period in device.periods.all()]
    events += [
        DeviceEvent(at=choice.made_at, kind=f"choice_{choice.choice}", title=choice.get_choice_display())
        for choice in device.choices.filter(buyer=device.owner_id)
    ]
    return events


def _period_event(period: ServicePeriod) -> DeviceEvent:
    return DeviceEvent(
        at=datetime.combine(period.starts_on, time(), tzinfo=TEHRAN),
        kind=f"period_{period.origin}",
        title=_("Service began"),
        detail=_("%(origin)s, until %(day)s")
        % {"origin": period.get_origin_display(), "day": format_date(period.ends_on, "long")},
    )
