"""Preparing the installation form, confirming it with legal weight, declining, withdrawing and reminding."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import Buyer, ChecklistTemplate, Device, ServicePeriod, SignOff, User
from customer.services import code as codes
from customer.services import trace
from customer.services.buyer import announce
from customer.services.device import add_period
from customer.services.record import append_record
from integrations import outbox
from kernel.actor import Actor
from kernel.identity import mask_mobile
from kernel.jalali import format_moment, jalali_iso, months_end, tehran_today
from kernel.persian import clean_lines
from kernel.refused import Refused

Status = SignOff.Status
REMIND_AFTER_DAYS = [3, 7, 14]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What the technician hands over. `notes` is item code → note; one visit may cover several devices."""

    device_ids: list[int]
    installed_on: date
    notes: dict[str, str] = field(default_factory=dict)
    supersedes_id: int | None = None
    correction_reason: str = ""


def purpose_of(sign_off: SignOff) -> str:
    """What a code for this form is good for, and for nothing else."""
    return f"sign_off:{sign_off.pk}"


def prepare_sign_offs(*, preparation: Preparation, actor: Actor, now: datetime) -> list[SignOff]:
    """Makes one form per device of one visit and tells the buyer.

    Raises Refused on `installed_on`, `devices` or `correction_reason`: see the codes below.
    """
    visit = uuid.uuid4()
    with transaction.atomic():
        devices = _locked_devices(preparation)
        made = [_prepare(device, preparation, visit=visit, actor=actor, now=now) for device in devices]
        _notify("sign_off_ready", made[0], key=str(visit))
        outbox.emit(*map(_crm_message, made[1:]))
    return made


def _locked_devices(preparation: Preparation) -> list[Device]:
    rows = Device.objects.select_for_update(of=("self",)).with_names().filter(pk__in=preparation.device_ids)
    devices = list(rows.order_by("pk"))
    if len(devices) != len(set(preparation.device_ids)) or len({device.owner_id for device in devices}) != 1:
        message = _("Choose devices of one and the same buyer.")
        raise Refused("signoff.devices_mixed", message, status=400, field="devices")
    if preparation.supersedes_id is not None and len(devices) != 1:
        message = _("A correction concerns one device.")
        raise Refused("signoff.correction_of_many", message, status=400, field="devices")
    return devices


def _prepare(device: Device, preparation: Preparation, *, visit: uuid.UUID, actor: Actor, now: datetime) -> SignOff:
    _require_preparable(device, preparation)
    _require_installation_date(device, preparation.installed_on, today=tehran_today(now))
    template = checklist_for(device)
    items = [
        {"code": item.code, "label": item.label, "note": clean_lines(preparation.notes.get(item.code, ""))}
        for item in template.items.all()
    ]
    made = SignOff.objects.create(
        device=device,
        buyer_id=device.owner_id,
        visit=visit,
        installed_on=preparation.installed_on,
        statement=template.statement,
        all_done_label=template.all_done_label,
        text_version=template.text_version,
        items=items,
        prepared_by_id=actor.person_id,
        prepared_at=now,
        supersedes_id=preparation.supersedes_id,
        correction_reason=clean_lines(preparation.correction_reason),
    )
    trace.record("sign_off.prepared", f"sign_off:{made.pk}", actor=actor, now=now, buyer_id=made.buyer_id)
    return made


def checklist_for(device: Device) -> ChecklistTemplate:
    """The template of the device's model, or the one of all other models. Raises Refused `signoff.no_template`."""
    templates = ChecklistTemplate.objects.filter(device_model=device.model_id)
    template = templates.first() or ChecklistTemplate.objects.filter(device_model__isnull=True).first()
    if template is None:
        raise Refused("signoff.no_template", _("There is no checklist yet; an administrator must make one."))
    return template


