"""Handing a device over: request, code, acceptance by the new owner, decision and execution."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customer.models import Buyer, Device, Ownership, Transfer
from customer.services import code as codes
from customer.services import trace
from customer.services.buyer import BuyerData, announce, create_buyer, generate_password
from customer.services.document import cleaned_document
from customer.services.new_owner import NewOwner, checked_new_owner
from customer.services.record import append_record
from integrations import outbox
from kernel.actor import Actor
from kernel.identity import mask_mobile
from kernel.persian import clean_lines
from kernel.refused import Refused
from kernel.vault import blind_index

Status = Transfer.Status
Acceptance = Transfer.Acceptance
REMIND_AFTER_DAYS = [2, 5, 10]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What stands in the way of a transfer (`blocks`), or what the administrator should know (`warns`)."""

    code: str
    policy: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A transfer that was carried out; `password` when the new owner's account was made with it (shown once)."""

    transfer: Transfer
    password: str = ""


def statement_of(device: Device, new_owner: NewOwner) -> str:
    """The formal words by which the owner gives the device up, exactly as they are shown and signed."""
    return _(
        "I, the present owner of %(device)s, hand this device over to %(new_owner)s and confirm that my ownership and "
        "every right of mine to its service end with the execution of this transfer."
    ) % {"device": device, "new_owner": f"{new_owner.first_name} {new_owner.last_name}"}


def blockers(device: Device) -> list[Blocker]:
    """What every app of the house has to say about a transfer of this device (`TRANSFER_BLOCKERS`)."""
    return [found for source in settings.TRANSFER_BLOCKERS for found in import_string(source)(device)]


def request_transfer(  # noqa: PLR0913 - a verb's words
    *,
    buyer: Buyer,
    device_id: int,
    new_owner: NewOwner,
    reason: str,
    document: File[Any] | None,
    statement_accepted: bool,
    actor: Actor,
    now: datetime,
) -> Transfer:
    """Files the request as a draft; the owner's code submits it.

    Raises Refused on the field at fault, `transfer.same_owner`, `transfer.already_under_way`; Device.DoesNotExist.
    """
    named = checked_new_owner(buyer, new_owner)
    if not statement_accepted:
        message = _("Confirm that your ownership ends.")
        raise Refused("transfer.statement_required", message, status=400, field="statement_accepted")
    if reason in Transfer.NEEDS_DOCUMENT and document is None:
        message = _("For this reason a document is needed.")
        raise Refused("transfer.document_required", message, status=400, field="document")
    paper = cleaned_document(document) if document is not None else None
    with transaction.atomic():
        device = Device.objects.select_for_update(of=("self",)).with_names().get(pk=device_id, owner=buyer)
        if device.transfers.under_way().exists():
            message = _("A transfer of this device is already under way.")
            raise Refused("transfer.already_under_way", message, field="device")
        made = Transfer.objects.create(
            device=device,
            owner=buyer,
            new_first_name=named.first_name,
            new_last_name=named.last_name,
            new_national_code=named.national_code,
            new_phone=named.phone,
            reason=reason,
            document=paper.file if paper else "",
            document_sha256=paper.sha256 if paper else "",
            statement=statement_of(device, named),
            created_at=now,
        )
        trace.record(
            "transfer.requested", f"transfer:{made.pk}", actor=actor, now=now, buyer_id=buyer.pk, device=device.pk
        )
    return made


def purpose_of(transfer: Transfer, side: str = "owner") -> str:
    """What a code of the owner (or of the new owner) is good for."""
    return f"transfer:{transfer.pk}:{side}"


def send_transfer_code(*, user: Any, transfer_id: int, now: datetime) -> Transfer:
    """Sends the owner a code for his draft. Raises Refused, Throttled, Transfer.DoesNotExist."""
    found = Transfer.objects.visible_to(user).select_related("owner").get(pk=transfer_id)
    if found.status != Status.DRAFT:
        raise _closed(found)
    codes.request_code(purpose=purpose_of(found), phone=found.owner.phone, now=now)
    return found


