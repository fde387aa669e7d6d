"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSetGroup
from wagtail_modeladmin.options import ModelAdminGroup, modeladmin_register

from commerce.admin.order import OrderAdmin
from commerce.admin.payment import NEEDS_EYES, LedgerAdmin, PaymentAdmin, needing_eyes
from commerce.admin.plan import ServicePlanViewSet
from commerce.admin.vat import VatRateViewSet
from commerce.models import Payment
from customer.admin.catalogue import BrandViewSet, DeviceModelViewSet, DeviceTypeViewSet
from customer.admin.checklist import ChecklistViewSet
from customer.admin.trace import ACTS
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile

ACTS.update(
    {
        "order.opened": _("opened an order"),
        "order.paid": _("order was paid"),
        "order.cancelled": _("cancelled an order"),
        "order.expired": _("order lapsed"),
        "payment.opened": _("set out to pay"),
        "payment.credited": _("payment became credit"),
        "payment.mismatch": _("payment was put under review"),
        "payment.released": _("released a payment under review"),
        "payment.closed": _("closed a payment under review"),
        "payment.failed": _("payment was not made"),
        "payment.expired": _("payment lapsed"),
        "payment.asked_again": _("asked the bank again"),
        "serviceplan.saved": _("saved a service plan"),
        "serviceplan.deleted": _("deleted a service plan"),
        "vatrate.saved": _("saved a rate of VAT"),
        "vatrate.deleted": _("deleted a rate of VAT"),
    }
)


@modeladmin_register
class SalesGroup(ModelAdminGroup):
    menu_label = _("Sales and payments")
    menu_icon = "clipboard-list"
    menu_order = 320
    items = (OrderAdmin, PaymentAdmin, LedgerAdmin)


@register_snippet
class CatalogueGroup(SnippetViewSetGroup):
    menu_label = _("Catalogue and prices")
    menu_icon = "grid"
    menu_order = 340
    add_to_admin_menu = True
    items = (
        BrandViewSet,
        DeviceTypeViewSet,
        DeviceModelViewSet,
        ChecklistViewSet,
        ServicePlanViewSet,
        VatRateViewSet,
    )


@hooks.register("construct_homepage_summary_items")
def tell_of_payments(request: HttpRequest, items: list[Any]) -> None:
    """Payments about which nobody knows whether money has moved."""
    items.append(
        Tile(
            request,
            label=_("payments in doubt or under review"),
            permission="commerce.view_payment",
            rows=Payment.objects.filter(status__in=needing_eyes()),
            url=list_url(Payment, status=NEEDS_EYES),
            icon="warning",
            order=220,
        )
    )