def _require_installation_date(device: Device, installed_on: date, *, today: date) -> None:
    """Raises Refused `signoff.date_in_future`, `signoff.date_before_sale` or `signoff.date_after_warranty`."""
    if installed_on > today:
        message = _("The installation date cannot be in the future.")
        raise Refused("signoff.date_in_future", message, status=400, field="installed_on")
    if device.sold_on and installed_on < device.sold_on:
        message = _("The installation cannot be before the sale.")
        raise Refused("signoff.date_before_sale", message, status=400, field="installed_on")
    if device.warranty_ends_on and installed_on > device.warranty_ends_on:
        message = _("The installation cannot be after the end of the warranty; correct the device first.")
        raise Refused("signoff.date_after_warranty", message, status=400, field="installed_on")


def _require_preparable(device: Device, preparation: Preparation) -> None:
    if device.sign_offs.filter(status=Status.WAITING).exists():
        raise Refused("signoff.already_waiting", _("A form of this device is already waiting for the buyer."))
    if preparation.supersedes_id is None:
        if device.periods.exists() or device.sign_offs.filter(status=Status.CONFIRMED).exists():
            raise Refused("signoff.already_confirmed", _("This device has already been signed off."))
        return
    old = device.sign_offs.filter(pk=preparation.supersedes_id, status=Status.CONFIRMED).first()
    if old is None or hasattr(old, "superseded_by"):
        raise Refused("signoff.nothing_to_correct", _("There is no confirmed form of this device to correct."))
    if not clean_lines(preparation.correction_reason):
        message = _("Say what was wrong.")
        raise Refused("signoff.reason_required", message, status=400, field="correction_reason")


def send_sign_off_code(*, user: Any, sign_off_id: int, now: datetime) -> SignOff:
    """Sends a code to the buyer's registered phone. Raises Refused, Throttled, SignOff.DoesNotExist."""
    sign_off = SignOff.objects.visible_to(user).select_related("buyer").get(pk=sign_off_id)
    sign_off.require(Status.CONFIRMED)
    codes.request_code(purpose=purpose_of(sign_off), phone=sign_off.buyer.phone, now=now)
    return sign_off


