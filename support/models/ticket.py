"""Tickets: what a buyer needs help with, who answers, and by when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.models import Buyer, Device, User
from customer.models.buyer import buyer_behind
from customer.rules import ServiceMode
from kernel.once import key_column, key_once
from kernel.persian import fold
from kernel.refused import Refused

LONGEST_TITLE = 150
# The buyer has written and nobody of the staff has looked since.
NOT_SEEN_BY_STAFF = Q(staff_read_at__isnull=True) | Q(staff_read_at__lt=F("buyer_wrote_at"))
# The staff have answered and the buyer has not looked since.
NOT_SEEN_BY_BUYER = Q(buyer_read_at__isnull=True) | Q(buyer_read_at__lt=F("answered_at"))


def unread_condition(now: datetime) -> Q:
    """An answer has reached the buyer that he has not seen; mirrors `Ticket.is_unread`."""
    return NOT_SEEN_BY_BUYER & Q(answered_at__lte=now)


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: Any) -> Self:
        """The tickets that this buyer opened; whoever owns the device today. Staff come through the admin."""
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()

    def still_open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)

    def unread_by_buyer(self, now: datetime) -> Self:
        """With an answer that has reached the buyer and that he has not seen."""
        return self.filter(unread_condition(now))

    def with_names(self) -> Self:
        """With what the device is called."""
        return self.select_related("device__model__brand")

    def for_desk(self) -> Self:
        """With all that the page of an agent says of the people and the device."""
        return self.with_names().select_related("buyer", "assignee")

    def waiting_for_us(self) -> Self:
        return self.still_open().filter(waiting_since__isnull=False)

    def waiting_for_buyer(self) -> Self:
        return self.still_open().filter(waiting_since__isnull=True)

    def matching(self, text: str) -> Self:
        """What a buyer may find: every word of `text` in title, conversation, number or device, however spelled.

        Of one buyer's tickets, which an index finds: looking for the words among everybody's would take longer.
        """
        found = self
        for word in fold(text).split():
            found = found.filter(GreaterThan(StrIndex("search_text", Value(word)), 0))
        return found

    def matching_for_staff(self, text: str) -> Self:
        """As `matching`, and in internal notes, names and phones as well."""
        found = self
        for word in fold(text).split():
            found = found.filter(Q(search_text__contains=word) | Q(staff_text__contains=word))
        return found


class Ticket(models.Model):
    """One matter. `status` says who has spoken; being closed is a fact apart from it.

    While `waiting_since` is set the buyer waits for us; else, if it is open, we wait for the buyer and the clock of the
    service level stands still. `due_at` is what the queue is sorted by: the nearest promise that is not kept yet.
    """

    class Importance(models.TextChoices):
        LOW = "low", _("low")
        MEDIUM = "medium", _("medium")
        HIGH = "high", _("high")
        URGENT = "urgent", _("urgent")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        IN_REVIEW = "in_review", _("in review")
        ANSWERED = "answered", _("answered")

    class ClosedWhy(models.TextChoices):
        SOLVED = "solved", _("solved")
        BY_BUYER = "by_buyer", _("closed by the buyer")
        SILENCE = "silence", _("no reply from the buyer")
        MERGED = "merged", _("merged into another ticket")
        TRANSFERRED = "transferred", _("the device changed hands")
        DECLINED = "declined", _("not a matter for support")

    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.IN_REVIEW, Status.ANSWERED},
        Status.IN_REVIEW: {Status.OPEN, Status.ANSWERED},
        Status.ANSWERED: {Status.OPEN, Status.IN_REVIEW, Status.ANSWERED},
    }
    RANKS: ClassVar[dict[str, int]] = {"urgent": 0, "high": 1, "medium": 2, "low": 3}

    number = models.CharField(_("number"), max_length=20, unique=True)
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("buyer"))
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("device"))
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("opened by"))
    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    description = models.TextField(_("description"))
    importance = models.CharField(_("importance"), max_length=6, choices=Importance, default=Importance.MEDIUM)
    rank = models.PositiveSmallIntegerField(editable=False)
    status = models.CharField(_("response status"), max_length=9, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("assignee")
    )
    created_at = models.DateTimeField(_("opened at"))
    last_message_at = models.DateTimeField(_("last message at"))

    # Who waits for whom, and since when.
    waiting_since = models.DateTimeField(_("the buyer waits since"), null=True, blank=True)
    buyer_wrote_at = models.DateTimeField(_("the buyer wrote at"))
    first_answered_at = models.DateTimeField(_("first answered at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    buyer_read_at = models.DateTimeField(_("read by the buyer at"), null=True, blank=True)
    staff_read_at = models.DateTimeField(_("read by staff at"), null=True, blank=True)

    # What was promised: moments counted in working hours.
    first_answer_due_at = models.DateTimeField(_("first answer due at"))
    answer_due_at = models.DateTimeField(_("answer due at"), null=True, blank=True)
    resolution_due_at = models.DateTimeField(_("resolution due at"), null=True, blank=True)
    resolution_left_minutes = models.IntegerField(_("working minutes left while paused"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    answer_breached_at = models.DateTimeField(_("answer overdue since"), null=True, blank=True)
    resolution_breached_at = models.DateTimeField(_("resolution overdue since"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned of closing at"), null=True, blank=True)

    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by")
    )
    closed_why = models.CharField(_("why it was closed"), max_length=12, choices=ClosedWhy, blank=True)
    reopened_count = models.PositiveSmallIntegerField(_("times reopened"), default=0)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )

    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rating_note = models.TextField(_("note on the rating"), blank=True, max_length=1000)
    rated_at = models.DateTimeField(_("rated at"), null=True, blank=True)

    mode = models.CharField(_("mode of service when opened"), max_length=12, choices=ServiceMode)
    tariff_low_rial = models.BigIntegerField(_("price from, rial"), null=True, blank=True)
    tariff_high_rial = models.BigIntegerField(_("price up to, rial"), null=True, blank=True)
    tariff_accepted_at = models.DateTimeField(_("tariff accepted at"), null=True, blank=True)
    remote_session_id = models.CharField(_("id of the remote session"), max_length=40, blank=True)

    # Folded for search and kept by the verbs: what the buyer may find, and what only staff may.
    search_text = models.TextField(editable=False, default="")
    staff_text = models.TextField(editable=False, default="")
    form_key = key_column()

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-last_message_at", "-pk"]
        permissions = [
            ("read_conversation", "Can read the conversation of a ticket"),
            ("answer_ticket", "Can answer tickets and write internal notes"),
            ("assign_ticket", "Can assign tickets to others"),
            ("merge_ticket", "Can merge, split and link tickets"),
        ]
        indexes = [
            models.Index(fields=["buyer", "-last_message_at", "-id"], name="ticket_by_buyer_newest"),
            models.Index(
                fields=["buyer", "answered_at"],
                condition=NOT_SEEN_BY_BUYER & Q(answered_at__isnull=False),
                name="ticket_unread_by_buyer",
            ),
            # Ascending puts nulls last on PostgreSQL, as the queue asks.
            models.Index(fields=["due_at", "id"], condition=Q(closed_at__isnull=True), name="ticket_open_by_due"),
            models.Index(
                fields=["rank", "due_at", "id"], condition=Q(closed_at__isnull=True), name="ticket_open_by_rank"
            ),
            models.Index(
                fields=["assignee", "due_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="ticket_open_by_assignee",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(closed_at__isnull=True, waiting_since__isnull=False),
                name="ticket_waits_for_us",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(closed_at__isnull=True, waiting_since__isnull=True),
                name="ticket_waits_for_buyer",
            ),
            models.Index(
                fields=["assignee"],
                condition=NOT_SEEN_BY_STAFF & Q(closed_at__isnull=True, waiting_since__isnull=False),
                name="ticket_unread_by_assignee",
            ),
            models.Index(fields=["-created_at", "-id"], name="ticket_newest"),
            models.Index(fields=["device", "-created_at"], name="ticket_by_device"),
            models.Index(
                fields=["answered_at"],
                condition=Q(closed_at__isnull=True, waiting_since__isnull=True),
                name="ticket_silent_by_answer",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_why="", closed_by__isnull=True)
                | (Q(closed_at__isnull=False) & ~Q(closed_why="")),
                name="ticket_closed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(closed_why="merged", merged_into__isnull=False)
                | (~Q(closed_why="merged") & Q(merged_into__isnull=True)),
                name="ticket_merged_names_its_target",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True, rated_at__isnull=True)
                | Q(rating__gte=1, rating__lte=5, rated_at__isnull=False),
                name="ticket_rating_one_to_five",
            ),
            models.CheckConstraint(
                condition=Q(importance="urgent", rank=0)
                | Q(importance="high", rank=1)
                | Q(importance="medium", rank=2)
                | Q(importance="low", rank=3),
                name="ticket_rank_is_importance",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(due_at__isnull=True, waiting_since__isnull=True),
                name="ticket_closed_waits_for_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(mode="pay_per_case") | Q(tariff_accepted_at__isnull=False),
                name="ticket_pay_per_case_accepted",
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(description=""), name="ticket_says_something"),
            key_once("opened_by", "ticket_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.title}"

    def move(self, to: str) -> None:
        """The only place where the response status changes. Raises Refused `ticket.closed`; a wrong move is a bug."""
        self.require_open()
        if to not in self.MOVES[self.status]:
            raise ValueError(f"ticket {self.number}: {self.status} → {to} is not a move")
        self.status = to

    def require_open(self) -> None:
        """Raises Refused `ticket.closed`, or `ticket.merged`, with the way on."""
        if self.closed_at is None:
            return
        code, message = "ticket.closed", _now("This ticket is closed; reopen it to write in it.")
        if self.merged_into_id is not None:
            code, message = "ticket.merged", _now("This ticket was merged into another one; please go on there.")
        raise Refused(code, message, next_label=_now("See the ticket"), next_url=f"/tickets/{self.number}/")

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def waits_for_buyer(self) -> bool:
        """Open, and nobody here has anything to do: derived, never stored."""
        return self.closed_at is None and self.waiting_since is None

    def is_unread(self, now: datetime) -> bool:
        """Whether an answer has reached the buyer that he has not seen; mirrors `unread_by_buyer`."""
        if self.answered_at is None or self.answered_at > now:
            return False
        return self.buyer_read_at is None or self.buyer_read_at < self.answered_at

    def shown_status(self, now: datetime) -> str:
        """The status as the buyer sees it: an answer that may still be taken back is not told yet."""
        if self.status == self.Status.ANSWERED and self.answered_at is not None and self.answered_at > now:
            return self.Status.IN_REVIEW
        return self.status

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at < now
