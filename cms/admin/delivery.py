"""Recipients of notices in the back office, and those whom somebody has to call."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cms.admin.campaign_forms import CallForm
from cms.models import CallTask, Campaign, CampaignDelivery, Channel, DeliveryAttempt
from cms.services.call_task import note_call
from customer.models import Buyer
from customer.services import trace
from kernel.actor import Actor
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact, Section
from kernel.identity import local_mobile, mask_mobile

Status = CampaignDelivery.Status
KINDS = {
    Status.QUEUED: "",
    Status.SENDING: "new",
    Status.ACCEPTED: "new",
    Status.DELIVERED: "ok",
    Status.FAILED: "late",
    Status.SKIPPED: "",
    Status.TASK: "warn",
}
LATEST = 100
CALL_STATES = [(state.value, state.label) for state in (Status.TASK, Status.DELIVERED, Status.FAILED, Status.SKIPPED)]


class CampaignFilter(ListFilter):
    """One notice; the latest hundred can be chosen."""

    title = _("Notice")
    parameter_name = "campaign"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), title) for pk, title in Campaign.objects.values_list("pk", "inbox_title")[:LATEST]]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = str(self.value() or "")
        return queryset.filter(campaign_id=int(value)) if value.isdecimal() and len(value) < 18 else queryset


class ReadFilter(ListFilter):
    title = _("Read")
    parameter_name = "read"
    options = (
        ("seen", _("seen")),
        ("unseen", _("not seen yet")),
        ("acknowledged", _("confirmed")),
        ("unacknowledged", _("not confirmed yet")),
    )

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        name = "seen_at" if value.endswith("seen") else "acknowledged_at"
        return queryset.filter(**{"channel": Channel.INBOX, f"{name}__isnull": value.startswith("un")})


class RecipientAdmin(PortalAdmin):
    model = CampaignDelivery
    menu_label = _("Recipients of notices")
    menu_icon = "group"
    menu_order = 321
    list_display = ("buyer_name", "notice", "channel_shown", "state", "why", "accepted", "seen", "acknowledged")
    list_filter = (
        CampaignFilter,
        by_choice("channel", _("Channel"), Channel.choices),
        by_choice("status", _("State"), Status.choices),
        ReadFilter,
    )
    list_select_related = ("buyer", "campaign")
    search_hint = _("Buyer: name, phone or username")
    ordering = ("-pk",)
    export_filename = "notice-recipients"
    export_columns = (
        ExportColumn(label=_("Notice"), value=lambda row: row.campaign.inbox_title),
        ExportColumn(label=_("Buyer"), value=lambda row: row.buyer.full_name),
        ExportColumn(label=_("Phone"), value=lambda row: mask_mobile(row.buyer.phone) if row.buyer.phone else ""),
        ExportColumn(label=_("Channel"), value=lambda row: row.get_channel_display()),
        ExportColumn(label=_("State"), value=lambda row: row.get_status_display()),
        ExportColumn(label=_("Reason"), value=lambda row: row.why),
        ExportColumn(label=_("Provider"), value=lambda row: row.provider),
        ExportColumn(label=_("Their id"), value=lambda row: row.external_id),
        ExportColumn(label=_("Accepted on"), value=lambda row: columns.plain_date_of(row.accepted_at)),
        ExportColumn(label=_("Delivered on"), value=lambda row: columns.plain_date_of(row.delivered_at)),
        ExportColumn(label=_("Seen on"), value=lambda row: columns.plain_date_of(row.seen_at)),
        ExportColumn(label=_("Confirmed on"), value=lambda row: columns.plain_date_of(row.acknowledged_at)),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(buyer__in=Buyer.objects.matching(text).order_by().values("pk"))

    def exported(self, request: HttpRequest, _taken: list[ExportColumn]) -> None:
        trace.record("campaign.list_exported", "campaign:*", actor=Actor.of(request), now=timezone.now())

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, row: CampaignDelivery) -> str:
        return row.buyer.full_name

    @column(_("notice"))
    def notice(self, row: CampaignDelivery) -> str:
        return columns.record(row.campaign)

    @column(_("channel"), order="channel")
    def channel_shown(self, row: CampaignDelivery) -> str:
        return row.get_channel_display()

    @column(_("state"), order="status")
    def state(self, row: CampaignDelivery) -> str:
        return state_pill(row)

    @column(_("reason"))
    def why(self, row: CampaignDelivery) -> str:
        return row.why or columns.NOTHING

    @column(_("accepted at"), order="accepted_at")
    def accepted(self, row: CampaignDelivery) -> str:
        return columns.moment(row.accepted_at)

    @column(_("seen at"), order="seen_at")
    def seen(self, row: CampaignDelivery) -> str:
        return columns.moment(row.seen_at)

    @column(_("confirmed at"), order="acknowledged_at")
    def acknowledged(self, row: CampaignDelivery) -> str:
        return columns.moment(row.acknowledged_at)

    def read_title(self, obj: CampaignDelivery) -> str:
        return f"{obj.buyer.full_name} · {obj.get_channel_display()}"

    def states(self, obj: CampaignDelivery) -> list[Any]:
        return [state_pill(obj)]

    def facts(self, obj: CampaignDelivery, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Notice"), value=columns.record(obj.campaign)),
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Phone"), value=columns.code(mask_mobile(obj.buyer.phone) if obj.buyer.phone else "")),
            Fact(label=_("Provider"), value=columns.code(obj.provider)),
            Fact(label=_("Their id"), value=columns.code(obj.external_id)),
            Fact(label=_("Attempts"), value=columns.count(obj.attempts)),
            Fact(label=_("Next attempt"), value=columns.moment(obj.next_attempt_at)),
            Fact(label=_("Reason"), value=obj.why or columns.NOTHING),
            Fact(label=_("Accepted at"), value=columns.moment(obj.accepted_at)),
            Fact(label=_("Delivered at"), value=columns.moment(obj.delivered_at)),
            Fact(label=_("Seen at"), value=columns.moment(obj.seen_at)),
            Fact(label=_("Confirmed at"), value=columns.moment(obj.acknowledged_at)),
        ]


def state_pill(row: CampaignDelivery) -> str:
    return columns.pill(row.get_status_display(), KINDS[Status(row.status)])


def attempts_of_delivery(delivery: CampaignDelivery, request: HttpRequest) -> Section | None:
    """Every call and every report."""
    if not request.user.has_perm("cms.view_campaigndelivery"):
        return None
    return Section(
        title=_("Attempts"),
        heads=(_("when"), _("provider"), _("outcome"), _("code"), _("reason"), _("their id")),
        rows=[
            [
                columns.moment(attempt.at),
                columns.code(attempt.provider),
                DeliveryAttempt.Outcome(attempt.outcome).label,
                columns.code(attempt.code),
                attempt.reason or columns.NOTHING,
                columns.code(attempt.external_id),
            ]
            for attempt in delivery.history.all()[:LATEST]
        ],
        empty=_("Nothing has been tried yet."),
    )


class NoteCall(ActView):
    name = "note-call"
    label = _("Note the call")
    permission = "cms.change_calltask"
    icon = "check"
    form_class = CallForm

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.TASK)

    def perform(self, data: dict[str, Any]) -> str:
        reached = data["reached"] == "yes"
        note_call(task_id=self.instance.pk, reached=reached, note=data["note"], actor=self.actor, now=timezone.now())
        return _now("The call was noted.")


class CallTaskAdmin(PortalAdmin):
    """Whom no channel reached."""

    model = CallTask
    menu_label = _("Buyers to call")
    menu_icon = "mobile-alt"
    menu_order = 322
    list_display = ("buyer_name", "phone", "notice", "state", "note")
    list_filter = (CampaignFilter, by_choice("status", _("State"), CALL_STATES))
    list_select_related = ("buyer", "campaign")
    search_hint = _("Buyer: name, phone or username")
    ordering = ("-pk",)
    acts = (NoteCall,)
    row_acts = (NoteCall,)

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(buyer__in=Buyer.objects.matching(text).order_by().values("pk"))

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, row: CallTask) -> str:
        return row.buyer.full_name

    @column(_("phone"))
    def phone(self, row: CallTask) -> str:
        return columns.code(local_mobile(row.buyer.phone) if row.buyer.phone else "")

    @column(_("notice"))
    def notice(self, row: CallTask) -> str:
        return row.campaign.inbox_title

    @column(_("state"), order="status")
    def state(self, row: CallTask) -> str:
        return state_pill(row)

    @column(_("note"))
    def note(self, row: CallTask) -> str:
        return row.reason or columns.NOTHING

    def read_title(self, obj: CallTask) -> str:
        return obj.buyer.full_name

    def states(self, obj: CallTask) -> list[Any]:
        return [state_pill(obj)]

    def facts(self, obj: CallTask, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Phone"), value=self.phone(obj)),
            Fact(label=_("Notice"), value=obj.campaign.inbox_title),
            Fact(label=_("What is to be told"), value=columns.lines(obj.campaign.inbox_body)),
            Fact(label=_("Called at"), value=columns.moment(obj.tried_at)),
            Fact(label=_("What came of it"), value=obj.get_status_display()),
            Fact(label=_("Note"), value=obj.reason or columns.NOTHING),
        ]
