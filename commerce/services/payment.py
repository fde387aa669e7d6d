"""Paying an order: the browser's word is a hint, the truth comes from the gateway's verify call.

Verbs (`open_payment`, `begin_check`, `settle_payment`…) are one transaction each and never touch the network; journeys
(`start_payment`, `check_payment`, the sweeps) call the gateway between them, holding no lock. Locks are taken in the
order device → order → payment → buyer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from commerce.models import Order, Payment
from commerce.services import settlement
from customer.models import Buyer
from customer.services import trace
from integrations import payments as gateways
from integrations.ports import DeliveryError, PaymentPort, Session, SessionRequest, Verdict, VerdictKind
from kernel.actor import Actor
from kernel.refused import Refused

logger = logging.getLogger(__name__)

FIRST_CHECK = timedelta(minutes=2)
CHECK_LEASE = timedelta(seconds=45)
ASKED_FIELDS = ["status", "checks", "lease_until", "next_check_at", "was_uncertain", "returned_at"]
Status = Payment.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question to a gateway that this process alone may ask just now."""

    payment_id: UUID
    gateway: str
    authority: str
    amount_rial: int
    lease_until: datetime


# --- setting out ---------------------------------------------------------------------------------------------------


def start_payment(
    *, buyer: Buyer, number: str, gateway: str | None, callback_url: str, actor: Actor, now: datetime
) -> Payment:
    """Journey: a payment with the address of the bank's page. `callback_url` contains `{gateway}` and `{payment_id}`.

    Raises Refused `order.not_open`, `order.lapsed`, `payment.in_doubt`, `payment.under_review`,
    `payment.gateway_unknown`, `payment.gateway_unavailable`; Order.DoesNotExist for a foreign order.
    """
    port = _port(gateway)
    payment = open_payment(buyer=buyer, number=number, gateway=port.name, actor=actor, now=now)
    request = SessionRequest(
        payment_id=str(payment.pk),
        amount_rial=payment.amount_rial,
        description=_("Order %(number)s") % {"number": number},
        callback_url=callback_url.format(gateway=port.name, payment_id=payment.pk),
        mobile=buyer.phone,
    )
    try:
        session = port.create_session(request)
        return record_session(payment_id=payment.pk, session=session, now=now)
    except (DeliveryError, IntegrityError) as error:  # IntegrityError: an id that the gateway has given before
        # Nobody has been sent to the bank yet, so no money can have moved, whatever became of the call.
        abandon_payment(payment_id=payment.pk, reason=str(error))
        logger.warning("payment.session_failed gateway=%s payment=%s: %s", port.name, payment.pk, error)
        raise Refused(
            "payment.gateway_unavailable",
            _("The payment gateway does not answer at the moment. Your order stays open; please try again shortly."),
            status=503,
            next_label=_("Back to the order"),
            next_url=f"/orders/{number}/",
        ) from error


def open_payment(*, buyer: Buyer, number: str, gateway: str, actor: Actor, now: datetime) -> Payment:
    """Writes a new attempt at today's open order, the amount copied from our own row."""
    with transaction.atomic(durable=True):
        order = Order.objects.select_for_update().get(number=number, buyer=buyer)
        require_payable(order, now=now)
        payment = Payment.objects.create(order=order, gateway=gateway, amount_rial=order.total_rial, created_at=now)
        trace.record(
            "payment.opened",
            f"payment:{payment.pk}",
            actor=actor,
            now=now,
            buyer_id=buyer.pk,
            order=number,
            gateway=gateway,
            amount_rial=payment.amount_rial,
        )
    return payment


def require_payable(order: Order, *, now: datetime) -> None:
    """Guard on a locked order: open, at a price that holds, and no earlier payment that may turn out to be paid.

    Raises Refused `order.not_open`, `order.lapsed`, `payment.in_doubt`, `payment.under_review`.
    """
    earlier = set(order.payments.values_list("status", flat=True))
    if order.status != Order.Status.OPEN:
        code, message = "order.not_open", _("This order is no longer open.")
    elif order.expires_at <= now:
        code, message = "order.lapsed", _("The price of this order has lapsed; please choose the term again.")
    elif earlier & set(Payment.IN_DOUBT):
        code = "payment.in_doubt"
        message = _("We are asking the bank about your earlier payment. Please do not pay again until it answers.")
    elif Status.MISMATCH in earlier:
        code = "payment.under_review"
        message = _("Our finance department is looking at an earlier payment of this order. Please do not pay again.")
    else:
        return
    raise Refused(code, message, next_label=_("See the order"), next_url=f"/orders/{order.number}/")


def record_session(*, payment_id: UUID, session: Session, now: datetime) -> Payment:
    """Stores the gateway's id before the browser is sent there."""
    with transaction.atomic(durable=True):
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        payment.move(Status.REDIRECTED)
        payment.authority, payment.redirect_url = session.authority, session.redirect_url
        payment.redirected_at, payment.next_check_at = now, now + FIRST_CHECK
        payment.save(update_fields=["status", "authority", "redirect_url", "redirected_at", "next_check_at"])
    return payment


def abandon_payment(*, payment_id: UUID, reason: str) -> None:
    """Closes an attempt that never reached the bank."""
    with transaction.atomic(durable=True):
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        payment.move(Status.FAILED)
        payment.result_code, payment.result_reason = "no_session", reason[:300]
        payment.save(update_fields=["status", "result_code", "result_reason"])


