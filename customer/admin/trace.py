"""The trail of acts in the back office: who did what, when, from where."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customer.models import Buyer, Trace
from kernel.admin import columns
from kernel.admin.columns import column
from kernel.admin.filters import ListFilter
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact

# What acts are called; the apps above add theirs.
ACTS: dict[str, str | Promise] = {
    "signed_in": _("signed in"),
    "signed_out_everywhere": _("signed out everywhere"),
    "password.changed": _("changed the own password"),
    "token.issued": _("opened access for a program"),
    "token.revoked": _("ended access of a program"),
    "buyer.created": _("made a buyer's account"),
    "buyer.changed": _("changed a buyer's details"),
    "buyer.password_reset": _("set a new password for a buyer"),
    "buyer.enabled": _("opened a buyer's account"),
    "buyer.disabled": _("closed a buyer's account"),
    "buyer.national_code_seen": _("looked at a national code"),
    "buyer.list_exported": _("took the list of buyers as a sheet"),
    "correction.requested": _("asked for a correction"),
    "correction.accepted": _("accepted a correction"),
    "correction.refused": _("refused a correction"),
    "device.registered": _("registered a device"),
    "device.changed": _("changed a device"),
    "service.legacy_activated": _("put a device into service without a sign-off"),
    "service.chosen": _("chose how service goes on"),
    "inbox.acknowledged": _("confirmed a message"),
    "sign_off.prepared": _("prepared an installation form"),
    "sign_off.photo_added": _("added a photo to an installation form"),
    "sign_off.confirmed": _("confirmed an installation"),
    "sign_off.declined": _("declined an installation form"),
    "sign_off.withdrawn": _("withdrew an installation form"),
    "sign_off.list_exported": _("took the list of sign-offs as a sheet"),
    "transfer.requested": _("asked for a transfer"),
    "transfer.submitted": _("confirmed a request for transfer"),
    "transfer.accepted": _("accepted as new owner"),
    "transfer.declined": _("declined as new owner"),
    "transfer.cancelled": _("cancelled a transfer"),
    "transfer.approved": _("carried out a transfer"),
    "transfer.refused": _("refused a transfer"),
    "transfer.document_seen": _("took the document of a transfer"),
    "transfer.list_exported": _("took the list of transfers as a sheet"),
    "campaign.composed": _("began the sending of a notice"),
    "campaign.revised": _("changed the sending of a notice"),
    "campaign.tested": _("sent a notice to the own phone"),
    "campaign.submitted": _("submitted a notice for approval"),
    "campaign.sent_back": _("sent a notice back to its author"),
    "campaign.approved": _("approved a notice"),
    "campaign.started": _("started the sending of a notice"),
    "campaign.paused": _("paused the sending of a notice"),
    "campaign.resumed": _("resumed the sending of a notice"),
    "campaign.cancelled": _("cancelled the sending of a notice"),
    "campaign.failed_sent_again": _("sent failed messages of a notice again"),
    "campaign.finished": _("finished the sending of a notice"),
    "campaign.called": _("called a buyer about a notice"),
    "campaign.dossier_made": _("signed the proof of a notice"),
    "campaign.list_exported": _("took the list of recipients as a sheet"),
    "notices.preferences_changed": _("chose which notices to get"),
    "record.downloaded": _("took a signed paper"),
    "checklisttemplate.saved": _("saved a checklist of installation"),
    "brand.saved": _("saved a brand"),
    "brand.deleted": _("deleted a brand"),
    "devicetype.saved": _("saved a device type"),
    "devicetype.deleted": _("deleted a device type"),
    "devicemodel.saved": _("saved a device model"),
    "devicemodel.deleted": _("deleted a device model"),
    "user.saved": _("saved a member of staff"),
}


def act_name(verb: str) -> str:
    """What an act is called; one without a name is shown as it is."""
    return str(ACTS.get(verb, verb))


class PeopleFilter(ListFilter):
    title = _("By whom")
    parameter_name = "who"
    options = (("staff", _("staff")), ("buyers", _("buyers")), ("system", _("the system itself")))

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        wanted = {
            "staff": Q(actor__isnull=False, actor__buyer__isnull=True),
            "buyers": Q(actor__buyer__isnull=False),
            "system": Q(actor__isnull=True),
        }
        return queryset.filter(wanted[value])


class ActFilter(ListFilter):
    """The choices grow with what the apps register, so they are read when asked for."""

    title = _("Act")
    parameter_name = "verb"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(verb, str(name)) for verb, name in ACTS.items()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(verb=self.value()) if self.value() in ACTS else queryset


class TraceAdmin(PortalAdmin):
    model = Trace
    menu_label = _("Trail of acts")
    menu_icon = "history"
    list_display = ("act", "who", "concerned", "about", "when")
    list_filter = (PeopleFilter, ActFilter)
    list_select_related = ("actor", "buyer")
    ordering = ("-pk",)
    search_hint = _("Subject (for example device:12), or the buyer")

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(Q(subject=text) | Q(buyer__in=Buyer.objects.matching(text).values("pk")))

    @column(_("act"))
    def act(self, trace: Trace) -> str:
        return act_name(trace.verb)

    @column(_("who"))
    def who(self, trace: Trace) -> str:
        return actor_name(trace)

    @column(_("buyer concerned"))
    def concerned(self, trace: Trace) -> str:
        return columns.record(trace.buyer) if trace.buyer else columns.NOTHING

    @column(_("subject"))
    def about(self, trace: Trace) -> str:
        return columns.code(trace.subject)

    @column(_("when"), order="at")
    def when(self, trace: Trace) -> str:
        return columns.moment(trace.at)

    def read_title(self, obj: Trace) -> str:
        return act_name(obj.verb)

    def facts(self, obj: Trace, _request: HttpRequest) -> list[Fact]:
        details = json.dumps(obj.data, ensure_ascii=False, indent=1) if obj.data else ""
        return [
            Fact(label=_("Who"), value=actor_name(obj)),
            Fact(label=_("Buyer concerned"), value=self.concerned(obj)),
            Fact(label=_("Subject"), value=columns.code(obj.subject)),
            Fact(label=_("When"), value=columns.moment(obj.at)),
            Fact(label=_("Act"), value=columns.code(obj.verb)),
            Fact(label=_("details"), value=columns.block(details)),
            Fact(label=_("Internet address"), value=columns.code(obj.ip)),
            Fact(label=_("Browser"), value=columns.code(obj.agent)),
        ]


def actor_name(trace: Trace) -> str:
    """The person behind an act, or the system itself."""
    if trace.actor is None:
        return str(_("the system itself"))
    return trace.actor.get_full_name() or trace.actor.username
