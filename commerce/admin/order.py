"""Orders in the back office: to be read, not written."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from commerce.models import Order
from customer.models import Buyer
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn, in_toman
from kernel.admin.filters import by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.persian import clean_identifier

Status = Order.Status
KINDS = {Status.OPEN: "warn", Status.PAID: "ok"}


def numbered(text: str) -> Q:
    """The order of a whole number, or those whose number ends like this."""
    number = clean_identifier(text)
    return Q(number=number) if "-" in number else Q(number__endswith=number)


class OrderAdmin(PortalAdmin):
    model = Order
    menu_icon = "doc-full"
    list_display = ("number_shown", "buyer_name", "device_name", "total", "state", "made_at", "receipt")
    list_filter = (
        by_choice("status", _("State"), Status.choices),
        by_choice("kind", _("Kind"), Order.Kind.choices),
    )
    list_select_related = ("buyer", "device__model__brand")
    ordering = ("-pk",)
    search_hint = _("Order or receipt number, serial, or the buyer")
    export_filename = "orders"
    export_columns = (
        ExportColumn(label=_("Number"), value=lambda order: order.number),
        ExportColumn(label=_("Buyer"), value=lambda order: order.buyer.full_name),
        ExportColumn(label=_("Device"), value=lambda order: str(order.device or "")),
        ExportColumn(label=_("Years"), value=lambda order: order.years),
        ExportColumn(label=_("Net, toman"), value=lambda order: in_toman(order.net_rial)),
        ExportColumn(label=_("VAT, toman"), value=lambda order: in_toman(order.vat_rial)),
        ExportColumn(label=_("Total, toman"), value=lambda order: in_toman(order.total_rial)),
        ExportColumn(label=_("State"), value=lambda order: order.get_status_display()),
        ExportColumn(label=_("Made on"), value=lambda order: columns.plain_date_of(order.created_at)),
        ExportColumn(label=_("Paid on"), value=lambda order: columns.plain_date_of(order.paid_at)),
        ExportColumn(label=_("Receipt number"), value=lambda order: order.receipt_number or ""),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        number = clean_identifier(text)
        return queryset.filter(
            numbered(text)
            | Q(receipt_number=number)
            | Q(device__identifier=number)
            | Q(buyer__in=Buyer.objects.matching(text).order_by().values("pk"))
        )

    @column(_("order"), order="number")
    def number_shown(self, order: Order) -> str:
        return columns.code(order.number)

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, order: Order) -> str:
        return columns.record(order.buyer)

    @column(_("device"))
    def device_name(self, order: Order) -> str:
        return str(order.device or columns.NOTHING)

    @column(_("total"), order="total_rial")
    def total(self, order: Order) -> str:
        return columns.toman(order.total_rial)

    @column(_("state"), order="status")
    def state(self, order: Order) -> str:
        return columns.pill(order.get_status_display(), KINDS.get(Status(order.status), ""))

    @column(_("created at"), order="created_at")
    def made_at(self, order: Order) -> str:
        return columns.moment(order.created_at)

    @column(_("receipt"), order="receipt_number")
    def receipt(self, order: Order) -> str:
        return columns.code(order.receipt_number)

    def read_title(self, obj: Order) -> str:
        return _now("Order %(number)s") % {"number": obj.number}

    def states(self, obj: Order) -> list[Any]:
        return [self.state(obj)]

    def facts(self, obj: Order, _request: HttpRequest) -> list[Fact]:
        period = obj.service_period
        span = f"{columns.day(period.starts_on)} – {columns.day(period.ends_on)}" if period else columns.NOTHING
        return [
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Device"), value=columns.record(obj.device) if obj.device else columns.NOTHING),
            Fact(label=_("Kind"), value=obj.get_kind_display()),
            Fact(label=_("Years"), value=columns.count(obj.years)),
            Fact(label=_("Net"), value=columns.toman(obj.net_rial)),
            Fact(label=_("VAT"), value=columns.toman(obj.vat_rial)),
            Fact(label=_("Total"), value=columns.toman(obj.total_rial)),
            Fact(label=_("Made at"), value=columns.moment(obj.created_at)),
            Fact(label=_("Price holds until"), value=columns.moment(obj.expires_at)),
            Fact(label=_("Paid at"), value=columns.moment(obj.paid_at)),
            Fact(label=_("Receipt number"), value=columns.code(obj.receipt_number)),
            Fact(label=_("Service bought"), value=span),
        ]
