"""What became of a notice on its way: per buyer and channel, and per attempt."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.models.campaign import Campaign, Channel
from customer.models import Buyer, User

# Our own numbers of messages begin here, above those of the outbox: a provider knows both by the same kind of number.
FIRST_LOCAL_ID = 10**12
ROUNDS = 100


class CampaignDelivery(models.Model):
    """One notice to one buyer by one channel: claim (lease) → call → settle. `round` counts sendings by hand."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        ACCEPTED = "accepted", _("accepted")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("left out")
        TASK = "task", _("waits for a call")

    class Code(models.TextChoices):
        """Why, where the reason is ours and not the provider's."""

        NO_PHONE = "no_phone", _("no mobile number")
        MUTED = "muted", _("switched off by the buyer")
        CANCELLED = "cancelled", _("sending cancelled")
        UNKNOWN = "unknown", _("no answer, and it cannot be found out any more")
        SPENT = "spent", _("too many attempts")
        CALLED = "called", _("told by phone")
        NOT_REACHED = "not_reached", _("not reached by phone")

    MOVES: ClassVar[dict[str, set[str]]] = {
        # A report may tell that a message in doubt went out, while it waits to be looked up.
        Status.QUEUED: {Status.SENDING, Status.SKIPPED, Status.ACCEPTED},
        Status.SENDING: {Status.SENDING, Status.QUEUED, Status.ACCEPTED, Status.FAILED, Status.SKIPPED},
        Status.ACCEPTED: {Status.DELIVERED, Status.FAILED},
        Status.FAILED: {Status.QUEUED, Status.DELIVERED},
        Status.TASK: {Status.DELIVERED, Status.FAILED, Status.SKIPPED},
    }
    OPEN: ClassVar[tuple[str, ...]] = (Status.QUEUED, Status.SENDING)

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="deliveries", db_index=False, verbose_name=_("notice")
    )
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="notices", verbose_name=_("buyer"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    status = models.CharField(_("state"), max_length=10, choices=Status)
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    external_id = models.CharField(_("their id"), max_length=120, blank=True)
    round = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    uncertain = models.BooleanField(default=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    tried_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)

    objects = models.Manager()

    class Meta:
        verbose_name = _("recipient of a notice")
        verbose_name_plural = _("recipients of notices")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["campaign", "channel", "next_attempt_at", "id"],
                condition=Q(status="queued"),
                name="delivery_due",
            ),
            models.Index(
                fields=["campaign", "channel", "lease_until"], condition=Q(status="sending"), name="delivery_leased"
            ),
            models.Index(
                fields=["provider", "external_id"], condition=~Q(external_id=""), name="delivery_by_external_id"
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status="accepted", next_attempt_at__isnull=False),
                name="delivery_to_ask_about",
            ),
            models.Index(fields=["campaign", "id"], condition=Q(status="task"), name="delivery_to_call"),
            models.Index(
                fields=["campaign", "channel", "buyer"],
                condition=Q(status="failed") | Q(code="no_phone"),
                name="delivery_lost",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "buyer", "channel"], name="delivery_once_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.buyer_id} · {self.channel}"

    @property
    def local_id(self) -> int:
        """Our number of this message at the provider; another one after a person has had it sent again."""
        return FIRST_LOCAL_ID + self.pk * ROUNDS + self.round % ROUNDS

    @property
    def why(self) -> str:
        """The reason in words: ours translated, the provider's as it came."""
        return str(self.Code(self.code).label) if self.code in self.Code.values else self.reason

    def move(self, to: str) -> None:
        """The only place where the status of one row changes. A wrong move is a bug."""
        if to not in self.MOVES.get(self.status, set()):
            raise ValueError(f"delivery {self.pk}: {self.status} → {to} is not a move")
        self.status = to


class CallTasks(models.Manager["CallTask"]):
    """Only what waits, or waited, for a call."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(channel=Channel.TASK)


class CallTask(CampaignDelivery):
    """The same row in the eyes of the colleague who calls."""

    objects: ClassVar[CallTasks] = CallTasks()

    class Meta:
        proxy = True
        verbose_name = _("buyer to call")
        verbose_name_plural = _("buyers to call")
        ordering = ["-pk"]


class DeliveryAttempt(models.Model):
    """One call about one delivery, or one report on it. Frozen: the database refuses changes."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted by the provider")
        FOUND = "found", _("found at the provider")
        RETRY = "retry", _("not taken, to be repeated")
        REJECTED = "rejected", _("refused by the provider")
        MISCONFIGURED = "misconfigured", _("our account is at fault")
        UNKNOWN = "unknown", _("no answer")
        DELIVERED = "delivered", _("report: delivered")
        FAILED = "failed", _("report: not delivered")
        CALLED = "called", _("told by phone")
        NOT_REACHED = "not_reached", _("not reached by phone")
        AGAIN = "again", _("sent again by a person")

    delivery = models.ForeignKey(CampaignDelivery, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField(_("when"))
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome)
    code = models.CharField(_("code"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    external_id = models.CharField(_("their id"), max_length=120, blank=True)
    local_id = models.BigIntegerField(null=True, blank=True)
    text_sha256 = models.CharField(max_length=64, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.outcome}"
