"""What was done for a ticket, and what it has to do with others."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customer.models import User
from kernel.once import key_column, key_once
from support.models.ticket import Ticket


class WorkLog(models.Model):
    """Time spent on a ticket, apart from what was said; never shown to the buyer."""

    class Activity(models.TextChoices):
        REMOTE = "remote", _("remote session")
        PHONE = "phone", _("phone call")
        ON_SITE = "on_site", _("visit on site")
        WORKSHOP = "workshop", _("work in the workshop")
        RESEARCH = "research", _("study and tests")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="work", verbose_name=_("ticket"))
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("done by"))
    activity = models.CharField(_("activity"), max_length=10, choices=Activity)
    minutes = models.PositiveIntegerField(_("minutes"))
    note = models.TextField(_("note"), blank=True, max_length=2000)
    worked_on = models.DateField(_("date"))
    created_at = models.DateTimeField(_("recorded at"))
    form_key = key_column()

    class Meta:
        verbose_name = _("work record")
        verbose_name_plural = _("work records")
        ordering = ["-worked_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=1440), name="work_within_a_day"),
            key_once("author", "work_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} · {self.get_activity_display()} · {self.minutes}"


class TicketLink(models.Model):
    """Two tickets that have to do with each other; read from both sides."""

    class Kind(models.TextChoices):
        RELATED = "related", _("related")
        SPLIT = "split", _("split off")
        CAUSED = "caused", _("caused by")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links", verbose_name=_("ticket"))
    other = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="linked", verbose_name=_("other ticket"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.RELATED)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("link between tickets")
        verbose_name_plural = _("links between tickets")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "other"], name="ticket_link_once"),
            models.CheckConstraint(condition=~Q(ticket=F("other")), name="ticket_link_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} – {self.other_id}"
