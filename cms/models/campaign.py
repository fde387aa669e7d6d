"""The sending of a notice: one frozen text to one audience, with its progress."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cms.models.notice import NoticePage
from customer.models import User
from kernel.refused import Refused

WINDOW = timedelta(minutes=1)
LONGEST_SMS = 900
LONGEST_BODY = 20_000


class Channel(models.TextChoices):
    """A way to a buyer. `task`: a member of staff calls."""

    INBOX = "inbox", _("dashboard and inbox")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    TASK = "task", _("call by a colleague")


class Campaign(models.Model):
    """One sending of one published revision of a notice. What is sent is fixed when it is submitted for approval."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        WAITING_APPROVAL = "waiting_approval", _("waiting for approval")
        APPROVED = "approved", _("approved")
        SCHEDULED = "scheduled", _("scheduled")
        RUNNING = "running", _("being sent")
        PAUSED = "paused", _("paused")
        DONE = "done", _("sent")
        CANCELLED = "cancelled", _("cancelled")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.WAITING_APPROVAL, Status.CANCELLED},
        Status.WAITING_APPROVAL: {Status.DRAFT, Status.APPROVED, Status.CANCELLED},
        Status.APPROVED: {Status.SCHEDULED, Status.RUNNING, Status.CANCELLED},
        Status.SCHEDULED: {Status.RUNNING, Status.CANCELLED},
        Status.RUNNING: {Status.PAUSED, Status.DONE, Status.CANCELLED},
        Status.PAUSED: {Status.RUNNING, Status.CANCELLED},
        Status.DONE: {Status.RUNNING},
    }
    LEGAL_KINDS: ClassVar[frozenset[str]] = frozenset({NoticePage.Kind.LEGAL, NoticePage.Kind.TERMS_CHANGE})
    CHANNELS: ClassVar[tuple[Channel, ...]] = (Channel.INBOX, Channel.SMS, Channel.WHATSAPP)

    page = models.ForeignKey(NoticePage, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("notice"))
    # The number of the published revision: revisions may be cleared away, what was sent stays.
    revision_number = models.PositiveBigIntegerField(_("revision"))
    kind = models.CharField(_("kind"), max_length=20, choices=NoticePage.Kind)
    must_acknowledge = models.BooleanField(_("must be acknowledged"), default=False)
    channels = models.JSONField(_("channels"), default=list)
    fallback = models.JSONField(_("if a channel fails"), default=list)
    inbox_title = models.CharField(_("title in the inbox"), max_length=200)
    inbox_body = models.TextField(_("text in the inbox"), max_length=LONGEST_BODY)
    sms_text = models.TextField(_("text of the SMS"), max_length=LONGEST_SMS, blank=True)
    whatsapp_template = models.CharField(_("WhatsApp template"), max_length=120, blank=True)
    whatsapp_variables = models.JSONField(_("variables of the template"), default=list, blank=True)
    text_sha256 = models.CharField(_("fingerprint of the text"), max_length=64, blank=True)
    audience = models.JSONField(_("audience"), default=dict)
    throttle_per_minute = models.PositiveIntegerField(_("messages a minute, at most"))
    ignores_quiet_hours = models.BooleanField(_("also at night"), default=False)
    scheduled_for = models.DateTimeField(_("not before"), null=True, blank=True)
    status = models.CharField(_("state"), max_length=20, choices=Status, default=Status.DRAFT)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("written by"))
    created_at = models.DateTimeField(_("created at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    fanned_out_at = models.DateTimeField(_("recipients fixed at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    reason = models.CharField(_("reason of the last decision"), max_length=500, blank=True)
    window_began_at = models.DateTimeField(null=True, blank=True)
    window_used = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("sending of a notice")
        verbose_name_plural = _("sendings of notices")
        ordering = ["-pk"]
        permissions = [
            ("approve_campaign", "Can approve the sending of a notice"),
            ("send_campaign", "Can start, pause and cancel the sending of a notice"),
        ]
        indexes = [
            models.Index(
                fields=["scheduled_for"], condition=Q(status__in=["scheduled", "running"]), name="campaign_at_work"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "revision_number"],
                condition=~Q(status="cancelled"),
                name="campaign_once_per_revision",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "waiting_approval", "cancelled"]) | Q(approved_by__isnull=False),
                name="campaign_is_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["legal", "terms_change"]) | ~Q(approved_by=models.F("written_by")),
                name="campaign_legal_by_two_people",
            ),
            models.CheckConstraint(condition=Q(throttle_per_minute__gte=1), name="campaign_sends_something"),
        ]

    def __str__(self) -> str:
        return self.inbox_title

    @property
    def is_legal(self) -> bool:
        """Cannot be muted by a buyer, and takes a second person's approval."""
        return self.kind in self.LEGAL_KINDS

    @property
    def dedupe_key(self) -> str:
        """Names the event in the buyers' inboxes: each is told once."""
        return f"campaign:{self.pk}"

    def move(self, to: str) -> None:
        """Raises Refused `campaign.wrong_state` when the move is not allowed."""
        if to not in self.MOVES.get(self.status, set()):
            message = _now("This is not possible now: the sending is “%(state)s”.") % {
                "state": self.Status(self.status).label
            }
            raise Refused("campaign.wrong_state", message)
        self.status = to

    def allowance(self, now: datetime) -> int:
        """How many messages may still leave within this minute."""
        if self.window_began_at is None or now - self.window_began_at >= WINDOW:
            return self.throttle_per_minute
        return max(0, self.throttle_per_minute - self.window_used)

    def spend(self, count: int, now: datetime) -> None:
        """Notes that so many messages are leaving; the caller saves."""
        if self.window_began_at is None or now - self.window_began_at >= WINDOW:
            self.window_began_at, self.window_used = now, 0
        self.window_used += count

    def wording(self) -> dict[str, Any]:
        """Everything that is sent, as it is fingerprinted and signed."""
        return {
            "kind": self.kind,
            "must_acknowledge": self.must_acknowledge,
            "inbox": {"title": self.inbox_title, "body": self.inbox_body},
            "sms": self.sms_text,
            "whatsapp": {"template": self.whatsapp_template, "variables": list(self.whatsapp_variables)},
        }
