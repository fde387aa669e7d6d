"""What a buyer does not want to be told by SMS or WhatsApp."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.models.campaign import Channel
from cms.models.notice import NoticePage
from customer.models import Buyer


class MutedNotice(models.Model):
    """A kind of notice that a buyer has switched off on a channel. Without a row it is on."""

    buyer = models.ForeignKey(Buyer, on_delete=models.CASCADE, related_name="muted_notices", verbose_name=_("buyer"))
    kind = models.CharField(_("kind"), max_length=20, choices=NoticePage.Kind)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)

    class Meta:
        verbose_name = _("muted notice")
        verbose_name_plural = _("muted notices")
        constraints = [
            models.UniqueConstraint(fields=["buyer", "kind", "channel"], name="muted_notice_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["software_update", "general"], channel__in=["sms", "whatsapp"]),
                name="muted_notice_is_not_legal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.buyer_id} · {self.kind} · {self.channel}"
