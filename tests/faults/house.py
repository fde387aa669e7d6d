"""The whole house against the stand-ins: a buyer renews and pays, messages leave, time passes, the books are proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone

from commerce.audit import CHECKS
from commerce.models import LedgerEntry, Order, Payment
from commerce.services import payment as payments
from customer.models import Device
from integrations import outbox
from integrations.models import OutboxMessage
from integrations.sandbox.server import Sandbox
from kernel.jalali import contract_end, tehran_today
from tests.factories.commerce import actor_of, make_order, make_plans, make_vat
from tests.factories.customer import make_expired_device

# The stand-ins answer within milliseconds, on a busy machine within seconds. What hangs is waited for but briefly.
PATIENCE, SHORT_PATIENCE = 10.0, 0.4
HANGS = {"delay", "timeout_before", "timeout_after_effect", "trickle"}
NET_RIAL, VAT_BASIS_POINTS, TOTAL_RIAL = 89_000_000, 1000, 97_900_000


@dataclass
class House:
    """One buyer with an expired device. `ahead`: how far the worker's clock has been turned on."""

    sandbox: Sandbox
    ahead: timedelta = timedelta()
    browser: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.device = make_expired_device()
        make_vat(VAT_BASIS_POINTS)
        make_plans(self.device.model, 48_000_000, NET_RIAL, 126_000_000)

    # --- what people do ----------------------------------------------------------------------------------------------

    def order(self) -> Order:
        """The buyer chooses two years."""
        return make_order(self.device, years=2, now=self.now)

    def start(self, order: Order) -> Payment:
        """The buyer presses "pay"."""
        return payments.start_payment(
            buyer=order.buyer,
            number=order.number,
            gateway=None,
            callback_url=f"{settings.PUBLIC_URL}/payments/return/{{gateway}}/{{payment_id}}/",
            actor=actor_of(order.device),
            now=self.now,
        )

    def at_the_bank(self, payment: Payment, result: str = "paid") -> str:
        """The buyer presses a button of the bank's page; returns where it sends the browser, "" if nowhere."""
        answer = requests.post(payment.redirect_url, data={"result": result}, allow_redirects=False, timeout=10)
        assert answer.status_code in {200, 302}
        return answer.headers.get("Location", "")

    def come_back(self, address: str) -> None:
        """The browser follows the bank's redirect, without a session."""
        parts = urlsplit(address)
        answer = self.browser.get(f"{parts.path}?{parts.query}")
        assert (answer.status_code, urlsplit(answer["Location"]).path[:8]) == (303, "/orders/")

    def pay(self, order: Order) -> Payment:
        """From "pay" to the return from the bank."""
        payment = self.start(order)
        self.come_back(self.at_the_bank(payment))
        payment.refresh_from_db()
        return payment

    # --- what the worker does ----------------------------------------------------------------------------------------

    def deliver(self) -> int:
        """One round of the worker on the outbox."""
        return outbox.deliver_due(now=lambda: self.now)

    def sweep(self) -> int:
        """One round of the worker on payments."""
        return payments.sweep_payments(now=self.now)

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    def wait(self, **length: float) -> None:
        self.ahead += timedelta(**length)

    def wait_for(self, moment: datetime) -> None:
        """Turns the clock to just after this moment, never back."""
        self.ahead = max(self.ahead, moment - timezone.now() + timedelta(milliseconds=1))

    def wait_for_messages(self, *, rounds: int = 30) -> None:
        """Lets time pass, message by message, until every one has arrived or needs a person."""
        for _ in range(rounds):
            self.deliver()
            waiting = OutboxMessage.objects.exclude(status__in=["delivered", "parked"])
            if not waiting:
                return
            # What is due already waits behind another message of its stream.
            self.wait_for(min(m.next_attempt_at for m in waiting if m.next_attempt_at > self.now))
        raise AssertionError(f"still waiting: {[(m.dedupe_key, m.status, m.last_error) for m in waiting]}")

    def wait_for_payment(self, payment: Payment, *, rounds: int = 5) -> Payment:
        """Lets time pass, question by question, until the bank has answered."""
        for _ in range(rounds):
            payment.refresh_from_db()
            if payment.status not in Payment.UNDER_WAY:
                break
            self.wait_for(payment.next_check_at)
            self.sweep()
        payment.refresh_from_db()
        return payment

    # --- what went wrong ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def struck(self, provider: str, fault: str, **options: Any) -> Iterator[None]:
        """The next fitting call meets the fault, and does so within the block."""
        self.sandbox.arm(provider, fault, **options)
        settings.PROVIDER_TIMEOUT_SECONDS = SHORT_PATIENCE if fault in HANGS else PATIENCE
        yield
        settings.PROVIDER_TIMEOUT_SECONDS = PATIENCE
        assert self.sandbox.dial.armed() == [], "the fault was not met"

    # --- what stands in the books ------------------------------------------------------------------------------------

    def message(self, topic: str) -> OutboxMessage:
        return OutboxMessage.objects.get(topic=topic)

    def standing(self) -> tuple[str, object]:
        """The device's service status, and its last day."""
        device = Device.objects.with_standing(tehran_today(self.now)).get(pk=self.device.pk)
        return str(device.standing.status), device.standing.service_ends_on

    def assert_renewed_once(self, order: Order) -> None:
        """Exactly two years, one receipt, one payment here and at the bank, whatever went wrong on the way."""
        order.refresh_from_db()
        assert (order.status, order.total_rial) == ("paid", TOTAL_RIAL)
        assert self.device.periods.filter(origin="renewal").count() == 1
        starts_on = order.service_period.starts_on
        assert starts_on == tehran_today(order.paid_at)
        assert self.standing() == ("renewed", contract_end(starts_on, 2))
        ours = Payment.objects.filter(status="paid").values_list("authority", "amount_rial", "reference")
        verified = [row for row in self.sandbox.snapshot()["payments"] if row["status"] == "verified"]
        assert list(ours) == [(row["authority"], row["amount"], str(row["ref_id"])) for row in verified]
        assert len(verified) == 1
        assert not LedgerEntry.objects.exists()
        assert audit() == []

    def assert_told_once(self, order: Order) -> None:
        """One contact, one won deal, one SMS, and no message left over."""
        order.refresh_from_db()
        assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"delivered"}
        received = self.sandbox.snapshot()
        [contact], [deal], [sms] = received["didar"]["contacts"], received["didar"]["deals"], received["sms"]
        assert contact["LastName"] == order.buyer.last_name
        assert (deal["PersonId"], deal["Status"], deal["Price"]) == (contact["Id"], "Won", TOTAL_RIAL)
        assert f"REF: ORDER-{order.number}" in deal["Description"].splitlines()
        assert order.receipt_number in sms["message"]
        assert sms["messageid"] == int(self.message("notify.renewal_paid").external_id)
        assert order.buyer.inbox.count() == 1


def audit() -> list[str]:
    """What is wrong with the books: nothing."""
    return [breach for check in CHECKS for breach in check()]
