"""Brands, types, models, and the devices that were sold."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat, Replace
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from customer.models.buyer import Buyer, buyer_behind
from customer.models.standing import facts_on, urgency
from customer.rules import Standing, standing_of
from kernel.persian import ZWNJ, ascii_digits, clean, clean_identifier


class Brand(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DeviceType(models.Model):  # type: ignore[django-manager-missing]
    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("slug"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("device type")
        verbose_name_plural = _("device types")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DeviceModel(models.Model):  # type: ignore[django-manager-missing]
    """A model in the catalogue, with what a new device of it comes with."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="models", verbose_name=_("brand"))
    device_type = models.ForeignKey(
        DeviceType, on_delete=models.PROTECT, related_name="models", verbose_name=_("device type")
    )
    name = models.CharField(_("name"), max_length=80)
    warranty_months = models.PositiveSmallIntegerField(_("warranty, months"), default=12)
    service_months = models.PositiveSmallIntegerField(_("included service, months"), default=12)

    class Meta:
        verbose_name = _("device model")
        verbose_name_plural = _("device models")
        ordering = ["brand__name", "name"]
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="device_model_once_per_brand")]

    def __str__(self) -> str:
        return f"{self.brand} {self.name}"


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, user: Any) -> Self:
        """The devices that this person owns today; staff come through the admin, not through here."""
        buyer = buyer_behind(user)
        return self.filter(owner=buyer) if buyer else self.none()

    def with_names(self) -> Self:
        return self.select_related("model__brand", "model__device_type")

    def with_standing(self, today: date) -> Self:
        """Annotates what `Device.standing` reads: one query for a whole list."""
        return self.annotate(**facts_on(today))

    def by_urgency(self) -> Self:
        """After `with_standing`: whose service is over and undecided first, then what ends soonest, then the rest.

        Annotates `urgency`, which is 0 for the first of these; mirrors `rules.derive_standing`.
        """
        return self.annotate(urgency=urgency()).order_by("urgency", "last_ends_on", "pk")

    def matching(self, text: str) -> Self:
        """Devices in whose brand, model, type or identifier every word of `text` occurs, however it is spelled."""
        words = ascii_digits(clean(text)).split()
        if not words:
            return self
        names = Concat("model__brand__name", Value(" "), "model__name", Value(" "), "model__device_type__name")
        found = self.alias(names=Replace(names, Value(ZWNJ), Value("")))
        for word in words:
            found = found.filter(
                Q(names__icontains=word.replace(ZWNJ, "")) | Q(identifier__contains=clean_identifier(word))
            )
        return found

    def in_status(self, status: str, today: date) -> Self:
        """Only devices that have this service status on `today`; mirrors `rules.standing_of`."""
        from customer.models.service import ServicePeriod

        periods = ServicePeriod.objects.filter(device=OuterRef("pk"))
        running = periods.filter(starts_on__lte=today, ends_on__gte=today)
        renewed = Exists(running.filter(origin="renewal"))
        covered, past = Exists(running), Exists(periods.filter(ends_on__lt=today))
        wanted = {
            "renewed": renewed,
            "active": Q(covered) & ~Q(renewed),
            "expired": ~Q(covered) & Q(past),
            "awaiting_sign_off": ~Q(covered) & ~Q(past),
        }
        return self.filter(wanted[status])

    def ending_between(self, first: date, last: date) -> Self:
        """Devices whose last day of service lies between two days, both included."""
        from customer.models.service import ServicePeriod

        periods = ServicePeriod.objects.filter(device=OuterRef("pk"))
        ends = Exists(periods.filter(ends_on__range=(first, last)))
        return self.filter(ends).exclude(Exists(periods.filter(ends_on__gt=last)))


class Device(models.Model):
    """A machine, dongle or user ID that a buyer owns. Its service status is derived from periods, never written."""

    class IdentifierKind(models.TextChoices):
        SERIAL = "serial", _("serial number")
        DONGLE = "dongle", _("dongle")
        USER_ID = "user_id", _("user ID")

    owner = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="devices", verbose_name=_("owner"))
    model = models.ForeignKey(DeviceModel, on_delete=models.PROTECT, related_name="devices", verbose_name=_("model"))
    identifier_kind = models.CharField(_("kind of identifier"), max_length=10, choices=IdentifierKind)
    identifier = models.CharField(_("identifier"), max_length=80)
    sold_on = models.DateField(_("date of sale"), null=True, blank=True)
    installed_on = models.DateField(_("installation date"), null=True, blank=True)
    warranty_ends_on = models.DateField(_("end of warranty"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["identifier_kind", "identifier"], name="device_identifier_once_per_kind"),
            models.CheckConstraint(condition=~Q(identifier=""), name="device_has_identifier"),
            models.CheckConstraint(
                condition=Q(installed_on__isnull=True)
                | Q(warranty_ends_on__isnull=True)
                | Q(warranty_ends_on__gte=F("installed_on")),
                name="device_warranty_after_installation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} · {self.identifier}"

    @cached_property
    def standing(self) -> Standing:
        """Status, mode and days left on the day asked for. Needs `with_standing`; never queries."""
        return standing_of(self)
