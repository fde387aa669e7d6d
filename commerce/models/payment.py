"""Attempts to pay an order at a gateway."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commerce.models.order import Order
from customer.models.buyer import buyer_behind


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(order__buyer=buyer) if buyer else self.none()

    def in_doubt(self) -> Self:
        """Money may have moved and we do not know: no second attempt is offered meanwhile."""
        return self.filter(status__in=Payment.IN_DOUBT)

    def under_way(self) -> Self:
        """Not final yet: the order must not be dropped."""
        return self.filter(status__in=Payment.UNDER_WAY)


class Payment(models.Model):
    """One attempt. The amount is frozen; the truth about it comes from the gateway's verify call only.

    A lost reply is `unknown`, never `failed`. `mismatch` is quarantined until finance releases or closes it.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("being prepared")
        REDIRECTED = "redirected", _("at the bank")
        VERIFYING = "verifying", _("asking the bank")
        PAID = "paid", _("paid")
        FAILED = "failed", _("not paid")
        EXPIRED = "expired", _("expired")
        UNKNOWN = "unknown", _("waiting for the bank's answer")
        MISMATCH = "mismatch", _("under review by finance")

    IN_DOUBT: ClassVar[tuple[str, ...]] = (Status.VERIFYING, Status.UNKNOWN)
    UNDER_WAY: ClassVar[tuple[str, ...]] = (Status.CREATED, Status.REDIRECTED, Status.VERIFYING, Status.UNKNOWN)
    # A payment given up can turn out to be paid: the gateway's list of unverified payments may reopen it.
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.CREATED: {Status.REDIRECTED, Status.FAILED, Status.EXPIRED},
        Status.REDIRECTED: {Status.VERIFYING},
        Status.VERIFYING: {
            Status.VERIFYING,
            Status.PAID,
            Status.FAILED,
            Status.EXPIRED,
            Status.UNKNOWN,
            Status.MISMATCH,
            Status.REDIRECTED,
        },
        Status.UNKNOWN: {Status.VERIFYING},
        Status.FAILED: {Status.VERIFYING},
        Status.EXPIRED: {Status.VERIFYING},
        Status.MISMATCH: {Status.PAID, Status.FAILED},  # by a person in finance, never by itself
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments", verbose_name=_("order"))
    gateway = models.CharField(_("gateway"), max_length=20)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.CREATED)
    amount_rial = models.BigIntegerField(_("amount, rial"))
    settled_rial = models.BigIntegerField(
        _("amount that the bank took, rial"),
        null=True,
        blank=True,
        help_text=_("Only where finance released a payment over another amount than was asked for."),
    )
    authority = models.CharField(_("gateway's id"), max_length=80, null=True, blank=True)
    redirect_url = models.CharField(max_length=500, blank=True, editable=False)
    reference = models.CharField(_("bank reference"), max_length=80, null=True, blank=True)
    card_masked = models.CharField(_("card"), max_length=30, blank=True)
    card_hash = models.CharField(max_length=128, blank=True, editable=False)
    result_code = models.CharField(_("result code"), max_length=30, blank=True)
    result_reason = models.CharField(_("result"), max_length=300, blank=True)
    raw_reply = models.JSONField(_("gateway's last reply"), default=dict, blank=True)
    was_uncertain = models.BooleanField(_("was in doubt"), default=False)
    checks = models.PositiveIntegerField(_("times asked"), default=0)
    next_check_at = models.DateTimeField(_("next question to the bank"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"))
    redirected_at = models.DateTimeField(_("sent to the bank at"), null=True, blank=True)
    returned_at = models.DateTimeField(_("came back at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("ask_bank", "Can ask the bank about a payment again"),
            ("resolve_mismatch", "Can release or close a payment under review"),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(status__in=["redirected", "verifying", "unknown"]),
                name="payment_due_for_check",
            ),
            models.Index(fields=["status", "-created_at"], name="payment_by_status"),
            models.Index(fields=["-created_at", "-id"], name="payment_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "authority"], name="payment_authority_once_per_gateway"),
            models.UniqueConstraint(fields=["gateway", "reference"], name="payment_reference_once_per_gateway"),
            models.CheckConstraint(condition=Q(amount_rial__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(settled_rial__isnull=True) | Q(settled_rial__gt=0, status="paid"),
                name="payment_settled_is_paid",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(paid_at__isnull=False, reference__isnull=False),
                name="payment_paid_has_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.gateway} · {self.status}"

    @property
    def taken_rial(self) -> int:
        """What the bank took for it."""
        return self.amount_rial if self.settled_rial is None else self.settled_rial

    def move(self, to: str) -> None:
        """The only place where the status changes. A wrong move is a bug."""
        if to not in self.MOVES.get(self.status, set()):
            raise ValueError(f"payment {self.pk}: {self.status} → {to} is not a move")
        self.status = to
