"""The channels in the back office: delivery reports, and what credit is left at each provider."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations import credit, sms
from integrations.credit import provider_name
from integrations.models import DeliveryReport, SmsCredit
from integrations.reports import FAILURES
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.money import format_rial_as_toman
from kernel.refused import Refused

Status = DeliveryReport.Status
KINDS = {Status.DELIVERED: "ok", Status.READ: "ok", Status.SENT: "new", Status.QUEUED: "new"}
KINDS |= dict.fromkeys(FAILURES, "late")
PROVIDERS: tuple[tuple[str, str | Promise], ...] = (
    ("kavenegar", _("Kavenegar")),
    ("smsir", _("sms.ir")),
    ("whatsapp", _("WhatsApp")),
)
LOW = "low"


class DeliveryReportAdmin(PortalAdmin):
    model = DeliveryReport
    menu_label = _("Delivery reports")
    menu_icon = "tasks"
    list_display = ("message", "provider_shown", "state", "their_code", "reason_shown", "time")
    list_filter = (by_choice("provider", _("Provider"), PROVIDERS), by_choice("status", _("State"), Status.choices))
    search_hint = _("Their id or our reference")
    ordering = ("-received_at", "-pk")

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(external_id=text) | queryset.filter(reference=text)

    @column(_("their id"))
    def message(self, report: DeliveryReport) -> str:
        return columns.code(report.external_id)

    @column(_("provider"), order="provider")
    def provider_shown(self, report: DeliveryReport) -> str:
        return provider_name(report.provider)

    @column(_("state"), order="status")
    def state(self, report: DeliveryReport) -> str:
        return report_pill(report)

    @column(_("their code"))
    def their_code(self, report: DeliveryReport) -> str:
        return columns.code(report.code)

    @column(_("reason"))
    def reason_shown(self, report: DeliveryReport) -> str:
        return columns.code(report.reason[:80])

    @column(_("when"), order="at")
    def time(self, report: DeliveryReport) -> str:
        return columns.moment(report.at)

    def states(self, obj: DeliveryReport) -> list[Any]:
        return [report_pill(obj)]

    def read_title(self, obj: DeliveryReport) -> str:
        return f"{provider_name(obj.provider)} · {obj.external_id}"

    def facts(self, obj: DeliveryReport, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Provider"), value=provider_name(obj.provider)),
            Fact(label=_("Their id"), value=columns.code(obj.external_id)),
            Fact(label=_("Our reference"), value=columns.code(obj.reference)),
            Fact(label=_("Their code"), value=columns.code(obj.code)),
            Fact(label=_("Reason"), value=columns.code(obj.reason)),
            Fact(label=_("When"), value=columns.moment(obj.at)),
            Fact(label=_("Received at"), value=columns.moment(obj.received_at)),
            Fact(label=_("As it came"), value=columns.block(json.dumps(obj.raw, ensure_ascii=False, indent=1))),
        ]


def report_pill(report: DeliveryReport) -> str:
    """sent / arrived / read / failed, in its colour."""
    return columns.pill(report.get_status_display(), KINDS.get(Status(report.status), ""))


class AskCredit(ActView):
    """Asks the provider now."""

    name = "ask"
    label = _("Ask now")
    permission = "integrations.change_smscredit"
    icon = "rotate"

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.provider in settings.SMS_PROVIDERS

    def perform(self, data: dict[str, Any]) -> str:
        credit.check(sms.named(self.instance.provider), now=timezone.now())
        row = SmsCredit.objects.get(pk=self.instance.pk)
        if row.last_error:
            raise Refused("credit.no_answer", _now("The provider gave no answer. The last figure stays."))
        if row.rial is None:
            return _now("The provider has answered, but not in money. Set what a unit costs.")
        return _now("%(credit)s is left.") % {"credit": format_rial_as_toman(row.rial)}


class LowFilter(ListFilter):
    title = _("Level")
    parameter_name = "level"
    options = ((LOW, _("low")),)

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(low_since__isnull=False)


class SmsCreditAdmin(PortalAdmin):
    model = SmsCredit
    menu_label = _("SMS credit")
    menu_icon = "pick"
    list_display = ("provider_shown", "credit_left", "state", "checked", "error")
    list_filter = (LowFilter,)
    ordering = ("provider",)
    acts = (AskCredit,)
    row_acts = (AskCredit,)

    @column(_("provider"), order="provider")
    def provider_shown(self, row: SmsCredit) -> str:
        return provider_name(row.provider)

    @column(_("credit"), order="rial")
    def credit_left(self, row: SmsCredit) -> str:
        return columns.toman(row.rial)

    @column(_("state"))
    def state(self, row: SmsCredit) -> str:
        return credit_pill(row)

    @column(_("checked at"), order="checked_at")
    def checked(self, row: SmsCredit) -> str:
        return columns.moment(row.checked_at)

    @column(_("last error"))
    def error(self, row: SmsCredit) -> str:
        return columns.code(row.last_error[:80])

    def read_title(self, obj: SmsCredit) -> str:
        return provider_name(obj.provider)

    def states(self, obj: SmsCredit) -> list[Any]:
        return [credit_pill(obj)]

    def facts(self, obj: SmsCredit, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Credit"), value=columns.toman(obj.rial)),
            Fact(label=_("The alarm is raised below"), value=columns.toman(settings.SMS_LOW_CREDIT_RIAL)),
            Fact(label=_("Low since"), value=columns.moment(obj.low_since)),
            Fact(label=_("Checked at"), value=columns.moment(obj.checked_at)),
            Fact(label=_("Last error"), value=columns.code(obj.last_error)),
        ]


def credit_pill(row: SmsCredit) -> str:
    """enough / low / not known, in its colour."""
    if row.low_since:
        return columns.pill(_now("low"), "late")
    return columns.pill(_now("enough"), "ok") if row.rial is not None else columns.pill(_now("not known"), "")
