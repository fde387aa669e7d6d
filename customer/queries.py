"""Page-shaped reads of this app; they never write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from knox.models import AuthToken

from customer.models import Buyer, CorrectionRequest, Device, InboxItem, ServicePeriod, SignOff, Trace, User
from customer.rules import Standing
from kernel.identity import local_mobile, mask_national_code
from kernel.jalali import TEHRAN, format_date

SHOWN_AS = {"national_code": mask_national_code, "phone": local_mobile}


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
    """Sale, installation, sign-offs, periods, choices, changes of hands. Of former owners it tells facts, no more."""
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
    events += [_sign_off_event(sign_off, device) for sign_off in device.sign_offs.confirmed()]
    events += [
        DeviceEvent(at=ownership.began_at, kind="ownership", title=_("Handed over to a new owner"))
        for ownership in device.ownerships.filter(transfer__isnull=False)
    ]
    return events


def _sign_off_event(sign_off: SignOff, device: Device) -> DeviceEvent:
    mine = sign_off.buyer_id == device.owner_id
    return DeviceEvent(
        at=sign_off.confirmed_at or sign_off.prepared_at,
        kind="sign_off",
        title=_("Installation confirmed") if sign_off.supersedes_id is None else _("Installation form corrected"),
        url=f"/sign-offs/{sign_off.pk}/" if mine else "",
    )


def _period_event(period: ServicePeriod) -> DeviceEvent:
    return DeviceEvent(
        at=datetime.combine(period.starts_on, time(), tzinfo=TEHRAN),
        kind=f"period_{period.origin}",
        title=_("Service began"),
        detail=_("%(origin)s, until %(day)s")
        % {"origin": period.get_origin_display(), "day": format_date(period.ends_on, "long")},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFact:
    """One line of a buyer's identity, as a page may show it, and whether a correction of it waits."""

    field: str
    label: str
    value: str
    is_waiting: bool

    @property
    def is_number(self) -> bool:
        return self.field in SHOWN_AS


def shown(field: str, value: str) -> str:
    """A value of the identity, fit for a page: the national code masked, the phone as it is dialled."""
    return SHOWN_AS[field](value) if field in SHOWN_AS and value else value


def identity(buyer: Buyer, corrections: list[CorrectionRequest]) -> list[IdentityFact]:
    """The identity of a buyer, line by line; `corrections` are his own."""
    waiting = {correction.field for correction in corrections if correction.status == CorrectionRequest.Status.WAITING}
    return [
        IdentityFact(field=name, label=str(label), value=shown(name, getattr(buyer, name)), is_waiting=name in waiting)
        for name, label in CorrectionRequest.Field.choices
    ]


def sign_ins(user: User) -> QuerySet[Trace]:
    """When and from where an account was signed in to, newest first."""
    return Trace.objects.filter(subject=f"user:{user.pk}", verb="signed_in")


def live_tokens(user: User, now: datetime) -> QuerySet[AuthToken]:
    """The API tokens of an account that still open the door."""
    return AuthToken.objects.filter(Q(expiry__isnull=True) | Q(expiry__gt=now), user=user).order_by("-created")


# --- lines and cards -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCard:
    """What the card of a device shows."""

    pk: int
    model: str
    device_type: str
    identifier_kind: str
    kind_label: str
    identifier: str
    warranty_ends_on: date | None
    standing: Standing


def device_card(device: Device) -> DeviceCard:
    """The card of a device that was read with names and standing."""
    return DeviceCard(
        pk=device.pk,
        model=str(device.model),
        device_type=str(device.model.device_type),
        identifier_kind=device.identifier_kind,
        kind_label=str(Device.IdentifierKind(device.identifier_kind).label),
        identifier=device.identifier,
        warranty_ends_on=device.warranty_ends_on,
        standing=device.standing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """What the line of a message shows."""

    pk: int
    kind: str
    kind_label: str
    title: str
    created_at: datetime
    read_at: datetime | None
    must_acknowledge: bool
    acknowledged_at: datetime | None


def inbox_line(item: InboxItem) -> InboxLine:
    """The line of a message."""
    return InboxLine(
        pk=item.pk,
        kind=item.kind,
        kind_label=item.kind_label,
        title=item.title,
        created_at=item.created_at,
        read_at=item.read_at,
        must_acknowledge=item.must_acknowledge,
        acknowledged_at=item.acknowledged_at,
    )
