"""Buyers in the back office: the list, the read page, the sheet."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin import buyer_acts as acts
from customer.admin.slip import SlipView
from customer.deliveries import remote_id
from customer.models import Buyer, Device
from customer.services import trace
from kernel.actor import Actor
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter
from kernel.admin.model_admin import EditPermissions, PortalAdmin
from kernel.admin.reading import Fact
from kernel.identity import local_mobile


def account_word(buyer: Buyer) -> str:
    """What the account is called: open or closed."""
    return _now("open") if buyer.user.is_active else _now("closed")


class AccountFilter(ListFilter):
    title = _("Account")
    parameter_name = "account"
    options = (("open", _("open")), ("closed", _("closed")))

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(user__is_active=value == "open")


class BuyerAdmin(PortalAdmin):
    model = Buyer
    menu_icon = "user"
    permission_helper_class = EditPermissions
    create_view_class = acts.CreateBuyer
    edit_view_class = acts.EditBuyer
    list_display = ("name", "username", "phone_number", "masked_code", "city", "devices_owned", "account")
    list_filter = (AccountFilter,)
    list_select_related = ("user",)
    search_hint = _("Name, phone, national code or username")
    acts = (acts.ResetPassword, acts.SeeNationalCode, acts.CloseAccount, acts.OpenAccount)
    pages: ClassVar = {"slip": SlipView}
    export_filename = "buyers"
    export_columns = (
        ExportColumn(label=_("First name"), value=lambda buyer: buyer.first_name),
        ExportColumn(label=_("Last name"), value=lambda buyer: buyer.last_name),
        ExportColumn(label=_("Username"), value=lambda buyer: buyer.user.username),
        ExportColumn(
            label=_("National code"),
            value=lambda buyer: buyer.national_code,
            permission="customer.see_national_code",
        ),
        ExportColumn(label=_("Phone"), value=lambda buyer: local_mobile(buyer.phone)),
        ExportColumn(label=_("Main operator of the device"), value=lambda buyer: buyer.main_operator),
        ExportColumn(label=_("City"), value=lambda buyer: buyer.city),
        ExportColumn(label=_("Street"), value=lambda buyer: buyer.street),
        ExportColumn(label=_("Building, floor, unit"), value=lambda buyer: buyer.building),
        ExportColumn(label=_("Devices"), value=lambda buyer: buyer.device_count),
        ExportColumn(label=_("Account"), value=account_word),
        ExportColumn(label=_("Made on"), value=lambda buyer: columns.plain_date_of(buyer.created_at)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        owned = Device.objects.filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("pk"))
        queryset: QuerySet[Any] = super().get_queryset(request)
        return queryset.annotate(device_count=Coalesce(Subquery(owned.values("n")), 0))

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.matching(text)

    @column(_("name"), order="last_name")
    def name(self, buyer: Buyer) -> str:
        return buyer.full_name

    @column(_("username"), order="user__username")
    def username(self, buyer: Buyer) -> str:
        return columns.code(buyer.user.username)

    @column(_("phone"))
    def phone_number(self, buyer: Buyer) -> str:
        return columns.code(local_mobile(buyer.phone))

    @column(_("national code"))
    def masked_code(self, buyer: Buyer) -> str:
        return columns.code(buyer.national_code_masked)

    @column(_("devices"))
    def devices_owned(self, buyer: Any) -> str:
        return columns.count(buyer.device_count)

    @column(_("account"))
    def account(self, buyer: Buyer) -> str:
        return columns.pill(account_word(buyer), "ok" if buyer.user.is_active else "late")

    def read_title(self, obj: Buyer) -> str:
        return obj.full_name

    def states(self, obj: Buyer) -> list[Any]:
        return [self.account(obj)]

    def facts(self, obj: Buyer, _request: HttpRequest) -> list[Fact]:
        in_crm = remote_id("contact", f"buyer:{obj.pk}")
        return [
            Fact(label=_("Username"), value=columns.code(obj.user.username)),
            Fact(label=_("National code"), value=columns.code(obj.national_code_masked)),
            Fact(label=_("Phone"), value=columns.code(local_mobile(obj.phone))),
            Fact(label=_("Main operator of the device"), value=obj.main_operator or columns.NOTHING),
            Fact(label=_("Address"), value=obj.address),
            Fact(label=_("Made on"), value=columns.moment(obj.created_at)),
            Fact(label=_("Last sign-in"), value=columns.moment(obj.user.last_login)),
            Fact(label=_("Id in the CRM"), value=columns.code(in_crm)),
        ]

    def exported(self, request: HttpRequest, taken: list[ExportColumn]) -> None:
        whole = any(column.permission for column in taken)
        trace.record(
            "buyer.list_exported",
            "buyer:*",
            actor=Actor.of(request),
            now=timezone.now(),
            with_national_codes=whole,
        )
