"""Registering devices and putting the old fleet into service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import Device, Ownership, ServicePeriod, SignOff
from customer.services import trace
from customer.services.buyer import announce
from kernel.actor import Actor
from kernel.persian import clean_identifier, clean_lines
from kernel.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceData:
    """A device as an administrator enters it."""

    owner_id: int
    model_id: int
    identifier_kind: str
    identifier: str
    sold_on: date | None = None
    installed_on: date | None = None
    warranty_ends_on: date | None = None


def save_device(*, data: DeviceData, actor: Actor, now: datetime, device_id: int | None = None) -> Device:
    """Registers a device, or changes one. Raises Refused naming the field that is wrong or taken."""
    identifier = clean_identifier(data.identifier)
    if not identifier:
        raise Refused("device.identifier_required", _("This field is required."), status=400, field="identifier")
    _require_sensible_dates(data)
    with transaction.atomic():
        same = Device.objects.filter(identifier_kind=data.identifier_kind, identifier=identifier)
        if (same.exclude(pk=device_id) if device_id is not None else same).exists():
            message = _("A device with this identifier is already registered.")
            raise Refused("device.identifier_taken", message, status=400, field="identifier")
        device = Device.objects.select_for_update().get(pk=device_id) if device_id is not None else Device()
        if device.pk and device.owner_id != data.owner_id:
            message = _("The owner changes only through a transfer of ownership.")
            raise Refused("device.owner_is_fixed", message, status=400, field="owner")
        for name in ("owner_id", "model_id", "identifier_kind", "sold_on", "installed_on", "warranty_ends_on"):
            setattr(device, name, getattr(data, name))
        device.identifier = identifier
        device.save()
        if device_id is None:
            Ownership.objects.create(device=device, owner_id=device.owner_id, began_at=now)
        verb = "device.changed" if device_id else "device.registered"
        trace.record(verb, f"device:{device.pk}", actor=actor, now=now, buyer_id=device.owner_id, identifier=identifier)
        announce(device.owner, now=now)
    return device


def _require_sensible_dates(data: DeviceData) -> None:
    if data.sold_on and data.installed_on and data.installed_on < data.sold_on:
        message = _("The installation cannot be before the sale.")
        raise Refused("device.installed_before_sale", message, status=400, field="installed_on")
    if data.installed_on and data.warranty_ends_on and data.warranty_ends_on < data.installed_on:
        message = _("The warranty cannot end before the installation.")
        raise Refused("device.warranty_before_installation", message, status=400, field="warranty_ends_on")


def activate_legacy(
    *, device_id: int, starts_on: date, ends_on: date, reason: str, actor: Actor, now: datetime
) -> ServicePeriod:
    """Puts a device of the old fleet into service without a sign-off: with a reason, for ever flagged."""
    reason = clean_lines(reason)
    if not reason:
        raise Refused("service.reason_required", _("Say why there is no sign-off."), status=400, field="legacy_reason")
    with transaction.atomic():
        device = Device.objects.select_for_update().get(pk=device_id)
        if device.periods.exists():
            raise Refused("service.already_activated", _("This device has already been put into service."))
        if device.sign_offs.waiting().exists():
            message = _("An installation form of this device waits for the buyer; withdraw it first.")
            raise Refused("service.form_waiting", message)
        period = add_period(
            device, starts_on=starts_on, ends_on=ends_on, origin=ServicePeriod.Origin.LEGACY, legacy_reason=reason
        )
        trace.record(
            "service.legacy_activated",
            f"device:{device.pk}",
            actor=actor,
            now=now,
            buyer_id=device.owner_id,
            starts_on=starts_on.isoformat(),
            ends_on=ends_on.isoformat(),
            reason=reason,
        )
        announce(device.owner, now=now)
    return period


def add_period(
    device: Device,
    *,
    starts_on: date,
    ends_on: date,
    origin: ServicePeriod.Origin,
    legacy_reason: str = "",
    sign_off: SignOff | None = None,
) -> ServicePeriod:
    """Step: adds a period to a locked device. Raises Refused `service.period_overlaps`, `service.period_reversed`."""
    if ends_on < starts_on:
        message = _("The end cannot be before the beginning.")
        raise Refused("service.period_reversed", message, status=400, field="ends_on")
    if device.periods.filter(starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
        message = _("This period overlaps another one of the same device.")
        raise Refused("service.period_overlaps", message, status=400, field="starts_on")
    return ServicePeriod.objects.create(
        device=device,
        starts_on=starts_on,
        ends_on=ends_on,
        origin=origin,
        legacy_reason=legacy_reason,
        sign_off=sign_off,
    )
