"""The record of every business act: who, on whose behalf, what, from → to, when, from where."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer, User


class Trace(models.Model):
    """Append-only; the database itself refuses changes (`kernel.freeze`)."""

    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    buyer = models.ForeignKey(
        Buyer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("buyer concerned")
    )
    verb = models.CharField(_("act"), max_length=60)
    subject = models.CharField(_("subject"), max_length=120)
    data = models.JSONField(_("details"), default=dict)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    agent = models.CharField(_("browser"), max_length=300, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["subject", "-at"], name="trace_by_subject"),
            models.Index(fields=["buyer", "-at"], name="trace_by_buyer"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} · {self.subject}"
