"""What a gateway's verdict does: the one transaction in which a payment becomes paid and has its effect."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from commerce.models import Order, Payment
from commerce.services.ledger import credit_payment
from commerce.services.number import take_number
from commerce.services.order import crm_message
from commerce.services.renewal import fulfil_renewal
from customer.models import Device
from customer.services import trace
from integrations import outbox
from integrations.ports import Verdict, VerdictKind
from kernel.actor import SYSTEM, Actor
from kernel.refused import Refused

logger = logging.getLogger(__name__)
Status = Payment.Status


def apply_verdict(payment_id: UUID, *, verdict: Verdict, cancelled: bool, now: datetime) -> Payment:
    """Settles a payment that is being asked about. A payment already settled by somebody else is left as it is.

    `cancelled`: the browser came back saying that nothing was paid; it decides only when the bank agrees.
    Raises IntegrityError when the reference belongs to another payment; nothing is written then.
    """
    with transaction.atomic(durable=True):
        payment, device = _locked(payment_id)
        if payment.status != Status.VERIFYING:
            return payment
        verdict = _doubted(payment, verdict)
        payment.lease_until = None
        payment.result_code, payment.result_reason = verdict.code[:30], verdict.reason[:300]
        payment.raw_reply = verdict.raw
        if verdict.kind == VerdictKind.PAID:
            _pay(payment, device, verdict, now=now)
        elif verdict.kind == VerdictKind.MISMATCH:
            _quarantine(payment, verdict, now=now)
        elif verdict.kind == VerdictKind.UNKNOWN:
            _wait(payment, now=now)
        else:
            _not_paid(payment, cancelled=cancelled, now=now)
        payment.save()
    return payment


def release(payment_id: UUID, *, verdict: Verdict, actor: Actor, reason: str, now: datetime) -> Payment:
    """Finance lets a payment under review stand, at the amount that the gateway's proof names.

    The asked amount pays the order, if it still waits; any other becomes the buyer's credit. Raises Refused
    `payment.already_settled`; IntegrityError when the reference belongs to another payment.
    """
    with transaction.atomic(durable=True):
        payment, device = _locked_under_review(payment_id)
        amount = payment.amount_rial if verdict.amount_rial is None else verdict.amount_rial
        payment.result_code, payment.result_reason = verdict.code[:30], verdict.reason[:300]
        payment.raw_reply = verdict.raw
        payment.settled_rial = None if amount == payment.amount_rial else amount
        _trace_of_person(payment, "payment.released", actor, now=now, reason=reason, taken_rial=amount)
        _pay(payment, device, verdict, now=now)
        payment.save()
    return payment


def close(payment_id: UUID, *, verdict: Verdict, actor: Actor, reason: str, now: datetime) -> Payment:
    """Finance closes a payment under review for which the bank holds no money. Raises `payment.already_settled`."""
    with transaction.atomic(durable=True):
        payment, _device = _locked_under_review(payment_id)
        payment.move(Status.FAILED)
        payment.result_code, payment.result_reason = verdict.code[:30], verdict.reason[:300]
        payment.raw_reply = verdict.raw
        payment.save(update_fields=["status", "result_code", "result_reason", "raw_reply"])
        _trace_of_person(payment, "payment.closed", actor, now=now, reason=reason, code=verdict.code)
    return payment


def _locked_under_review(payment_id: UUID) -> tuple[Payment, Device | None]:
    payment, device = _locked(payment_id)
    require_under_review(payment)
    return payment, device


def require_under_review(payment: Payment) -> None:
    """Raises Refused `payment.already_settled`."""
    if payment.status != Status.MISMATCH:
        message = _("This payment is not under review any more: %(state)s.") % {"state": payment.get_status_display()}
        raise Refused("payment.already_settled", message)


def _trace_of_person(payment: Payment, verb: str, actor: Actor, *, now: datetime, **data: Any) -> None:
    order = payment.order
    trace.record(
        verb, f"payment:{payment.pk}", actor=actor, now=now, buyer_id=order.buyer_id, order=order.number, **data
    )


def _doubted(payment: Payment, verdict: Verdict) -> Verdict:
    """A "paid" over another amount, or without a reference, is not believed."""
    if verdict.kind != VerdictKind.PAID:
        return verdict
    if verdict.amount_rial is not None and verdict.amount_rial != payment.amount_rial:
        reason = f"the gateway speaks of {verdict.amount_rial} rial, we asked for {payment.amount_rial}"
        return Verdict(kind=VerdictKind.MISMATCH, code="wrong_amount", reason=reason, raw=verdict.raw)
    if not verdict.reference:
        return Verdict(kind=VerdictKind.UNKNOWN, code="no_reference", reason="paid, but no reference", raw=verdict.raw)
    return verdict


def _locked(payment_id: UUID) -> tuple[Payment, Device | None]:
    """The payment with its order, locked, after the device: device → order → payment is the order everywhere."""
    device = Device.objects.select_for_update(of=("self",)).filter(orders__payments=payment_id).first()
    rows = Payment.objects.select_for_update(of=("self", "order")).select_related("order")
    return rows.get(pk=payment_id), device


def _pay(payment: Payment, device: Device | None, verdict: Verdict, *, now: datetime) -> None:
    payment.move(Status.PAID)
    payment.paid_at, payment.next_check_at = now, None
    payment.reference, payment.card_masked, payment.card_hash = (
        verdict.reference,
        verdict.card_masked,
        verdict.card_hash,
    )
    order = payment.order
    if order.status == Order.Status.OPEN and payment.taken_rial == order.total_rial and device is not None:
        _fulfil(payment, device, now=now)
    else:
        _keep_as_credit(payment, now=now)


def _fulfil(payment: Payment, device: Device, *, now: datetime) -> None:
    order = payment.order
    period = fulfil_renewal(order, device=device, now=now)
    order.move(Order.Status.PAID)
    order.service_period, order.paid_at = period, now
    order.receipt_number = take_number("receipt", now=now, prefix="R")
    order.save(update_fields=["status", "paid_at", "receipt_number", "service_period"])
    _trace(
        payment,
        "order.paid",
        now=now,
        reference=payment.reference,
        amount_rial=payment.amount_rial,
        device=device.pk,
        starts_on=period.starts_on.isoformat(),
        ends_on=period.ends_on.isoformat(),
    )
    told = outbox.Outgoing(
        topic="notify.renewal_paid",
        dedupe_key=f"notify.renewal_paid:{order.number}",
        payload={"order_id": order.pk},
    )
    outbox.emit(crm_message(order), told)


def _keep_as_credit(payment: Payment, *, now: datetime) -> None:
    """The order was paid already, or given up: the money is the buyer's, on his account."""
    order = payment.order
    # The ledger entry points to the payment as its document.
    payment.save()
    credit_payment(payment, buyer_id=order.buyer_id, note=_("Order %(number)s") % {"number": order.number}, now=now)
    _trace(payment, "payment.credited", now=now, reference=payment.reference, amount_rial=payment.taken_rial)
    outbox.emit(
        outbox.Outgoing(
            topic="notify.credit_noted",
            dedupe_key=f"notify.credit_noted:{payment.pk}",
            payload={"payment_id": str(payment.pk)},
        )
    )


