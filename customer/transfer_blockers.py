"""What this app has to say about a transfer."""

from __future__ import annotations

from django.utils.translation import gettext as _

from customer.models import Device
from customer.services.transfer import Blocker
from kernel.jalali import format_date, tehran_today


def blockers(device: Device) -> list[Blocker]:
    """A form that waits for the present owner blocks; service that remains goes along with the device."""
    found = []
    if device.sign_offs.waiting().exists():
        message = _("An installation form of this device waits for its present owner.")
        found.append(Blocker(code="sign_off_waiting", policy="blocks", message=message))
    last = device.periods.filter(ends_on__gte=tehran_today()).order_by("-ends_on").first()
    if last is not None:
        message = _("Service until %(day)s goes along with the device.") % {"day": format_date(last.ends_on, "long")}
        found.append(Blocker(code="service_remains", policy="warns", message=message))
    return found
