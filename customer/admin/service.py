"""Service periods and buyers' choices in the back office: to be read, not written."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customer.admin.device import identified
from customer.models import Buyer, Device, ServiceChoice, ServicePeriod
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.jalali import tehran_today


def of_device(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Rows whose device has exactly this identifier, or whose owner matches."""
    devices = Device.objects.filter(
        identified(text) | Q(owner__in=Buyer.objects.matching(text).order_by().values("pk"))
    )
    return queryset.filter(device__in=devices.order_by().values("pk"))


class RunningFilter(ListFilter):
    title = _("Time")
    parameter_name = "time"
    options = (("running", _("running today")), ("past", _("over")), ("coming", _("still to come")))

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        today = tehran_today()
        wanted = {
            "running": Q(starts_on__lte=today, ends_on__gte=today),
            "past": Q(ends_on__lt=today),
            "coming": Q(starts_on__gt=today),
        }
        return queryset.filter(wanted[value])


class ServicePeriodAdmin(PortalAdmin):
    model = ServicePeriod
    menu_icon = "date"
    list_display = ("device_name", "owner_name", "first_day", "last_day", "origin_name")
    list_filter = (RunningFilter, by_choice("origin", _("Origin"), ServicePeriod.Origin.choices))
    list_select_related = ("device__model__brand", "device__owner")
    ordering = ("-pk",)
    search_hint = _("Serial, dongle, user ID, or the owner")
    export_filename = "service-periods"
    export_columns = (
        ExportColumn(label=_("Device"), value=lambda period: str(period.device)),
        ExportColumn(label=_("Owner"), value=lambda period: period.device.owner.full_name),
        ExportColumn(label=_("Begins on"), value=lambda period: columns.plain_day(period.starts_on)),
        ExportColumn(label=_("Ends on"), value=lambda period: columns.plain_day(period.ends_on)),
        ExportColumn(label=_("Origin"), value=lambda period: period.get_origin_display()),
        ExportColumn(label=_("Reason"), value=lambda period: period.legacy_reason),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return of_device(queryset, text)

    @column(_("device"))
    def device_name(self, period: ServicePeriod) -> str:
        return str(period.device)

    @column(_("owner"))
    def owner_name(self, period: ServicePeriod) -> str:
        return columns.record(period.device.owner)

    @column(_("begins on"), order="starts_on")
    def first_day(self, period: ServicePeriod) -> str:
        return columns.day(period.starts_on)

    @column(_("ends on"), order="ends_on")
    def last_day(self, period: ServicePeriod) -> str:
        return columns.day(period.ends_on)

    @column(_("origin"), order="origin")
    def origin_name(self, period: ServicePeriod) -> str:
        is_legacy = period.origin == ServicePeriod.Origin.LEGACY
        return columns.pill(period.get_origin_display(), "warn" if is_legacy else "ok")

    def facts(self, obj: ServicePeriod, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Device"), value=columns.record(obj.device)),
            Fact(label=_("Owner"), value=columns.record(obj.device.owner)),
            Fact(label=_("Begins on"), value=columns.day(obj.starts_on)),
            Fact(label=_("Ends on"), value=columns.day(obj.ends_on)),
            Fact(label=_("Origin"), value=obj.get_origin_display()),
            Fact(label=_("Reason for activation without sign-off"), value=obj.legacy_reason or columns.NOTHING),
            Fact(label=_("Written at"), value=columns.moment(obj.created_at)),
        ]

    def read_title(self, obj: ServicePeriod) -> str:
        return str(obj.device)

    def states(self, obj: ServicePeriod) -> list[Any]:
        return [self.origin_name(obj)]


class ServiceChoiceAdmin(PortalAdmin):
    model = ServiceChoice
    menu_icon = "list-ul"
    list_display = ("device_name", "buyer_name", "what", "term", "when")
    list_filter = (by_choice("choice", _("Choice"), ServiceChoice.Choice.choices),)
    list_select_related = ("device__model__brand", "buyer")
    ordering = ("-pk",)
    search_hint = _("Serial, dongle, user ID, or the owner")
    export_filename = "service-choices"
    export_columns = (
        ExportColumn(label=_("Device"), value=lambda made: str(made.device)),
        ExportColumn(label=_("Buyer"), value=lambda made: made.buyer.full_name),
        ExportColumn(label=_("Choice"), value=lambda made: made.get_choice_display()),
        ExportColumn(label=_("Years"), value=lambda made: made.years),
        ExportColumn(label=_("Made on"), value=lambda made: columns.plain_day(made.made_on)),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return of_device(queryset, text)

    @column(_("device"))
    def device_name(self, made: ServiceChoice) -> str:
        return str(made.device)

    @column(_("buyer"))
    def buyer_name(self, made: ServiceChoice) -> str:
        return columns.record(made.buyer)

    @column(_("choice"), order="choice")
    def what(self, made: ServiceChoice) -> str:
        return columns.pill(made.get_choice_display(), {"renew": "ok", "withdraw": "late"}.get(made.choice, "new"))

    @column(_("years"), order="years")
    def term(self, made: ServiceChoice) -> str:
        return columns.count(made.years)

    @column(_("made at"), order="made_at")
    def when(self, made: ServiceChoice) -> str:
        return columns.moment(made.made_at)

    def facts(self, obj: ServiceChoice, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Device"), value=columns.record(obj.device)),
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Choice"), value=obj.get_choice_display()),
            Fact(label=_("Years"), value=columns.count(obj.years)),
            Fact(label=_("Made at"), value=columns.moment(obj.made_at)),
            Fact(label=_("Made by"), value=columns.code(obj.made_by.username)),
            Fact(label=_("Internet address"), value=columns.code(obj.ip)),
            Fact(label=_("Browser"), value=columns.code(obj.agent)),
        ]

    def read_title(self, obj: ServiceChoice) -> str:
        return str(obj.device)

    def states(self, obj: ServiceChoice) -> list[Any]:
        return [self.what(obj)]
