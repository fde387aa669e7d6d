"""The proof of a notice: signed records of what was sent to whom, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.campaign import Campaign
from customer.models import SignedRecord, User


class Dossier(models.Model):
    """One signed record of a dossier. Part 0 is its face and names the others; a later version supersedes."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="dossiers", verbose_name=_("notice"))
    version = models.PositiveIntegerField(_("version"))
    part = models.PositiveIntegerField(_("part"), default=0)
    record = models.OneToOneField(SignedRecord, on_delete=models.PROTECT, related_name="dossier")
    last_buyer_id = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )

    class Meta:
        verbose_name = _("proof of a notice")
        verbose_name_plural = _("proofs of notices")
        ordering = ["-version", "part"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "version", "part"], name="dossier_part_once_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.version}.{self.part}"
