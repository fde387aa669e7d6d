"""The account of each buyer: append-only entries whose sum is the balance."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commerce.models.payment import Payment
from customer.models import Buyer
from customer.models.buyer import buyer_behind


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()


class LedgerEntry(models.Model):
    """Positive amounts are owed by the buyer, negative ones are his credit. Rows are never changed (frozen)."""

    class Kind(models.TextChoices):
        CREDIT = "credit", _("credit from a second payment")

    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="ledger", verbose_name=_("buyer"))
    sequence = models.PositiveIntegerField(_("sequence"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    amount_rial = models.BigIntegerField(_("amount, rial"))
    balance_rial = models.BigIntegerField(_("balance, rial"))
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_entry", verbose_name=_("payment")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["buyer_id", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["buyer", "sequence"], name="ledger_sequence_once_per_buyer"),
            models.CheckConstraint(condition=~Q(amount_rial=0), name="ledger_amount_not_zero"),
            models.CheckConstraint(condition=Q(payment__isnull=False), name="ledger_entry_has_document"),
        ]

    def __str__(self) -> str:
        return f"{self.buyer_id} · {self.sequence}"
