"""What this app adds to the admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail_modeladmin.options import ModelAdminGroup, modeladmin_register

from customer.admin import sign_off, transfer
from customer.admin.account import OwnPasswordPanel
from customer.admin.buyer import BuyerAdmin
from customer.admin.chooser import buyer_chooser
from customer.admin.correction import CorrectionAdmin
from customer.admin.device import SOON, SOON_CHOICE, DeviceAdmin
from customer.admin.service import ServiceChoiceAdmin, ServicePeriodAdmin
from customer.admin.sign_off import SignOffAdmin
from customer.admin.trace import TraceAdmin
from customer.admin.transfer import TransferAdmin
from customer.models import CorrectionRequest, Device, SignOff, Transfer, User
from kernel.admin.columns import list_url
from kernel.admin.tiles import Tile
from kernel.jalali import tehran_today


@modeladmin_register
class AfterSalesGroup(ModelAdminGroup):
    menu_label = _("After sales")
    menu_icon = "group"
    menu_order = 310
    items = (
        BuyerAdmin,
        DeviceAdmin,
        SignOffAdmin,
        TransferAdmin,
        ServicePeriodAdmin,
        ServiceChoiceAdmin,
        CorrectionAdmin,
        TraceAdmin,
    )


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


@hooks.register("register_account_settings_panel")
def own_password(request: HttpRequest, user: User, profile: Any) -> OwnPasswordPanel:
    """The own password, in place of Wagtail's panel."""
    return OwnPasswordPanel(request, user, profile)


@hooks.register("construct_homepage_summary_items")
def tell_of_papers(request: HttpRequest, items: list[Any]) -> None:
    """Forms that the buyer leaves unanswered or has declined; transfers that wait for a decision."""
    submitted = Transfer.Status.SUBMITTED
    forms, moves = "customer.view_signoff", "customer.view_transfer"
    tiles = [
        (
            _("forms wait for the buyer for more than 3 days"),
            forms,
            sign_off.waiting_long(SignOff.objects.all()),
            list_url(SignOff, standing=sign_off.LONG_CHOICE),
            "form",
        ),
        (
            _("declined forms to be put right"),
            forms,
            sign_off.to_put_right(SignOff.objects.all()),
            list_url(SignOff, standing=sign_off.DECLINED_CHOICE),
            "warning",
        ),
        (
            _("transfers to decide"),
            moves,
            Transfer.objects.filter(status=submitted),
            list_url(Transfer, status=submitted),
            "resubmit",
        ),
        (
            _("transfers undecided for more than 5 days"),
            moves,
            transfer.waiting_long(Transfer.objects.all()),
            list_url(Transfer, status=transfer.LONG_CHOICE),
            "time",
        ),
    ]
    for order, (label, permission, rows, url, icon) in enumerate(tiles, start=230):
        items.append(Tile(request, label=label, permission=permission, rows=rows, url=url, icon=icon, order=order))