def submit_transfer(*, user: Any, transfer_id: int, code: str, actor: Actor, now: datetime) -> Transfer:
    """The owner confirms with the code that his ownership is to end."""
    found = Transfer.objects.visible_to(user).get(pk=transfer_id)
    if found.status != Status.DRAFT:
        raise _closed(found)
    checked = codes.check_code(purpose=purpose_of(found), text=code, now=now)
    with transaction.atomic(durable=True):
        device = Device.objects.select_for_update(of=("self",)).get(pk=found.device_id)
        found = Transfer.objects.select_for_update(of=("self",)).select_related("owner").get(pk=found.pk)
        if device.owner_id != found.owner_id:
            raise Refused("transfer.not_owner", _("This device is no longer yours."))
        found.move(Status.SUBMITTED)
        codes.spend_code(checked, now=now)
        found.submitted_at = now
        found.save(update_fields=["status", "submitted_at"])
        subject = f"transfer:{found.pk}"
        trace.record("transfer.submitted", subject, actor=actor, now=now, buyer_id=found.owner_id)
        outbox.emit(*_messages("transfer_submitted", found))
    return found


def cancel_transfer(*, user: Any, transfer_id: int, actor: Actor, now: datetime) -> Transfer:
    """The owner changes his mind before the transfer is carried out."""
    with transaction.atomic():
        found = Transfer.objects.visible_to(user).select_for_update(of=("self",)).get(pk=transfer_id)
        found.move(Status.CANCELLED)
        found.save(update_fields=["status"])
        subject = f"transfer:{found.pk}"
        trace.record("transfer.cancelled", subject, actor=actor, now=now, buyer_id=found.owner_id)
        outbox.emit(*_messages("transfer_cancelled", found))
    return found


# --- the new owner -------------------------------------------------------------------------------------------------


def draw_accept_link(transfer_id: int) -> str:
    """Makes a new one-time token for the new owner, for the delivery only; what is kept is its hash.

    Empty when there is nothing (any more) for him to answer.
    """
    token = secrets.token_urlsafe(24)
    unanswered = Transfer.objects.filter(
        pk=transfer_id, status=Status.SUBMITTED, acceptance__in=[Acceptance.NOT_ASKED, Acceptance.WAITING]
    )
    drawn = unanswered.update(accept_token_hash=blind_index(f"transfer:{token}"), acceptance=Acceptance.WAITING)
    return token if drawn else ""


def transfer_of_token(token: str) -> Transfer | None:
    """The request that a link belongs to, while the new owner may still answer."""
    rows = Transfer.objects.select_related("device__model__brand", "owner").filter(
        accept_token_hash=blind_index(f"transfer:{token}"), status=Status.SUBMITTED, acceptance=Acceptance.WAITING
    )
    return rows.first()


def send_acceptance_code(*, token: str, now: datetime) -> Transfer:
    """Sends a code to the new owner's phone. Raises Refused `transfer.link_invalid`, Throttled."""
    found = _by_token(token)
    codes.request_code(purpose=purpose_of(found, "new_owner"), phone=found.new_phone, now=now)
    return found


def answer_transfer(*, token: str, accept: bool, code: str, actor: Actor, now: datetime) -> Transfer:
    """The new owner accepts or declines, with the code sent to his phone; the link is spent by it."""
    found = _by_token(token)
    checked = codes.check_code(purpose=purpose_of(found, "new_owner"), text=code, now=now)
    with transaction.atomic(durable=True):
        found = Transfer.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if found.acceptance != Acceptance.WAITING or found.status != Status.SUBMITTED:
            raise Refused("transfer.link_invalid", _("This link is no longer valid."))
        codes.spend_code(checked, now=now)
        found.acceptance = Acceptance.ACCEPTED if accept else Acceptance.DECLINED
        found.answered_at, found.accept_token_hash = now, ""
        found.save(update_fields=["acceptance", "answered_at", "accept_token_hash"])
        subject = f"transfer:{found.pk}"
        trace.record(f"transfer.{found.acceptance}", subject, actor=actor, now=now, buyer_id=found.owner_id)
        outbox.emit(*_messages(f"transfer_{found.acceptance}", found)[1:])
    return found


