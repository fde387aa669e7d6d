"""One-time codes sent to a phone, to confirm one particular act."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ConfirmationCode(models.Model):
    """Six digits, known only as a keyed hash, for one purpose (`sign_off:12`), once, for a few minutes.

    The digits are made when the message is sent, so that they stand nowhere but on the phone.
    """

    purpose = models.CharField(_("purpose"), max_length=60)
    phone = models.CharField(_("phone"), max_length=16)
    code_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("asked for at"))
    expires_at = models.DateTimeField(_("expires at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("confirmation code")
        verbose_name_plural = _("confirmation codes")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["purpose", "-created_at", "-id"], name="code_by_purpose_newest")]
        constraints = [models.CheckConstraint(condition=Q(tries__lte=5), name="code_at_most_five_tries")]

    def __str__(self) -> str:
        return self.purpose
