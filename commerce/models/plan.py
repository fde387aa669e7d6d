"""What a renewal costs: plans, dated prices, dated VAT."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from customer.models import DeviceModel, DeviceType
from kernel.jalali import format_date
from kernel.money import format_rial_as_toman
from kernel.persian import persian_digits


class ServicePlanQuerySet(models.QuerySet["ServicePlan"]):
    def priced(self, on: date) -> Self:
        """Annotates `net_rial`: the price in force on that day; plans without one are left out."""
        prices = PlanPrice.objects.filter(plan=OuterRef("pk"), valid_from__lte=on).order_by("-valid_from")
        return self.annotate(net_rial=Subquery(prices.values("net_rial")[:1])).filter(net_rial__isnull=False)


class ServicePlan(ClusterableModel):
    """A contract of 1, 2 or 3 years for one device model, or for every model of a type that has no plan of its own."""

    class Years(models.IntegerChoices):
        ONE = 1, _("one year")
        TWO = 2, _("two years")
        THREE = 3, _("three years")

    device_model = models.ForeignKey(
        DeviceModel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
        verbose_name=_("device model"),
    )
    device_type = models.ForeignKey(
        DeviceType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
        verbose_name=_("device type"),
    )
    years = models.PositiveSmallIntegerField(_("years"), choices=Years)
    is_offered = models.BooleanField(_("offered"), default=True)

    objects = ServicePlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("service plan")
        verbose_name_plural = _("service plans")
        ordering = ["device_type__name", "device_model__name", "years"]
        constraints = [
            models.CheckConstraint(
                condition=Q(device_model__isnull=False, device_type__isnull=True)
                | Q(device_model__isnull=True, device_type__isnull=False),
                name="plan_for_model_or_type",
            ),
            models.CheckConstraint(condition=Q(years__in=[1, 2, 3]), name="plan_years_1_to_3"),
            models.UniqueConstraint(
                fields=["device_model", "years"],
                condition=Q(device_model__isnull=False),
                name="plan_once_per_model_and_years",
            ),
            models.UniqueConstraint(
                fields=["device_type", "years"],
                condition=Q(device_type__isnull=False),
                name="plan_once_per_type_and_years",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_model or self.device_type} · {self.get_years_display()}"


class PlanPrice(models.Model):
    """The net price of a plan from a day on. An old price is never changed: a new row begins later."""

    plan = ParentalKey(ServicePlan, on_delete=models.CASCADE, related_name="prices", verbose_name=_("plan"))
    net_rial = models.BigIntegerField(_("net price, rial"))
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "valid_from"], name="plan_price_once_per_day"),
            models.CheckConstraint(condition=Q(net_rial__gt=0), name="plan_price_positive"),
        ]

    def __str__(self) -> str:
        return f"{format_rial_as_toman(self.net_rial)} · {format_date(self.valid_from)}"


class VatRate(models.Model):
    """VAT in hundredths of a percent (1000 = 10 %) from a day on."""

    basis_points = models.PositiveIntegerField(_("rate, hundredths of a percent"))
    valid_from = models.DateField(_("valid from"), unique=True)

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering = ["-valid_from"]
        constraints = [models.CheckConstraint(condition=Q(basis_points__lte=10_000), name="vat_at_most_all")]

    def __str__(self) -> str:
        return persian_digits(f"{self.basis_points / 100:g}٪ · ") + format_date(self.valid_from, "numeric")
