"""What leaves the house, and under which names others know our records."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

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


class DeliveryReport(models.Model):
    """What a provider said of one of our messages, by callback or when asked. Append-only (`kernel.freeze`).

    Each stage of a message is kept once, so that a repeated report is harmless; `integrations.reports.latest` says
    where it stands. `batch` marks the rows that were stored together.
    """

    class Status(models.TextChoices):
        """The values of `ports.SmsStatus`."""

        UNKNOWN = "unknown", _("not known")
        QUEUED = "queued", _("queued at the provider")
        SENT = "sent", _("on its way")
        UNDELIVERED = "undelivered", _("did not arrive")
        FAILED = "failed", _("could not be sent")
        CANCELLED = "cancelled", _("cancelled")
        BLOCKED = "blocked", _("the recipient blocks such messages")
        DELIVERED = "delivered", _("arrived")
        READ = "read", _("read")

    provider = models.CharField(_("provider"), max_length=20)
    external_id = models.CharField(_("their id"), max_length=120)
    status = models.CharField(_("status"), max_length=12, choices=Status)
    code = models.CharField(_("their code"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    reference = models.CharField(_("our reference"), max_length=120, blank=True)
    at = models.DateTimeField(_("when"))
    received_at = models.DateTimeField(_("received at"))
    raw = models.JSONField(_("details"), default=dict)
    batch = models.UUIDField(default=uuid4, editable=False)

    class Meta:
        verbose_name = _("delivery report")
        verbose_name_plural = _("delivery reports")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["-received_at"], name="report_by_time"),
            models.Index(fields=["provider", "reference"], condition=~Q(reference=""), name="report_by_reference"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "external_id", "status"], name="report_once_per_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.external_id}:{self.status}"


class WhatsAppWindow(models.Model):
    """When a person last wrote to us on WhatsApp, by a keyed hash of the phone: for 24 hours we may answer freely."""

    phone_index = models.CharField(max_length=64, unique=True)
    last_inbound_at = models.DateTimeField(_("last message to us"))

    class Meta:
        verbose_name = _("WhatsApp window")
        verbose_name_plural = _("WhatsApp windows")

    def __str__(self) -> str:
        return f"{self.phone_index[:8]}…"


class SmsCredit(models.Model):
    """What is left on our account at a provider of text messages, as it was last said; `low_since`: the alarm is on."""

    provider = models.CharField(_("provider"), max_length=20, unique=True)
    rial = models.BigIntegerField(_("credit"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    low_since = models.DateTimeField(_("low since"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("SMS credit")
        verbose_name_plural = _("SMS credit")
        ordering = ["provider"]

    def __str__(self) -> str:
        return self.provider


class MessageTemplate(models.Model):
    """The words of one message on one channel, written by the house itself in place of the built-in ones.

    `text` has `{placeholders}`, declared in `settings.MESSAGE_TEMPLATES`. On WhatsApp it repeats the approved template
    of that name, whose variables are the placeholders in their order.
    """

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")

    key = models.CharField(_("message"), max_length=60)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.SMS)
    text = models.TextField(_("text"), max_length=900)
    whatsapp_template = models.CharField(_("name of the approved template"), max_length=120, blank=True)
    language = models.CharField(_("language of the approved template"), max_length=10, blank=True, default="fa")
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("message text")
        verbose_name_plural = _("message texts")
        ordering = ["key", "channel", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "channel"],
                condition=Q(is_active=True),
                name="message_template_one_in_use",
                violation_error_message=_("This message already has a text in use on this channel."),
            ),
            models.CheckConstraint(
                condition=~Q(channel="whatsapp") | ~Q(whatsapp_template=""), name="message_template_names_whatsapp"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} · {self.get_channel_display()}"
