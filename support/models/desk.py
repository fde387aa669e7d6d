"""What makes the desk quick: canned replies, drafts, saved filters."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customer.models import DeviceType, User
from support.models.ticket import Ticket


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def usable_by(self, user: Any, *, device_type_id: int | None = None) -> Self:
        """The house's and one's own, for every device type or for this one."""
        mine = Q(owner__isnull=True) | Q(owner_id=user.pk)
        fitting = Q(device_type__isnull=True) | Q(device_type_id=device_type_id)
        return self.filter(mine, fitting, is_active=True)


class CannedReply(models.Model):
    """A reply written once; what stands in braces (`{buyer}`, see `PLACEHOLDERS`) is filled in when it is used."""

    PLACEHOLDERS = ("buyer", "device", "serial", "number", "title", "agent")

    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"), max_length=5000)
    device_type = models.ForeignKey(
        DeviceType,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("device type"),
        help_text=_("Leave empty for every device type."),
    )
    owner = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only for"),
        help_text=_("Leave empty for the whole team."),
    )
    is_active = models.BooleanField(_("in use"), default=True)
    used_count = models.PositiveIntegerField(_("times used"), default=0, editable=False)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title


class TicketDraft(models.Model):
    """What a person has begun to write in a ticket (or, without one, for a new ticket) and not sent yet."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("author"))
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts", verbose_name=_("ticket")
    )
    title = models.CharField(_("title"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    is_internal = models.BooleanField(_("internal note"), default=False)
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(fields=["author", "ticket"], name="draft_once_per_person_and_ticket"),
            models.UniqueConstraint(
                fields=["author"], condition=Q(ticket__isnull=True), name="draft_one_new_ticket_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} · {self.ticket_id or ''}"


class SavedFilter(models.Model):
    """A view of the queue under a name: the query of its address."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=500)
    is_shared = models.BooleanField(_("shown to the whole team"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_once_per_name")]

    def __str__(self) -> str:
        return self.name
