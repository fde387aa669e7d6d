"""To whom a notice goes: a definition that is kept as it was approved, and the buyers whom it means today."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _now

from customer.models import Brand, Buyer, Device, DeviceModel, DeviceType
from customer.rules import ServiceMode, ServiceStatus

# What can be asked of the service of a device: where it stands, or how an expired one is served.
SERVICE: dict[str, str | Promise] = {
    ServiceStatus.ACTIVE: ServiceStatus.ACTIVE.label,
    ServiceStatus.RENEWED: ServiceStatus.RENEWED.label,
    ServiceStatus.EXPIRED: ServiceStatus.EXPIRED.label,
    ServiceStatus.AWAITING_SIGN_OFF: ServiceStatus.AWAITING_SIGN_OFF.label,
    ServiceMode.PAY_PER_CASE: ServiceMode.PAY_PER_CASE.label,
    ServiceMode.WITHDRAWN: ServiceMode.WITHDRAWN.label,
}
CHOICES = {ServiceMode.PAY_PER_CASE: "pay_per_case", ServiceMode.WITHDRAWN: "withdraw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """All buyers with an open account who fit every list that is not empty; and the chosen ones beside them.

    `is_chosen_only`: nobody but those.
    """

    device_types: tuple[int, ...] = ()
    device_models: tuple[int, ...] = ()
    brands: tuple[int, ...] = ()
    identifier_kinds: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    buyers: tuple[int, ...] = ()
    is_chosen_only: bool = False

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """From its JSON. KeyError or TypeError for what is none."""
        known = {field.name for field in fields(cls)}
        if not set(stored) <= known:
            raise KeyError(f"no such part of an audience: {sorted(set(stored) - known)}")
        parts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()}
        return cls(**parts)

    def stored(self) -> dict[str, Any]:
        """As JSON, the empty parts left out."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items() if v}

    @property
    def asks_for_devices(self) -> bool:
        return bool(self.device_types or self.device_models or self.brands or self.identifier_kinds or self.service)

    def devices(self, today: date) -> QuerySet[Device]:
        """The devices that the definition means."""
        found = Device.objects.order_by()
        for lookup, wanted in (
            ("model__device_type_id__in", self.device_types),
            ("model_id__in", self.device_models),
            ("model__brand_id__in", self.brands),
            ("identifier_kind__in", self.identifier_kinds),
        ):
            if wanted:
                found = found.filter(**{lookup: wanted})
        if self.service:
            fitting = Q()
            for wanted_service in self.service:
                fitting |= Q(pk__in=_in_service(wanted_service, today).values("pk"))
            found = found.filter(fitting)
        return found

    def members(self, today: date) -> QuerySet[Buyer]:
        """The buyers whom the definition means on this day."""
        chosen = Q(pk__in=self.buyers)
        if self.is_chosen_only:
            wanted = chosen
        else:
            wanted = Q(city__in=self.cities) if self.cities else Q()
            if self.asks_for_devices:
                wanted &= Q(Exists(self.devices(today).filter(owner=OuterRef("pk"))))
            if wanted and self.buyers:
                wanted |= chosen
        return Buyer.objects.filter(wanted, user__is_active=True).order_by()

    def in_words(self) -> list[tuple[str, str]]:
        """What is asked for, line by line: its name and the names of what was chosen."""
        kinds, service = dict(Device.IdentifierKind.choices), SERVICE
        lines = [
            (_now("Device types"), _names(DeviceType.objects.filter(pk__in=self.device_types))),
            (
                _now("Device models"),
                _names(DeviceModel.objects.filter(pk__in=self.device_models).select_related("brand")),
            ),
            (_now("Brands"), _names(Brand.objects.filter(pk__in=self.brands))),
            (
                _now("Kind of identifier"),
                "، ".join(str(kinds[kind]) for kind in self.identifier_kinds if kind in kinds),
            ),
            (
                _now("Service of the device"),
                "، ".join(str(service[state]) for state in self.service if state in service),
            ),
            (_now("Cities"), "، ".join(self.cities)),
            (_now("Chosen buyers"), _names(Buyer.objects.filter(pk__in=self.buyers[:50]))),
        ]
        found = [(name, words) for name, words in lines if words]
        if self.is_chosen_only or self.asks_for_devices or self.cities:
            return found
        return [(_now("Audience"), _now("all buyers")), *found]


def _in_service(wanted: str, today: date) -> QuerySet[Device]:
    """Devices in one of the states of `SERVICE`."""
    mode = CHOICES.get(ServiceMode(wanted)) if wanted in ServiceMode.values else None
    if mode is None:
        return Device.objects.order_by().in_status(wanted, today)
    expired = Device.objects.order_by().in_status(ServiceStatus.EXPIRED, today)
    chosen: Any = expired.with_standing(today)
    found: QuerySet[Device] = chosen.filter(last_mode=mode)
    return found


def _names(rows: Any) -> str:
    return "، ".join(str(row) for row in rows)