def _by_token(token: str) -> Transfer:
    found = transfer_of_token(token)
    if found is None:
        raise Refused("transfer.link_invalid", _("This link is no longer valid."))
    return found


# --- the administrator ---------------------------------------------------------------------------------------------


def refuse_transfer(*, transfer_id: int, reason: str, actor: Actor, now: datetime) -> Transfer:
    """An administrator turns the request down, with a reason that the owner is told."""
    reason = clean_lines(reason)
    if not reason:
        raise Refused("transfer.reason_required", _("Say why it is refused."), status=400, field="reason")
    with transaction.atomic(durable=True):
        found = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer_id)
        found.move(Status.REFUSED)
        found.decision_reason, found.decided_at, found.decided_by_id = reason, now, actor.person_id
        found.save(update_fields=["status", "decision_reason", "decided_at", "decided_by"])
        subject = f"transfer:{found.pk}"
        trace.record("transfer.refused", subject, actor=actor, now=now, buyer_id=found.owner_id, reason=reason)
        outbox.emit(*_messages("transfer_refused", found))
    return found


def approve_transfer(*, transfer_id: int, note: str, actor: Actor, now: datetime) -> Executed:
    """Carries the transfer out, whole or not at all.

    The new owner's account is found by national code or made; the device moves; open orders are dropped; the deed is
    signed. Raises Refused `transfer.already_…`, `transfer.blocked`, `transfer.cooling_off`, `transfer.not_accepted`.
    """
    device_id = Transfer.objects.values_list("device_id", flat=True).get(pk=transfer_id)
    with transaction.atomic(durable=True):
        device = Device.objects.select_for_update(of=("self",)).with_names().get(pk=device_id)
        found = Transfer.objects.select_for_update(of=("self",)).select_related("owner__user").get(pk=transfer_id)
        found.move(Status.APPROVED)
        _require_executable(found, device, now=now)
        for effect in settings.TRANSFER_EFFECTS:
            import_string(effect)(device, actor=actor, now=now)
        new_owner, password = _new_owner(found, actor=actor, now=now)
        _move_device(found, device, new_owner, now=now)
        found.record = append_record(
            kind="transfer", buyer_id=found.owner_id, content=_deed(found, device, new_owner, actor, now=now), now=now
        )
        found.new_owner, found.decided_at, found.decided_by_id = new_owner, now, actor.person_id
        found.decision_reason = clean_lines(note)
        found.save()
        trace.record(
            "transfer.approved",
            f"transfer:{found.pk}",
            actor=actor,
            now=now,
            buyer_id=found.owner_id,
            device=device.pk,
            before=found.owner_id,
            after=new_owner.pk,
            record=found.record.code,
        )
        outbox.emit(*_messages("transfer_executed", found))
        announce(new_owner, now=now)
    return Executed(transfer=found, password=password)


def _require_executable(found: Transfer, device: Device, *, now: datetime) -> None:
    if device.owner_id != found.owner_id:
        raise Refused("transfer.not_owner", _("The device no longer belongs to the person who filed the request."))
    if found.submitted_at and now < found.submitted_at + settings.TRANSFER_COOLING_OFF:
        raise Refused("transfer.cooling_off", _("The owner may still cancel; the time to think it over is not over."))
    accepted = found.acceptance == Acceptance.ACCEPTED
    if found.acceptance == Acceptance.DECLINED or (settings.TRANSFER_NEEDS_ACCEPTANCE and not accepted):
        raise Refused("transfer.not_accepted", _("The new owner has not accepted."))
    standing_in_the_way = [found.message for found in blockers(device) if found.policy == "blocks"]
    if standing_in_the_way:
        raise Refused("transfer.blocked", " ".join(standing_in_the_way))


def _new_owner(found: Transfer, *, actor: Actor, now: datetime) -> tuple[Buyer, str]:
    """The buyer with the new owner's national code, or one made for him with a generated password."""
    known = known_buyer(found)
    if known is None:
        try:
            return _make_buyer(found, actor=actor, now=now)
        except (IntegrityError, Refused):  # perhaps another transfer to the same person has just made him
            known = known_buyer(found)
            if known is None:
                raise
    _require_recipient(found, known)
    return known, ""


