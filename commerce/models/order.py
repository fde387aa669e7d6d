"""Orders: what a buyer agreed to pay for."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from commerce.models.plan import ServicePlan
from customer.models import Buyer, Device, ServicePeriod
from customer.models.buyer import buyer_behind
from kernel.refused import Refused
from kernel.subselect import SubSelect


class NumberSeries(models.Model):
    """The last number given in a series of one Jalali year. Taken inside the transaction that uses it: no gaps."""

    name = models.CharField(max_length=20)
    jalali_year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "jalali_year"], name="number_series_once_per_year")]

    def __str__(self) -> str:
        return f"{self.name} {self.jalali_year}: {self.last}"


_IS_ASKING = (
    "SELECT EXISTS (SELECT 1 FROM commerce_payment p WHERE p.order_id = {} AND p.status IN ('verifying', 'unknown'))"
)


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: Any) -> Self:
        buyer = buyer_behind(user)
        return self.filter(buyer=buyer) if buyer else self.none()

    def with_asking(self) -> Self:
        """Annotates `is_asking`: whether the bank is being asked about a payment; mirrors `Payment.IN_DOUBT`."""
        return self.annotate(is_asking=SubSelect(_IS_ASKING, F("pk"), output_field=models.BooleanField()))


class Order(models.Model):
    """A frozen price for one thing. Fulfilled exactly once, by the transaction that marks its payment paid."""

    class Kind(models.TextChoices):
        RENEWAL = "renewal", _("renewal of service")
        INVOICE = "invoice", _("invoice")
        VIDEO = "video", _("video")

    class Status(models.TextChoices):
        OPEN = "open", _("waiting for payment")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    MOVES: ClassVar[dict[str, set[str]]] = {Status.OPEN: {Status.PAID, Status.CANCELLED, Status.EXPIRED}}

    number = models.CharField(_("number"), max_length=20, unique=True)
    buyer = models.ForeignKey(Buyer, on_delete=models.PROTECT, related_name="orders", verbose_name=_("buyer"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("device")
    )
    plan = models.ForeignKey(
        ServicePlan, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("plan")
    )
    years = models.PositiveSmallIntegerField(_("years"), null=True, blank=True)
    net_rial = models.BigIntegerField(_("net, rial"))
    vat_rial = models.BigIntegerField(_("VAT, rial"))
    total_rial = models.BigIntegerField(_("total, rial"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    receipt_number = models.CharField(_("receipt number"), max_length=20, unique=True, null=True, blank=True)
    service_period = models.OneToOneField(
        ServicePeriod,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="order",
        verbose_name=_("service period"),
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["buyer", "-created_at", "-id"], name="order_by_buyer_newest"),
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="order_open_by_expiry"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(kind="renewal", status="open"), name="order_one_open_renewal_per_device"
            ),
            models.CheckConstraint(
                condition=Q(net_rial__gt=0, vat_rial__gte=0, total_rial=F("net_rial") + F("vat_rial")),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=~Q(kind="renewal") | Q(device__isnull=False, plan__isnull=False, years__in=[1, 2, 3]),
                name="order_renewal_names_device_and_plan",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False, receipt_number__isnull=False)
                | (~Q(status="paid") & Q(paid_at__isnull=True, receipt_number__isnull=True)),
                name="order_paid_has_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(kind="renewal")
                | Q(status="paid", service_period__isnull=False)
                | (~Q(status="paid") & Q(service_period__isnull=True)),
                name="order_renewal_paid_has_period",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def move(self, to: str) -> None:
        """The only place where the status changes. Raises Refused `order.not_open`."""
        if to not in self.MOVES.get(self.status, set()):
            raise Refused("order.not_open", _now("This order is no longer open."))
        self.status = to


class OrderLine(models.Model):
    """One line of an order, as it was agreed."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", verbose_name=_("order"))
    title = models.CharField(_("title"), max_length=200)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_rial = models.BigIntegerField(_("unit price, rial"))
    net_rial = models.BigIntegerField(_("net, rial"))

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(net_rial=F("unit_rial") * F("quantity")), name="order_line_adds_up")
        ]

    def __str__(self) -> str:
        return self.title
