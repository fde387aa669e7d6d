"""The events that a device's service status is derived from."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer, User, buyer_behind
from customer.models.device import Device
from kernel.jalali import format_date


class ServicePeriod(models.Model):
    """Days (both ends included) on which a device has service. Periods of one device never overlap."""

    class Origin(models.TextChoices):
        INCLUDED = "included", _("included with the purchase")
        RENEWAL = "renewal", _("renewal")
        LEGACY = "legacy", _("old fleet, without sign-off")

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="periods", verbose_name=_("device"))
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    sign_off = models.OneToOneField(
        "customer.SignOff",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="period",
        verbose_name=_("installation sign-off"),
    )
    legacy_reason = models.TextField(_("reason for activation without sign-off"), blank=True, max_length=500)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("service period")
        verbose_name_plural = _("service periods")
        ordering = ["starts_on", "pk"]
        permissions = [("activate_legacy", "Can put a device of the old fleet into service")]
        indexes = [models.Index(fields=["device", "ends_on", "starts_on"], name="period_by_device_and_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_ends_after_start"),
            # The included period starts only through a confirmed sign-off; the old fleet only with a reason.
            models.CheckConstraint(
                condition=Q(origin="included", sign_off__isnull=False)
                | Q(origin="renewal", sign_off__isnull=True)
                | (Q(origin="legacy", sign_off__isnull=True) & ~Q(legacy_reason="")),
                name="period_origin_is_proved",
            ),
            models.UniqueConstraint(fields=["device", "starts_on"], name="period_once_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {format_date(self.starts_on)} – {format_date(self.ends_on)}"


class ServiceChoiceQuerySet(models.QuerySet["ServiceChoice"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()


class ServiceChoice(models.Model):
    """What a buyer chose for a device, when and from where. Append-only: a later choice supersedes."""

    class Choice(models.TextChoices):
        RENEW = "renew", _("renew the contract")
        PAY_PER_CASE = "pay_per_case", _("pay per case")
        WITHDRAW = "withdraw", _("withdraw from service")

    MODES: ClassVar[tuple[str, ...]] = (Choice.PAY_PER_CASE, Choice.WITHDRAW)

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="choices", verbose_name=_("device"))
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="choices", verbose_name=_("buyer"))
    choice = models.CharField(_("choice"), max_length=12, choices=Choice)
    years = models.PositiveSmallIntegerField(_("years"), null=True, blank=True)
    made_on = models.DateField(_("made on"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    agent = models.CharField(_("browser"), max_length=300, blank=True)

    objects = ServiceChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service choice")
        verbose_name_plural = _("service choices")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["device", "-made_at"], name="choice_by_device_latest")]
        constraints = [
            models.CheckConstraint(
                condition=(Q(choice="renew") & Q(years__in=[1, 2, 3])) | (~Q(choice="renew") & Q(years__isnull=True)),
                name="choice_years_only_for_renewal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.get_choice_display()}"
