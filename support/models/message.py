"""What is said in a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customer.models import User
from customer.models.buyer import buyer_behind
from kernel.once import key_column, key_once
from support.models.ticket import Ticket


class MessageQuerySet(models.QuerySet["Message"]):
    def delivered(self, now: datetime) -> Self:
        """What the buyer's side may see: no internal note, and nothing that may still be taken back."""
        return self.filter(Q(deliver_after__isnull=True) | Q(deliver_after__lte=now), is_internal=False)

    def visible_to(self, user: Any, now: datetime) -> Self:
        """The delivered messages of this buyer's own tickets."""
        buyer = buyer_behind(user)
        return self.delivered(now).filter(ticket__buyer=buyer) if buyer else self.none()


class Message(models.Model):
    """One thing said, by the buyer or by staff. An internal note never leaves the admin.

    What staff write reaches the buyer at `deliver_after`; until then its author can take it back.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages", verbose_name=_("ticket"))
    author = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("author")
    )
    from_staff = models.BooleanField(_("from staff"))
    is_internal = models.BooleanField(_("internal note"), default=False)
    body = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("written at"))
    deliver_after = models.DateTimeField(_("reaches the buyer at"), null=True, blank=True)
    # The ticket's fields before this answer, to put back if it is taken back.
    before = models.JSONField(editable=False, null=True, blank=True)
    form_key = key_column()

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["ticket", "created_at", "id"], name="message_by_ticket")]
        constraints = [
            models.CheckConstraint(condition=Q(is_internal=False) | Q(from_staff=True), name="message_note_by_staff"),
            models.CheckConstraint(
                condition=Q(from_staff=True) | Q(deliver_after__isnull=True), name="message_of_buyer_at_once"
            ),
            key_once("author", "message_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.pk}"

    def can_be_undone(self, now: datetime) -> bool:
        """Whether its author may still take it back."""
        return self.deliver_after is not None and now < self.deliver_after