def confirm_sign_off(
    *, buyer: Buyer, sign_off_id: int, items: list[str], all_done: bool, code: str, actor: Actor, now: datetime
) -> SignOff:
    """Confirms the form: from here on nobody can change it, and the included service begins.

    Whoever acts in the buyer's place (a technician, on whose phone the form is shown) is named in the record.
    Raises Refused `signoff.already_confirmed`…, `signoff.item_missing`, `signoff.not_all_done`, `signoff.buyer_closed`,
    `code.*`; SignOff.DoesNotExist for a foreign form.
    """
    sign_off = SignOff.objects.visible_to(buyer.user).get(pk=sign_off_id)
    sign_off.require(Status.CONFIRMED)
    require_complete(sign_off, items=items, all_done=all_done)
    purpose = purpose_of(sign_off)
    checked = codes.check_code(purpose=purpose, text=code, now=now)
    with transaction.atomic(durable=True):
        [locked] = locked_for_confirmation([sign_off], buyer=buyer)
        codes.spend_code(checked, now=now)
        confirm_locked(locked, buyer=buyer, purpose=purpose, actor=actor, now=now)
        announce(buyer, now=now)
    return locked.sign_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A form that is about to be confirmed, and its device; both rows are locked."""

    sign_off: SignOff
    device: Device


def locked_for_confirmation(forms: list[SignOff], *, buyer: Buyer) -> list[Locked]:
    """Step: locks the devices, then the forms, each in the order of their keys, and moves the forms.

    Raises Refused `signoff.already_…`, `signoff.buyer_closed`; SignOff.DoesNotExist when a device has changed hands.
    """
    wanted = {form.device_id for form in forms}
    devices = Device.objects.select_for_update(of=("self",)).with_names().filter(pk__in=wanted, owner=buyer)
    by_key = {device.pk: device for device in devices.order_by("pk")}
    if set(by_key) != wanted:
        raise SignOff.DoesNotExist
    rows = SignOff.objects.select_for_update(of=("self",)).select_related("prepared_by").prefetch_related("photos")
    locked = list(rows.filter(pk__in=[form.pk for form in forms]).order_by("pk"))
    for form in locked:
        form.move(Status.CONFIRMED)
    _require_open_account(buyer)
    return [Locked(sign_off=form, device=by_key[form.device_id]) for form in locked]


def confirm_locked(
    locked: Locked, *, buyer: Buyer, purpose: str, actor: Actor, now: datetime, together_with: Sequence[str] = ()
) -> None:
    """Step: signs what was shown, begins the service, tells everybody. The code of `purpose` has been spent."""
    sign_off, device = locked.sign_off, locked.device
    span = _service_span(sign_off, device)
    content = _content(sign_off, device, buyer, span=span, actor=actor, now=now)
    content |= {
        "code_sent_to": mask_mobile(codes.confirmed_phone(purpose)),
        "confirmed_together_with": list(together_with),
    }
    sign_off.record = append_record(kind="sign_off", buyer_id=buyer.pk, content=content, now=now)
    sign_off.confirmed_at = now
    sign_off.save(update_fields=["status", "record", "confirmed_at"])
    _begin_service(sign_off, device, span)
    trace.record(
        "sign_off.confirmed",
        f"sign_off:{sign_off.pk}",
        actor=actor,
        now=now,
        buyer_id=buyer.pk,
        record=sign_off.record.code,
        sha256=sign_off.record.sha256,
    )
    _notify("sign_off_confirmed", sign_off)


def decline_sign_off(*, user: Any, sign_off_id: int, reason: str, actor: Actor, now: datetime) -> SignOff:
    """The buyer says that something is not done. Raises Refused `signoff.reason_required`, `signoff.already_…`."""
    reason = clean_lines(reason)
    if not reason:
        message = _("Say what is missing, so that we can put it right.")
        raise Refused("signoff.reason_required", message, status=400, field="reason")
    with transaction.atomic():
        sign_off = SignOff.objects.visible_to(user).select_for_update(of=("self",)).get(pk=sign_off_id)
        sign_off.move(Status.DECLINED)
        sign_off.decline_reason, sign_off.declined_at = reason, now
        # What was to be corrected may be corrected by another form.
        sign_off.supersedes = None
        sign_off.save(update_fields=["status", "decline_reason", "declined_at", "supersedes"])
        subject = f"sign_off:{sign_off.pk}"
        trace.record("sign_off.declined", subject, actor=actor, now=now, buyer_id=sign_off.buyer_id, reason=reason)
        outbox.emit(_crm_message(sign_off))
    return sign_off


def withdraw_sign_off(*, sign_off_id: int, actor: Actor, now: datetime) -> SignOff:
    """Staff take back a form that nobody has answered yet, to prepare it anew."""
    with transaction.atomic():
        sign_off = SignOff.objects.select_for_update().get(pk=sign_off_id)
        sign_off.move(Status.WITHDRAWN)
        sign_off.supersedes = None
        sign_off.save(update_fields=["status", "supersedes"])
        subject = f"sign_off:{sign_off.pk}"
        trace.record("sign_off.withdrawn", subject, actor=actor, now=now, buyer_id=sign_off.buyer_id)
    return sign_off


def remind_sign_offs(*, now: datetime) -> int:
    """Reminds buyers of forms that have waited for some days; each step once. Returns how many were due."""
    due = 0
    for sign_off in SignOff.objects.waiting().filter(prepared_at__lte=now - timedelta(days=REMIND_AFTER_DAYS[0])):
        waited = (now - sign_off.prepared_at).days
        step = max(days for days in REMIND_AFTER_DAYS if days <= waited)
        _notify("sign_off_reminder", sign_off, key=f"{sign_off.pk}:{step}")
        due += 1
    return due


def require_complete(sign_off: SignOff, *, items: list[str], all_done: bool) -> None:
    """Raises Refused `signoff.item_missing` or `signoff.not_all_done` on the field at fault."""
    missing = [item["label"] for item in sign_off.items if item["code"] not in items]
    if missing:
        message = _("Tick every item, or decline and say what is missing: %(items)s") % {"items": "، ".join(missing)}
        raise Refused("signoff.item_missing", message, status=400, field="items")
    if not all_done:
        message = _("Tick that everything has been done.")
        raise Refused("signoff.not_all_done", message, status=400, field="all_done")


def _require_open_account(buyer: Buyer) -> None:
    if not User.objects.filter(pk=buyer.user_id, is_active=True).exists():
        raise Refused("signoff.buyer_closed", _("The buyer's account is closed; the form cannot be confirmed."))


def _in_person_by(buyer: Buyer, actor: Actor) -> str:
    """Who showed the form to the buyer on his own phone; empty when the buyer was signed in himself."""
    if actor.person_id == buyer.user_id:
        return ""
    return _name_of(User.objects.get(pk=actor.person_id))


def _name_of(user: User) -> str:
    return user.get_full_name() or user.username


def _service_span(sign_off: SignOff, device: Device) -> tuple[date, date] | None:
    """The included service, from the installation on; None for a correction, which does not begin it anew."""
    if sign_off.supersedes_id is not None or not device.model.service_months:
        return None
    return sign_off.installed_on, months_end(sign_off.installed_on, device.model.service_months)


def _begin_service(sign_off: SignOff, device: Device, span: tuple[date, date] | None) -> None:
    device.installed_on = sign_off.installed_on
    if device.model.warranty_months and device.warranty_ends_on is None:
        device.warranty_ends_on = months_end(sign_off.installed_on, device.model.warranty_months)
    device.save(update_fields=["installed_on", "warranty_ends_on"])
    if span:
        add_period(device, starts_on=span[0], ends_on=span[1], origin=ServicePeriod.Origin.INCLUDED, sign_off=sign_off)


def _content(
    sign_off: SignOff, device: Device, buyer: Buyer, *, span: tuple[date, date] | None, actor: Actor, now: datetime
) -> dict[str, Any]:
    """What is signed: the exact text that was shown, who, what, when and from where. Strings, booleans, lists only."""
    photos: dict[str, list[str]] = {}
    for photo in sign_off.photos.all():
        photos.setdefault(photo.item_code, []).append(photo.sha256)
    superseded = sign_off.supersedes.record if sign_off.supersedes else None
    return {
        "text": sign_off.statement,
        "text_version": sign_off.text_version,
        "all_done": {"label": sign_off.all_done_label, "ticked": True},
        "items": [{**item, "ticked": True, "photos": photos.get(item["code"], [])} for item in sign_off.items],
        "buyer": {
            "first_name": buyer.first_name,
            "last_name": buyer.last_name,
            "national_code": buyer.national_code,
            "phone": buyer.phone,
            "address": buyer.address,
            "username": buyer.user.username,
        },
        "device": {
            "brand": device.model.brand.name,
            "model": device.model.name,
            "identifier_kind": device.identifier_kind,
            "identifier": device.identifier,
        },
        "installed_on": sign_off.installed_on.isoformat(),
        "installed_on_jalali": jalali_iso(sign_off.installed_on),
        "service": {"starts_on": span[0].isoformat(), "ends_on": span[1].isoformat()} if span else None,
        "prepared_by": _name_of(sign_off.prepared_by),
        "prepared_at": sign_off.prepared_at.astimezone(UTC).isoformat(timespec="seconds"),
        "confirmed_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "confirmed_at_tehran": format_moment(now),
        "confirmed_from": {"ip": actor.ip or "", "agent": actor.agent},
        "in_person_by": _in_person_by(buyer, actor),
        "supersedes": {"code": superseded.code, "reason": sign_off.correction_reason} if superseded else None,
    }


def _notify(event: str, sign_off: SignOff, *, key: str = "") -> None:
    """Step: dashboard and SMS by the outbox, and the CRM."""
    told = outbox.Outgoing(
        topic=f"notify.{event}",
        dedupe_key=f"notify.{event}:{key or sign_off.pk}",
        payload={"sign_off_id": sign_off.pk},
    )
    outbox.emit(told, _crm_message(sign_off))


def _crm_message(sign_off: SignOff) -> outbox.Outgoing:
    return outbox.Outgoing(
        topic="crm.sign_off",
        dedupe_key=f"crm.sign_off:{sign_off.pk}:{sign_off.status}",
        payload={"sign_off_id": sign_off.pk},
        stream=f"crm:{sign_off.buyer_id}",
    )
