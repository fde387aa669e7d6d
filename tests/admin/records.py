"""One record of every kind that the admin shows."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from commerce.models import LedgerEntry, Payment
from customer.models import CorrectionRequest, Trace
from customer.services import trace
from customer.services.service import choose_mode
from integrations.models import DeliveryReport, MessageTemplate, OutboxMessage, SmsCredit
from kernel.actor import SYSTEM
from tests.factories.commerce import actor_of, make_order, make_payment, make_plans, make_vat
from tests.factories.customer import make_active_device, make_expired_device
from tests.factories.papers import make_new_device, make_sign_off, make_submitted


def make_message(n: int = 1, *, status: str = OutboxMessage.Status.PARKED, **values) -> OutboxMessage:
    now = timezone.now()
    values = {"topic": "crm.buyer", "payload": {"buyer_id": n}, "last_error": "refused"} | values
    return OutboxMessage.objects.create(
        dedupe_key=f"test:{n}", status=status, next_attempt_at=now, created_at=now, **values
    )


def make_report(n: int = 1, **values) -> DeliveryReport:
    now = timezone.now()
    values = {"provider": "kavenegar", "status": "delivered", "code": "10", "at": now, "received_at": now} | values
    return DeliveryReport.objects.create(external_id=f"{8792342 + n}", **values)


def make_correction(buyer, field="street", proposed="خیابان گاندی") -> CorrectionRequest:
    current = getattr(buyer, field)
    return CorrectionRequest.objects.create(buyer=buyer, field=field, current=current, proposed=proposed)


def make_all() -> dict[str, object]:
    """A buyer with a device, a period, a choice, an order, a payment, an account, a correction, a message, a trace."""
    device = make_expired_device()
    now = timezone.now()
    choice = choose_mode(
        buyer=device.owner, device_id=device.pk, choice="pay_per_case", actor=actor_of(device), now=now
    )
    make_plans(device.model)
    make_vat()
    order = make_order(device)
    payment = make_payment(order, status=Payment.Status.UNKNOWN, next_check_at=now + timedelta(hours=1))
    entry = LedgerEntry.objects.create(
        buyer=device.owner,
        sequence=1,
        kind="credit",
        amount_rial=-10_000_000,
        balance_rial=-10_000_000,
        payment=payment,
        created_at=now,
    )
    MessageTemplate.objects.create(key="code", text="کد شما {digits}")
    trace.record("device.changed", f"device:{device.pk}", actor=SYSTEM, now=now, buyer_id=device.owner_id)
    return {
        "customer/buyer": device.owner,
        "customer/device": device,
        "customer/serviceperiod": device.periods.get(),
        "customer/servicechoice": choice,
        "customer/signoff": make_sign_off(make_new_device(device.owner)),
        "customer/transfer": make_submitted(make_active_device(device.owner)),
        "customer/correctionrequest": make_correction(device.owner),
        "customer/trace": Trace.objects.latest("pk"),
        "commerce/order": order,
        "commerce/payment": payment,
        "commerce/ledgerentry": entry,
        "integrations/outboxmessage": make_message(),
        "integrations/deliveryreport": make_report(),
        "integrations/smscredit": SmsCredit.objects.create(provider="kavenegar", rial=5_000_000, checked_at=now),
    }
