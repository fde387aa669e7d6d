"""What the portal has to tell a buyer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer, buyer_behind


class InboxQuerySet(models.QuerySet["InboxItem"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class InboxItem(models.Model):
    """One message to one buyer. `dedupe_key` makes a repeated event harmless."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("service")
        PAYMENT = "payment", _("payment")
        ACCOUNT = "account", _("account")
        SOFTWARE_UPDATE = "software_update", _("software update")
        TERMS_CHANGE = "terms_change", _("change in the terms of service")
        LEGAL = "legal", _("legal or official announcement")
        GENERAL = "general", _("general")
        SUPPORT = "support", _("support")

    NOTICES: ClassVar[tuple[str, ...]] = (Kind.SOFTWARE_UPDATE, Kind.TERMS_CHANGE, Kind.LEGAL)

    # No index of its own: two others begin with the buyer, and a notice writes one row for each of a hundred thousand.
    buyer = models.ForeignKey(
        Buyer, on_delete=models.PROTECT, related_name="inbox", db_index=False, verbose_name=_("buyer")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    url = models.CharField(_("address"), max_length=300, blank=True)
    dedupe_key = models.CharField(max_length=120)
    must_acknowledge = models.BooleanField(_("must be acknowledged"), default=False)
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox item")
        verbose_name_plural = _("inbox items")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["buyer", "-created_at", "-id"], name="inbox_by_buyer_newest"),
            models.Index(fields=["buyer"], condition=Q(read_at__isnull=True), name="inbox_unread_by_buyer"),
        ]
        constraints = [models.UniqueConstraint(fields=["buyer", "dedupe_key"], name="inbox_item_once_per_event")]

    def __str__(self) -> str:
        return self.title

    @property
    def kind_label(self) -> str:
        """What `get_kind_display` says; that translates every kind for each row of a list."""
        return str(self.Kind(self.kind).label)
