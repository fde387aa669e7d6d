"""Payments under review: a person in finance releases or closes them, after another look at what the gateway says.

The gateway's own word decides what is possible: money that it holds can only be released, money that it does not hold
only closed. Neither changes anything while it does not answer.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from commerce.models import Payment
from commerce.services import settlement
from integrations import payments as gateways
from integrations.ports import Verdict, VerdictKind
from kernel.actor import Actor
from kernel.persian import clean_lines
from kernel.refused import Refused


def release_mismatch(*, payment_id: UUID, reason: str, actor: Actor, now: datetime) -> Payment:
    """Journey: the gateway proves the money (its receipt number, the amount): it pays the order or becomes credit.

    Raises Refused `payment.reason_required`, `payment.already_settled`, `payment.bank_silent`, `payment.no_proof`,
    `payment.reference_reused`.
    """
    reason = _required(reason)
    payment = Payment.objects.get(pk=payment_id)
    verdict = _second_look(payment)
    if not _names_money(verdict):
        message = _("The bank's answer names no receipt number or no amount; there is nothing that could be released.")
        raise Refused("payment.no_proof", message)
    if _belongs_to_another(payment, verdict):
        raise _reused()
    try:
        return settlement.release(payment_id, verdict=verdict, actor=actor, reason=reason, now=now)
    except IntegrityError as error:
        if _belongs_to_another(payment, verdict):  # another payment has taken the receipt number in this very moment
            raise _reused() from error
        raise


def close_mismatch(*, payment_id: UUID, reason: str, actor: Actor, now: datetime) -> Payment:
    """Journey: the gateway holds no money for it (any more): it counts as not paid, and the order can be paid again.

    Raises Refused `payment.reason_required`, `payment.already_settled`, `payment.bank_silent`, `payment.money_at_bank`.
    """
    reason = _required(reason)
    payment = Payment.objects.get(pk=payment_id)
    verdict = _second_look(payment)
    if verdict.reference and not _belongs_to_another(payment, verdict):
        message = _("The bank holds money for this payment (receipt number %(reference)s). Release it instead.")
        raise Refused("payment.money_at_bank", message % {"reference": verdict.reference})
    return settlement.close(payment_id, verdict=verdict, actor=actor, reason=reason, now=now)


def _required(reason: str) -> str:
    reason = clean_lines(reason)
    if not reason:
        raise Refused("payment.reason_required", _("Say why."), status=400, field="reason")
    return reason


def _second_look(payment: Payment) -> Verdict:
    settlement.require_under_review(payment)
    if payment.authority is None:
        raise Refused("payment.nothing_to_ask", _("There is nothing to ask the bank about this payment."))
    verdict = gateways.gateway(payment.gateway).verify(authority=payment.authority, amount_rial=payment.amount_rial)
    if verdict.kind == VerdictKind.UNKNOWN:
        message = _("The bank gives no clear answer just now. Nothing was changed; please try again later.")
        raise Refused("payment.bank_silent", message, status=503)
    return verdict


def _names_money(verdict: Verdict) -> bool:
    """Whether it proves money: a receipt number, and an amount, which a plain "paid" need not repeat."""
    if not verdict.reference:
        return False
    return verdict.kind == VerdictKind.PAID or (verdict.amount_rial or 0) > 0


def _belongs_to_another(payment: Payment, verdict: Verdict) -> bool:
    others = Payment.objects.filter(gateway=payment.gateway, reference=verdict.reference)
    return bool(verdict.reference) and others.exclude(pk=payment.pk).exists()


def _reused() -> Refused:
    message = _("The bank's receipt number already belongs to another payment; this one can only be closed.")
    return Refused("payment.reference_reused", message)