def _quarantine(payment: Payment, verdict: Verdict, *, now: datetime) -> None:
    payment.move(Status.MISMATCH)
    payment.next_check_at = None
    logger.error("payment.mismatch payment=%s code=%s: %s", payment.pk, verdict.code, verdict.reason)
    _trace(payment, "payment.mismatch", now=now, code=verdict.code)


def _wait(payment: Payment, *, now: datetime) -> None:
    """No answer: ask again on a growing schedule; never shown as failed."""
    payment.move(Status.UNKNOWN)
    payment.was_uncertain = True
    schedule: list[int] = settings.PAYMENT_RECHECK_SECONDS
    wait = schedule[payment.checks - 1] if payment.checks <= len(schedule) else 3600
    payment.next_check_at = now + timedelta(seconds=wait)
    if payment.checks == len(schedule):
        logger.error("payment.still_unknown payment=%s: a person must look", payment.pk)


def _not_paid(payment: Payment, *, cancelled: bool, now: datetime) -> None:
    """The bank has no payment. Final when the buyer said so too or the page has lapsed; else it may still come."""
    opened_at = payment.redirected_at or payment.created_at
    if cancelled:
        payment.move(Status.FAILED)
        payment.next_check_at = None
        _trace(payment, "payment.failed", now=now)
    elif now >= opened_at + settings.PAYMENT_SESSION_LIFETIME:
        payment.move(Status.EXPIRED)
        payment.next_check_at = None
        _trace(payment, "payment.expired", now=now)
    else:
        payment.move(Status.REDIRECTED)
        payment.next_check_at = now + timedelta(minutes=2)


def _trace(payment: Payment, verb: str, *, now: datetime, **data: Any) -> None:
    trace.record(
        verb,
        f"payment:{payment.pk}",
        actor=SYSTEM,
        now=now,
        buyer_id=payment.order.buyer_id,
        order=payment.order.number,
        **data,
    )
