"""Files that belong to what is said."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customer.models import User
from customer.models.buyer import buyer_behind
from customer.storage import private_storage
from support.models.message import Message
from support.models.ticket import Ticket


def new_key() -> str:
    """An id that cannot be guessed (192 bits)."""
    return secrets.token_urlsafe(24)


class ShownFile:
    """What a browser may do with a file, by the type of its content."""

    INLINE: ClassVar[tuple[str, ...]] = ("image/", "video/", "audio/", "application/pdf")
    content_type: Any

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_video(self) -> bool:
        return self.content_type.startswith("video/")

    @property
    def is_audio(self) -> bool:
        return self.content_type.startswith("audio/")

    @property
    def is_pdf(self) -> bool:
        return self.content_type == "application/pdf"

    @property
    def can_be_shown(self) -> bool:
        """Whether a browser may show it in place: pictures, recordings and PDF, never plain text."""
        return self.content_type.startswith(self.INLINE)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: Any, now: datetime) -> Self:
        """A buyer's own uploads, and the files of what has been said to him; of internal notes none."""
        buyer = buyer_behind(user)
        if buyer is None:
            return self.none()
        mine = Q(owner_id=user.pk, ticket__isnull=True)
        of_ticket = Q(ticket__buyer=buyer, message__isnull=True)
        said = Q(message__deliver_after__isnull=True) | Q(message__deliver_after__lte=now)
        of_message = Q(ticket__buyer=buyer, message__is_internal=False) & said
        return self.filter(mine | of_ticket | of_message)

    def unbound_of(self, user_id: int) -> Self:
        """Complete uploads of this person that no message has taken yet."""
        return self.filter(owner_id=user_id, ticket__isnull=True, state=Attachment.State.READY)

    def orphans(self, before: datetime) -> Self:
        return self.filter(ticket__isnull=True, created_at__lte=before)


class Attachment(ShownFile, models.Model):
    """One file, named at random, typed by its content. An orphan until a ticket or a message takes it."""

    class State(models.TextChoices):
        UPLOADING = "uploading", _("being uploaded")
        READY = "ready", _("ready")
        INFECTED = "infected", _("refused: harmful content")

    class Scan(models.TextChoices):
        NOT_SCANNED = "not_scanned", _("not scanned")
        CLEAN = "clean", _("clean")

    MOVES: ClassVar[dict[str, set[str]]] = {State.UPLOADING: {State.READY, State.INFECTED}}

    id = models.CharField(primary_key=True, max_length=32, default=new_key, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments", verbose_name=_("ticket")
    )
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments", verbose_name=_("message")
    )
    name = models.CharField(_("name"), max_length=150)
    file = models.FileField(_("file"), upload_to="attachments/", storage=private_storage, max_length=120)
    size = models.PositiveBigIntegerField(_("size, bytes"))
    received = models.PositiveBigIntegerField(_("received, bytes"), default=0)
    content_type = models.CharField(_("type of content"), max_length=60, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.UPLOADING)
    scan = models.CharField(_("scan for malware"), max_length=11, choices=Scan, default=Scan.NOT_SCANNED)
    created_at = models.DateTimeField(_("uploaded at"))

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(ticket__isnull=True), name="attachment_orphans"),
            models.Index(fields=["owner", "created_at"], name="attachment_by_owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ticket__isnull=True) | Q(state="ready"), name="attachment_bound_when_ready"
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=True) | Q(ticket__isnull=False), name="attachment_of_message_has_ticket"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | (Q(received=F("size")) & ~Q(sha256="") & ~Q(content_type="")),
                name="attachment_ready_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def move(self, to: str) -> None:
        """The only place where the state changes. A wrong move is a bug."""
        if to not in self.MOVES.get(self.state, set()):
            raise ValueError(f"attachment {self.pk}: {self.state} → {to} is not a move")
        self.state = to
