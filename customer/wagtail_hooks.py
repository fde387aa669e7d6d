"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail_modeladmin.options import ModelAdminGroup, modeladmin_register

from customer.admin.buyer import BuyerAdmin
from customer.admin.chooser import buyer_chooser
from customer.admin.correction import CorrectionAdmin
from customer.admin.device import SOON, SOON_CHOICE, DeviceAdmin
from customer.admin.service import ServiceChoiceAdmin, ServicePeriodAdmin
from customer.admin.trace import TraceAdmin
from customer.models import CorrectionRequest, Device
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile
from kernel.jalali import tehran_today


@modeladmin_register
class AfterSalesGroup(ModelAdminGroup):
    menu_label = _("After sales")
    menu_icon = "group"
    menu_order = 310
    items = (BuyerAdmin, DeviceAdmin, ServicePeriodAdmin, ServiceChoiceAdmin, CorrectionAdmin, TraceAdmin)


@hooks.register("register_admin_viewset")
def register_buyer_chooser() -> Any:
    return buyer_chooser


@hooks.register("construct_homepage_summary_items")
def tell_of_corrections_and_devices(request: HttpRequest, items: list[Any]) -> None:
    """Correction requests that wait, and devices whose service ends soon."""
    waiting = CorrectionRequest.Status.WAITING
    today = tehran_today()
    items.append(
        Tile(
            request,
            label=_("correction requests wait"),
            permission="customer.view_correctionrequest",
            rows=CorrectionRequest.objects.filter(status=waiting),
            url=list_url(CorrectionRequest, status=waiting),
            icon="edit",
            order=200,
        )
    )
    items.append(
        Tile(
            request,
            label=_("devices lose their service within 30 days"),
            permission="customer.view_device",
            rows=Device.objects.ending_between(today, today + SOON),
            url=list_url(Device, service=SOON_CHOICE),
            icon="time",
            order=210,
        )
    )