def known_buyer(found: Transfer) -> Buyer | None:
    """The buyer who already bears the new owner's national code, if there is one."""
    rows = Buyer.objects.select_related("user").filter(national_code_index=blind_index(found.new_national_code))
    return rows.first()


def _make_buyer(found: Transfer, *, actor: Actor, now: datetime) -> tuple[Buyer, str]:
    password = generate_password()
    data = BuyerData(
        first_name=found.new_first_name,
        last_name=found.new_last_name,
        national_code=found.new_national_code,
        city=found.owner.city,
        street="-",
        phone=found.new_phone,
    )
    username = f"b{found.new_phone.removeprefix('+98')}"
    return create_buyer(username=username, password=password, data=data, actor=actor, now=now), password


def _require_recipient(found: Transfer, known: Buyer) -> None:
    if known.pk == found.owner_id:
        raise Refused("transfer.same_owner", _("The new owner is the present owner."))
    if not known.user.is_active:
        raise Refused("transfer.new_owner_closed", _("The new owner's account is closed; open it again first."))


def _move_device(found: Transfer, device: Device, new_owner: Buyer, *, now: datetime) -> None:
    closed = Ownership.objects.filter(device=device, ended_at__isnull=True).update(ended_at=now)
    if not closed:
        Ownership.objects.create(device=device, owner=found.owner, began_at=device.created_at, ended_at=now)
    Ownership.objects.create(device=device, owner=new_owner, began_at=now, transfer=found)
    device.owner = new_owner
    device.save(update_fields=["owner"])


def _deed(found: Transfer, device: Device, new_owner: Buyer, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """What is signed: both sides, the device, the statement, and how each step was confirmed."""
    owner = found.owner
    return {
        "statement": found.statement,
        "reason": found.reason,
        "document_sha256": found.document_sha256,
        "device": {
            "brand": device.model.brand.name,
            "model": device.model.name,
            "identifier_kind": device.identifier_kind,
            "identifier": device.identifier,
        },
        "from": _party(owner),
        "to": _party(new_owner),
        "owner_confirmed_at": _utc(found.submitted_at),
        "owner_code_sent_to": mask_mobile(codes.confirmed_phone(purpose_of(found))),
        "new_owner_acceptance": found.acceptance,
        "new_owner_answered_at": _utc(found.answered_at),
        "new_owner_code_sent_to": mask_mobile(found.new_phone) if found.answered_at else "",
        "approved_by": str(actor.person_id),
        "executed_at": _utc(now),
    }


def _party(buyer: Buyer) -> dict[str, str]:
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "national_code": buyer.national_code,
        "phone": buyer.phone,
    }


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


def remind_transfers(*, now: datetime) -> int:
    """Reminds the administrators of requests that wait for a decision; each step once. Returns how many were due."""
    waiting = Transfer.objects.filter(
        status=Status.SUBMITTED, submitted_at__lte=now - timedelta(days=REMIND_AFTER_DAYS[0])
    )
    due = 0
    for found in waiting:
        waited = (now - (found.submitted_at or now)).days
        step = max(days for days in REMIND_AFTER_DAYS if days <= waited)
        outbox.emit(
            outbox.Outgoing(
                topic="notify.transfer_pending",
                dedupe_key=f"notify.transfer_pending:{found.pk}:{step}",
                payload={"transfer_id": found.pk},
            )
        )
        due += 1
    return due


def _closed(found: Transfer) -> Refused:
    message = _("This request can no longer be changed: %(status)s.") % {"status": found.get_status_display()}
    return Refused(f"transfer.already_{found.status}", message)


def _messages(event: str, found: Transfer) -> list[outbox.Outgoing]:
    """The CRM's message, and the one to the people concerned."""
    return [
        outbox.Outgoing(
            topic="crm.transfer",
            dedupe_key=f"crm.transfer:{found.pk}:{found.status}",
            payload={"transfer_id": found.pk},
            stream=f"crm:{found.owner_id}",
        ),
        outbox.Outgoing(
            topic=f"notify.{event}", dedupe_key=f"notify.{event}:{found.pk}", payload={"transfer_id": found.pk}
        ),
    ]
