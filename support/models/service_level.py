"""When the desk works, and what it promises."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customer.rules import ServiceMode
from kernel.jalali import format_date
from support.models.ticket import Ticket


class Weekday(models.IntegerChoices):
    """Numbered as `date.weekday` does; the Iranian week begins with Saturday."""

    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")


class WorkingHours(models.Model):
    """One stretch of work on a day of the week; a day without any is free. Thursday may be half a day."""

    weekday = models.PositiveSmallIntegerField(_("day of the week"), choices=Weekday)
    opens_at = models.TimeField(_("from"))
    closes_at = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "opens_at"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="working_hours_end_after_start"),
            models.UniqueConstraint(fields=["weekday", "opens_at"], name="working_hours_once_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M} – {self.closes_at:%H:%M}"


class Holiday(models.Model):
    """A day on which nobody works, whatever the day of the week."""

    day = models.DateField(_("day"), unique=True)
    title = models.CharField(_("occasion"), max_length=120)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{format_date(self.day)} · {self.title}"


class SlaPolicy(models.Model):
    """What is promised for an importance (and a mode of service, or any): working minutes until answer and solution."""

    importance = models.CharField(_("importance"), max_length=6, choices=Ticket.Importance)
    mode = models.CharField(
        _("mode of service"),
        max_length=12,
        choices=ServiceMode,
        blank=True,
        help_text=_("Leave empty for every mode without a policy of its own."),
    )
    first_answer_minutes = models.PositiveIntegerField(_("answer within, working minutes"))
    resolution_minutes = models.PositiveIntegerField(_("solution within, working minutes"))

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["importance", "mode"]
        constraints = [
            models.UniqueConstraint(fields=["importance", "mode"], name="sla_policy_once"),
            models.CheckConstraint(
                condition=Q(first_answer_minutes__gte=1, resolution_minutes__gte=F("first_answer_minutes")),
                name="sla_policy_answer_before_solution",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_importance_display()} · {self.get_mode_display() if self.mode else _('every mode')}"
