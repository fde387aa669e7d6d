"""Ownership: who has owned a device since when, and requests to hand one over."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer, User
from customer.models.device import Device
from customer.models.record import SignedRecord
from customer.storage import private_storage
from kernel.fields import EncryptedTextField
from kernel.refused import Refused


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, user: Any) -> Self:
        """The requests that this person filed; they stay his papers after the device has gone."""
        return self.filter(owner__user_id=user.pk) if user.is_authenticated else self.none()

    def received_by(self, user: Any) -> Self:
        """The executed requests by which a device came to this person: of them he has the deed, no more."""
        return self.filter(new_owner__user_id=user.pk) if user.is_authenticated else self.none()

    def under_way(self) -> Self:
        return self.filter(status__in=Transfer.UNDER_WAY)


class Transfer(models.Model):
    """A request to hand a device over. Executed at once with its approval; until then the owner may cancel."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("waiting for your code")
        SUBMITTED = "submitted", _("under review")
        APPROVED = "approved", _("carried out")
        REFUSED = "refused", _("not accepted")
        CANCELLED = "cancelled", _("cancelled")

    class Reason(models.TextChoices):
        SALE = "sale", _("sale")
        INHERITANCE = "inheritance", _("inheritance")
        COMPANY_CHANGE = "company_change", _("change of company")
        OTHER = "other", _("other")

    class Acceptance(models.TextChoices):
        NOT_ASKED = "not_asked", _("not asked yet")
        WAITING = "waiting", _("waiting for the new owner")
        ACCEPTED = "accepted", _("accepted by the new owner")
        DECLINED = "declined", _("declined by the new owner")

    UNDER_WAY: ClassVar[tuple[str, ...]] = (Status.DRAFT, Status.SUBMITTED)
    NEEDS_DOCUMENT: ClassVar[tuple[str, ...]] = (Reason.INHERITANCE, Reason.COMPANY_CHANGE)
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.SUBMITTED, Status.CANCELLED},
        Status.SUBMITTED: {Status.APPROVED, Status.REFUSED, Status.CANCELLED},
    }

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("device"))
    owner = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("owner"))
    new_first_name = models.CharField(_("first name of the new owner"), max_length=80)
    new_last_name = models.CharField(_("last name of the new owner"), max_length=80)
    new_national_code = EncryptedTextField(_("national code of the new owner"))
    new_phone = models.CharField(_("phone of the new owner"), max_length=16)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason, default=Reason.SALE)
    document = models.FileField(_("document"), upload_to="transfers/", storage=private_storage, blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    statement = models.TextField(_("statement"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    acceptance = models.CharField(_("acceptance"), max_length=10, choices=Acceptance, default=Acceptance.NOT_ASKED)
    accept_token_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"))
    submitted_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered by the new owner at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decision_reason = models.TextField(_("reason of the decision"), blank=True, max_length=1000)
    new_owner = models.ForeignKey(
        Buyer, on_delete=models.PROTECT, null=True, blank=True, related_name="received", verbose_name=_("new owner")
    )
    record = models.OneToOneField(
        SignedRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="transfer", verbose_name=_("deed")
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer of ownership")
        verbose_name_plural = _("transfers of ownership")
        ordering = ["-created_at", "-pk"]
        permissions = [("decide_transfer", "Can decide a transfer of ownership")]
        indexes = [models.Index(fields=["status", "-created_at", "-id"], name="transfer_by_status")]
        constraints = [
            models.UniqueConstraint(
                fields=["device"],
                condition=Q(status__in=["draft", "submitted"]),
                name="transfer_one_under_way_per_device",
            ),
            models.CheckConstraint(
                condition=Q(status="approved", new_owner__isnull=False, record__isnull=False)
                | (~Q(status="approved") & Q(new_owner__isnull=True, record__isnull=True)),
                name="transfer_approved_has_deed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.get_status_display()}"

    @property
    def new_owner_name(self) -> str:
        return f"{self.new_first_name} {self.new_last_name}"

    def move(self, to: str) -> None:
        """The only place where the status changes. Raises Refused `transfer.already_<status>`."""
        if to not in self.MOVES.get(self.status, set()):
            message = _now("This request can no longer be changed: %(status)s.") % {"status": self.get_status_display()}
            raise Refused(f"transfer.already_{self.status}", message)
        self.status = to


class Ownership(models.Model):
    """One owner of a device from a moment on. Once ended, a row is frozen."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="ownerships", verbose_name=_("device"))
    owner = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="ownerships", verbose_name=_("owner"))
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="ownership", verbose_name=_("transfer")
    )

    class Meta:
        verbose_name = _("ownership")
        verbose_name_plural = _("ownerships")
        ordering = ["-began_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(ended_at__isnull=True), name="ownership_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.owner}"
