"""Correction requests in the back office: a buyer says that something is wrong, an administrator decides."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from customer.admin import forms
from customer.models import Buyer, CorrectionRequest
from customer.queries import SHOWN_AS, shown
from customer.services import trace
from customer.services.correction import decide_correction
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.filters import by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact

Status = CorrectionRequest.Status
KINDS = {Status.WAITING: "warn", Status.ACCEPTED: "ok", Status.REFUSED: "late"}


class Decision(ActView):
    """What accepting and refusing share."""

    permission = "customer.decide_correction"
    accept = True

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.status == Status.WAITING

    def perform(self, data: dict[str, Any]) -> str:
        decide_correction(
            correction_id=self.instance.pk,
            accept=self.accept,
            reason=data["reason"],
            actor=self.actor,
            now=timezone.now(),
        )
        return _now("The buyer has been told of the decision.")


class Accept(Decision):
    name = "accept"
    label = _("Accept")
    icon = "check"
    form_class = forms.OptionalReasonForm
    lead = _("The buyer's details change at once, and the buyer is told.")


class Refuse(Decision):
    name = "refuse"
    label = _("Refuse")
    icon = "cross"
    is_dangerous = True
    form_class = forms.ReasonForm
    lead = _("Nothing changes. The buyer is told, together with the reason.")
    accept = False


class SeeNationalCodes(ActView):
    """Shows both codes of the request whole; that somebody looked is traced."""

    name = "national-code"
    label = _("Show the national code")
    permission = "customer.see_national_code"
    icon = "view"

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.field == CorrectionRequest.Field.NATIONAL_CODE

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        wish: CorrectionRequest = self.instance
        subject, now = f"correction:{wish.pk}", timezone.now()
        trace.record("buyer.national_code_seen", subject, actor=self.actor, now=now, buyer_id=wish.buyer_id)
        self.template_name = "customer/admin/national_code.html"
        return self.render_to_response(self.get_context_data(title=wish.buyer.full_name, read_url=self.read_url))


class CorrectionAdmin(PortalAdmin):
    model = CorrectionRequest
    menu_icon = "edit"
    list_display = ("buyer_name", "what", "from_value", "to_value", "state", "filed_at")
    list_filter = (
        by_choice("status", _("State"), Status.choices),
        by_choice("field", _("Field"), CorrectionRequest.Field.choices),
    )
    list_select_related = ("buyer",)
    ordering = ("-pk",)
    search_hint = _("Name, phone, national code or username")
    acts = (Accept, Refuse, SeeNationalCodes)
    row_acts = (Accept, Refuse)

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(buyer__in=Buyer.objects.matching(text).values("pk"))

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, request: CorrectionRequest) -> str:
        return request.buyer.full_name

    @column(_("field"), order="field")
    def what(self, request: CorrectionRequest) -> str:
        return request.get_field_display()

    @column(_("registered"))
    def from_value(self, request: CorrectionRequest) -> str:
        return value(request, request.current)

    @column(_("proposed"))
    def to_value(self, request: CorrectionRequest) -> str:
        return value(request, request.proposed)

    @column(_("state"), order="status")
    def state(self, request: CorrectionRequest) -> str:
        return columns.pill(request.get_status_display(), KINDS[Status(request.status)])

    @column(_("filed at"), order="created_at")
    def filed_at(self, request: CorrectionRequest) -> str:
        return columns.moment(request.created_at)

    def read_title(self, obj: CorrectionRequest) -> str:
        return f"{obj.buyer.full_name} · {obj.get_field_display()}"

    def states(self, obj: CorrectionRequest) -> list[Any]:
        return [self.state(obj)]

    def facts(self, obj: CorrectionRequest, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Field"), value=obj.get_field_display()),
            Fact(label=_("Registered"), value=value(obj, obj.current)),
            Fact(label=_("Proposed"), value=value(obj, obj.proposed)),
            Fact(label=_("What the buyer wrote"), value=obj.note or columns.NOTHING),
            Fact(label=_("Filed at"), value=columns.moment(obj.created_at)),
            Fact(label=_("Decided by"), value=obj.decided_by or columns.NOTHING),
            Fact(label=_("Decided at"), value=columns.moment(obj.decided_at)),
            Fact(label=_("Reason of the decision"), value=obj.reason or columns.NOTHING),
        ]


def value(request: CorrectionRequest, text: str) -> str:
    """A value of the request: the national code masked, numbers left to right."""
    written = shown(request.field, text)
    return columns.code(written) if request.field in SHOWN_AS else written or columns.NOTHING
