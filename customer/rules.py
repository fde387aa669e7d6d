"""Pure predicates on a device's service: the same answer for a page, the API and a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.refused import Refused

if TYPE_CHECKING:
    from customer.models import Device


class ServiceStatus(models.TextChoices):
    AWAITING_SIGN_OFF = "awaiting_sign_off", gettext_lazy("awaiting sign-off")
    ACTIVE = "active", gettext_lazy("active")
    EXPIRED = "expired", gettext_lazy("expired")
    RENEWED = "renewed", gettext_lazy("renewed")


class ServiceMode(models.TextChoices):
    CONTRACT = "contract", gettext_lazy("under contract")
    UNDECIDED = "undecided", gettext_lazy("not chosen yet")
    PAY_PER_CASE = "pay_per_case", gettext_lazy("pay per case")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


MODE_OF_CHOICE = {"pay_per_case": ServiceMode.PAY_PER_CASE, "withdraw": ServiceMode.WITHDRAWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What the periods and choices of one device say on one day."""

    today: date
    running_origin: str | None = None
    running_starts_on: date | None = None
    first_starts_on: date | None = None
    last_ends_on: date | None = None
    last_mode: str | None = None
    last_mode_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a device's service stands on one day."""

    status: ServiceStatus
    mode: ServiceMode
    service_ends_on: date | None
    days_left: int | None
    days_since_end: int
    total_days: int

    @property
    def is_covered(self) -> bool:
        return self.status in {ServiceStatus.ACTIVE, ServiceStatus.RENEWED}

    @property
    def is_expired(self) -> bool:
        return self.status == ServiceStatus.EXPIRED


def derive_standing(facts: PeriodFacts) -> Standing:
    """The status table of the product: derived from events, never stored."""
    status = _status(facts)
    covered = status in {ServiceStatus.ACTIVE, ServiceStatus.RENEWED}
    ends_on = facts.last_ends_on if status != ServiceStatus.AWAITING_SIGN_OFF else None
    return Standing(
        status=status,
        mode=_mode(facts, status),
        service_ends_on=ends_on,
        days_left=max(0, (ends_on - facts.today).days) if ends_on else None,
        days_since_end=max(0, (facts.today - ends_on).days) if ends_on and not covered else 0,
        total_days=(ends_on - facts.running_starts_on).days + 1
        if covered and ends_on and facts.running_starts_on
        else 0,
    )


def _status(facts: PeriodFacts) -> ServiceStatus:
    if facts.running_origin == "renewal":
        return ServiceStatus.RENEWED
    if facts.running_origin is not None:
        return ServiceStatus.ACTIVE
    begun = facts.first_starts_on is not None and facts.first_starts_on <= facts.today
    return ServiceStatus.EXPIRED if begun else ServiceStatus.AWAITING_SIGN_OFF


def _mode(facts: PeriodFacts, status: ServiceStatus) -> ServiceMode:
    if status in {ServiceStatus.ACTIVE, ServiceStatus.RENEWED}:
        return ServiceMode.CONTRACT
    made_after_end = (
        facts.last_mode is not None
        and facts.last_mode_on is not None
        and facts.last_ends_on is not None
        and facts.last_mode_on > facts.last_ends_on
    )
    if status == ServiceStatus.EXPIRED and made_after_end:
        return MODE_OF_CHOICE[str(facts.last_mode)]
    return ServiceMode.UNDECIDED


def standing_of(device: Device) -> Standing:
    """The standing of a device that was read through `with_standing`. Raises AttributeError otherwise."""
    row: Any = device
    return derive_standing(
        PeriodFacts(
            today=row.standing_on,
            running_origin=row.running_origin,
            running_starts_on=row.running_starts_on,
            first_starts_on=row.first_starts_on,
            last_ends_on=row.last_ends_on,
            last_mode=row.last_mode,
            last_mode_on=row.last_mode_on,
        )
    )


def can_renew(standing: Standing) -> bool:
    """A contract can be renewed at any time once the device has been put into service."""
    return standing.status != ServiceStatus.AWAITING_SIGN_OFF


def can_choose(standing: Standing, choice: str) -> bool:
    """Pay per case and withdrawal are open when the service is over; not the one that already holds."""
    return standing.is_expired and standing.mode != MODE_OF_CHOICE.get(choice)


def require_renewable(standing: Standing) -> None:
    """Raises Refused `service.awaiting_sign_off`."""
    if not can_renew(standing):
        raise Refused(
            "service.awaiting_sign_off",
            _("The installation of this device has not been confirmed yet; its service begins with that."),
        )


def require_choosable(standing: Standing, choice: str) -> None:
    """Raises Refused `service.awaiting_sign_off`, `service.still_running` or `service.already_chosen`."""
    require_renewable(standing)
    if standing.is_covered:
        raise Refused(
            "service.still_running",
            _("The service of this device is still running; this choice opens when it ends."),
        )
    if not can_choose(standing, choice):
        raise Refused("service.already_chosen", _("This is already the choice for this device."))


def why_closed(standing: Standing, choice: str) -> str:
    """Why pay per case or withdrawal cannot be chosen now, fit to be shown; empty when it can."""
    try:
        require_choosable(standing, choice)
    except Refused as refused:
        return refused.message
    return ""