# --- coming back ---------------------------------------------------------------------------------------------------


def check_payment(*, payment_id: UUID, now: datetime, claims_paid: bool | None = None) -> Payment:
    """Journey: asks the gateway about a payment and settles what it says. Safe to repeat, from anywhere.

    `claims_paid` is the hint of a returning browser (None: nobody returned). Only one process asks at a time; the
    others get the payment as it stands.
    """
    check = begin_check(payment_id=payment_id, returned=claims_paid is not None, now=now)
    if check is None:
        return Payment.objects.select_related("order").get(pk=payment_id)
    port = gateways.gateway(check.gateway)
    verdict = port.verify(authority=check.authority, amount_rial=check.amount_rial)
    return settle_payment(check=check, verdict=verdict, cancelled=claims_paid is False, now=now)


def begin_check(*, payment_id: UUID, returned: bool, now: datetime) -> Check | None:
    """Takes the right to ask, under a lease; None when there is nothing to ask or somebody is asking."""
    with transaction.atomic(durable=True):
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        first_return = returned and payment.returned_at is None
        payment.returned_at = now if first_return else payment.returned_at
        leased = payment.lease_until is not None and payment.lease_until > now
        if leased or payment.authority is None or Status.VERIFYING not in Payment.MOVES.get(payment.status, set()):
            if first_return:
                payment.save(update_fields=["returned_at"])
            return None
        payment.was_uncertain = payment.was_uncertain or payment.status in Payment.IN_DOUBT
        payment.move(Status.VERIFYING)
        payment.checks += 1
        payment.lease_until = payment.next_check_at = now + CHECK_LEASE
        payment.save(update_fields=ASKED_FIELDS)
        return Check(
            payment_id=payment.pk,
            gateway=payment.gateway,
            authority=payment.authority,
            amount_rial=payment.amount_rial,
            lease_until=payment.lease_until,
        )


def settle_payment(*, check: Check, verdict: Verdict, cancelled: bool, now: datetime) -> Payment:
    """Writes down what the gateway said; a paid payment has its whole effect in this one transaction."""
    try:
        return settlement.apply_verdict(check.payment_id, verdict=verdict, cancelled=cancelled, now=now)
    except IntegrityError:
        others = Payment.objects.filter(gateway=check.gateway, reference=verdict.reference)
        if not others.exclude(pk=check.payment_id).exists():
            raise
        logger.error("payment.reference_reused payment=%s reference=%s", check.payment_id, verdict.reference)
        clash = Verdict(
            kind=VerdictKind.MISMATCH,
            code="reference_reused",
            reason=f"reference {verdict.reference} already belongs to another payment",
            raw=verdict.raw,
        )
        return settlement.apply_verdict(check.payment_id, verdict=clash, cancelled=False, now=now)


# --- sweeping ------------------------------------------------------------------------------------------------------


def sweep_payments(*, now: datetime, limit: int = 50) -> int:
    """Journey: asks about every payment whose next question is due; returns how many."""
    due = Payment.objects.filter(
        status__in=[Status.REDIRECTED, Status.VERIFYING, Status.UNKNOWN], next_check_at__lte=now
    ).order_by("next_check_at")
    asked = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        check_payment(payment_id=pk, now=now)
        asked += 1
    drop_unsent(now=now)
    return asked


def drop_unsent(*, now: datetime) -> int:
    """Closes attempts that died before a session was opened (the process was killed): no money can have moved."""
    old = Payment.objects.filter(status=Status.CREATED, created_at__lte=now - settings.PAYMENT_SESSION_LIFETIME)
    for pk in list(old.values_list("pk", flat=True)[:100]):
        abandon_payment(payment_id=pk, reason="never sent to the bank")
    return len(old)


def recover_unverified(*, now: datetime) -> int:
    """Journey: payments that a gateway holds as paid and unverified are asked about, even if given up here."""
    recovered = 0
    for port in gateways.enabled_gateways():
        try:
            waiting = port.list_unverified()
        except DeliveryError as error:
            logger.warning("payment.unverified_list_failed gateway=%s: %s", port.name, error)
            continue
        ours = Payment.objects.filter(gateway=port.name, authority__in=[row.authority for row in waiting])
        for pk in list(ours.exclude(status__in=[Status.PAID, Status.MISMATCH]).values_list("pk", flat=True)):
            recovered += check_payment(payment_id=pk, now=now).status == Status.PAID
    return recovered


def ask_bank_again(*, payment_id: UUID, actor: Actor, now: datetime) -> Payment:
    """Journey: a person in finance asks at once. Raises Refused `payment.nothing_to_ask` when it is settled."""
    payment = Payment.objects.get(pk=payment_id)
    if Status.VERIFYING not in Payment.MOVES.get(payment.status, set()) or payment.authority is None:
        raise Refused("payment.nothing_to_ask", _("There is nothing to ask the bank about this payment."))
    with transaction.atomic(durable=True):
        trace.record("payment.asked_again", f"payment:{payment_id}", actor=actor, now=now)
    return check_payment(payment_id=payment_id, now=now)


def _port(name: str | None) -> PaymentPort:
    enabled = gateways.enabled_gateways()
    for port in enabled:
        if name in {None, "", port.name}:
            return port
    message = _("This gateway is not available.")
    raise Refused("payment.gateway_unknown", message, status=400, field="gateway")
