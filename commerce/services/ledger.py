"""Writing into a buyer's account."""

from __future__ import annotations

from datetime import datetime

from commerce.models import LedgerEntry, Payment
from customer.models import Buyer


def credit_payment(payment: Payment, *, buyer_id: int, note: str, now: datetime) -> LedgerEntry:
    """Step: money that came without an open order to spend it on becomes the buyer's credit.

    Locks the buyer's row, so that sequence and running balance cannot race.
    """
    Buyer.objects.select_for_update().get(pk=buyer_id)
    last = LedgerEntry.objects.filter(buyer_id=buyer_id).order_by("-sequence").first()
    return LedgerEntry.objects.create(
        buyer_id=buyer_id,
        sequence=last.sequence + 1 if last else 1,
        kind=LedgerEntry.Kind.CREDIT,
        amount_rial=-payment.taken_rial,
        balance_rial=(last.balance_rial if last else 0) - payment.taken_rial,
        payment=payment,
        note=note,
        created_at=now,
    )
