"""What leaves the house, and under which names others know our records."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """One thing to be told to the outside world. Written in the transaction of the act that it tells of.

    The row is the queue of record: claim (lease) → call → settle. `stream` keeps messages about one remote record
    from running side by side. Payloads carry ids only, never personal data.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        DELIVERED = "delivered", _("delivered")
        UNKNOWN = "unknown", _("no answer, being checked")
        PARKED = "parked", _("needs a person")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.QUEUED: {Status.SENDING},
        Status.UNKNOWN: {Status.SENDING},
        Status.SENDING: {Status.SENDING, Status.QUEUED, Status.DELIVERED, Status.UNKNOWN, Status.PARKED},
        Status.PARKED: {Status.QUEUED, Status.UNKNOWN},
    }

    topic = models.CharField(_("topic"), max_length=60)
    dedupe_key = models.CharField(_("key"), max_length=160, unique=True)
    stream = models.CharField(_("stream"), max_length=80, blank=True)
    payload = models.JSONField(_("content"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    uncertain = models.BooleanField(_("an earlier attempt may have worked"), default=False)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    external_id = models.CharField(_("their id"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created at"))
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    requeued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sent again by"),
    )
    requeued_at = models.DateTimeField(_("sent again at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-created_at", "-pk"]
        permissions = [("send_again", "Can send an outgoing message again")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status__in=["queued", "unknown"]), name="outbox_due"),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="outbox_leased"),
            models.Index(fields=["status", "-created_at"], name="outbox_by_status"),
            models.Index(fields=["stream", "-created_at"], condition=~Q(stream=""), name="outbox_by_stream"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stream"], condition=Q(status="sending") & ~Q(stream=""), name="outbox_one_sending_per_stream"
            ),
        ]

    def __str__(self) -> str:
        return self.dedupe_key

    def move(self, to: str) -> None:
        """The only place where the status changes. A wrong move is a bug."""
        if to not in self.MOVES.get(self.status, set()):
            raise ValueError(f"outbox message {self.pk}: {self.status} → {to} is not a move")
        self.status = to


class RemoteRecord(models.Model):
    """The id under which a provider knows one of our records, e.g. ("didar", "contact", "buyer:12")."""

    provider = models.CharField(_("provider"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20)
    local_key = models.CharField(_("our key"), max_length=80)
    external_id = models.CharField(_("their id"), max_length=120)
    saved_at = models.DateTimeField(_("saved at"), auto_now=True)

    class Meta:
        verbose_name = _("remote record")
        verbose_name_plural = _("remote records")
        constraints = [
            models.UniqueConstraint(fields=["provider", "kind", "local_key"], name="remote_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.kind}:{self.local_key}"
