"""The signed records of the house: an append-only chain that can be checked without its server."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer
from kernel.fields import SealedTextField


class SigningKey(models.Model):
    """A public key that has signed records here. Frozen; kept for ever, so that old records stay provable."""

    key_id = models.CharField(_("key"), max_length=16, unique=True)
    public_key = models.CharField(_("public key"), max_length=44)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["since"]

    def __str__(self) -> str:
        return self.key_id


class ChainHead(models.Model):
    """The one row that is locked while a record is appended; what it says can be derived from the records."""

    sequence = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.sequence}: {self.sha256}"


class SignedRecord(models.Model):
    """One signed document (sign-off, transfer, proof of a notice). Frozen: no SQL statement can change or remove it.

    `content_sealed` is encrypted under a key of its own (`RecordKey`), so that the field keys can be rotated while the
    row stays as it was signed.
    """

    class Kind(models.TextChoices):
        SIGN_OFF = "sign_off", _("installation sign-off")
        TRANSFER = "transfer", _("transfer of ownership")
        NOTICE = "notice", _("proof of a notice")

    sequence = models.PositiveBigIntegerField(_("sequence"), unique=True)
    code = models.CharField(_("code"), max_length=16, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    # Whom it is about; the proof of a notice is about many.
    buyer = models.ForeignKey(
        Buyer, on_delete=models.PROTECT, null=True, blank=True, related_name="records", verbose_name=_("buyer")
    )
    manifest = models.TextField()
    content_sealed = models.TextField()
    sha256 = models.CharField(_("fingerprint"), max_length=64, unique=True)
    previous_sha256 = models.CharField(max_length=64, unique=True)
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="+", verbose_name=_("signed with"))
    signature = models.CharField(max_length=88)
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        verbose_name = _("signed record")
        verbose_name_plural = _("signed records")
        ordering = ["-sequence"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="notice", buyer__isnull=True) | (~Q(kind="notice") & Q(buyer__isnull=False)),
                name="record_is_about_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class RecordKey(models.Model):
    """The key that opens one record's content, itself sealed with the field key of the day."""

    record = models.OneToOneField(SignedRecord, on_delete=models.PROTECT, primary_key=True, related_name="content_key")
    sealed_key = SealedTextField()

    def __str__(self) -> str:
        return str(self.record_id)
