"""Transfers of ownership in the back office: what stands in the way, who takes over, and the decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail_modeladmin.views import InstanceSpecificView

from customer.admin import paper_forms, slip
from customer.admin.device import identified
from customer.models import Buyer, Device, Transfer
from customer.services import trace
from customer.services.document import TYPES
from customer.services.record import clean_code
from customer.services.transfer import Executed, approve_transfer, known_buyer, refuse_transfer
from kernel.actor import Actor
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.identity import IdentityError, clean_mobile, local_mobile, mask_national_code

Status, Acceptance = Transfer.Status, Transfer.Acceptance
KINDS = {
    Status.DRAFT: "",
    Status.SUBMITTED: "warn",
    Status.APPROVED: "ok",
    Status.REFUSED: "late",
    Status.CANCELLED: "",
}
# The model's words are for the owner; these are for the back office.
NAMES: dict[str, str | Promise] = {
    Status.DRAFT: _("waiting for the owner's code"),
    Status.SUBMITTED: _("to be decided"),
    Status.APPROVED: _("carried out"),
    Status.REFUSED: _("refused"),
    Status.CANCELLED: _("cancelled by the owner"),
}
ANSWERS = {Acceptance.ACCEPTED: "ok", Acceptance.DECLINED: "late", Acceptance.WAITING: "warn"}
LONG = timedelta(days=5)
LONG_CHOICE = "waiting_long"


def waiting_long(queryset: Any) -> Any:
    """Requests that have waited for a decision for more than five days."""
    return queryset.filter(status=Status.SUBMITTED, submitted_at__lt=timezone.now() - LONG)


class StatusFilter(ListFilter):
    title = _("State")
    parameter_name = "status"
    options = (*NAMES.items(), (LONG_CHOICE, _("undecided for more than 5 days")))

    def apply(self, queryset: QuerySet[Any], value: str) -> Any:
        return waiting_long(queryset) if value == LONG_CHOICE else queryset.filter(status=value)


class Decision(ActView):
    """What approving and refusing share."""

    permission = "customer.decide_transfer"

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.SUBMITTED)


class Approve(Decision):
    """Carries the transfer out; if the new owner's account was made with it, the next page is the slip."""

    name = "approve"
    label = _("Approve and carry out")
    icon = "check"
    form_class = paper_forms.NoteForm
    lead = _(
        "The device changes hands at once, with its service. Unpaid orders are cancelled, the deed is signed, "
        "and both sides are told. It cannot be undone."
    )
    executed: Executed | None = None

    def perform(self, data: dict[str, Any]) -> str:
        self.executed = done = approve_transfer(
            transfer_id=self.instance.pk, note=data["note"], actor=self.actor, now=timezone.now()
        )
        if done.password and done.transfer.new_owner_id:
            slip.keep(self.request, done.transfer.new_owner_id, done.password)
        return _now("The device now belongs to %(owner)s.") % {"owner": done.transfer.new_owner_name}

    def way_back(self) -> str:
        if self.executed and self.executed.password:
            return reverse("customer_buyer_modeladmin_slip", args=[self.executed.transfer.new_owner_id])
        return self.read_url


class Refuse(Decision):
    name = "refuse"
    label = _("Refuse")
    icon = "cross"
    is_dangerous = True
    form_class = paper_forms.RefusalForm
    lead = _("Nothing changes. The owner is told, together with the reason.")

    def perform(self, data: dict[str, Any]) -> str:
        refuse_transfer(transfer_id=self.instance.pk, reason=data["reason"], actor=self.actor, now=timezone.now())
        return _now("The request was refused; the owner is being told.")


class DocumentView(InstanceSpecificView):
    """The paper that the owner sent in, for who may read the request; that somebody took it is traced."""

    def check_action_permitted(self, user: Any) -> bool:
        return bool(self.permission_helper.user_can_inspect_obj(user, self.instance))

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> FileResponse:
        found: Transfer = self.instance
        if not found.document:
            raise Http404
        trace.record(
            "transfer.document_seen",
            f"transfer:{found.pk}",
            actor=Actor.of(request),
            now=timezone.now(),
            buyer_id=found.owner_id,
        )
        kind = str(found.document.name).rpartition(".")[2]
        name = f"transfer-{found.pk}.{kind}"
        response = FileResponse(found.document.open("rb"), as_attachment=True, filename=name, content_type=TYPES[kind])
        response.headers["Cache-Control"] = "private, no-store"
        return response


class TransferAdmin(PortalAdmin):
    model = Transfer
    menu_label = _("Transfers of ownership")
    menu_icon = "resubmit"
    list_display = ("device_name", "owner_name", "new_owner_shown", "why", "answer", "state", "filed")
    list_filter = (
        StatusFilter,
        by_choice("acceptance", _("New owner"), Acceptance.choices),
        by_choice("reason", _("Reason"), Transfer.Reason.choices),
    )
    list_select_related = ("device__model__brand", "owner", "new_owner", "decided_by", "record__key")
    ordering = ("-pk",)
    search_hint = _("Serial, dongle, user ID, owner, new owner, or the code of the deed")
    acts = (Approve, Refuse)
    pages: ClassVar = {"document": DocumentView}
    export_filename = "transfers"
    export_columns = (
        ExportColumn(label=_("Device"), value=lambda row: str(row.device.model)),
        ExportColumn(label=_("Identifier"), value=lambda row: row.device.identifier),
        ExportColumn(label=_("Owner"), value=lambda row: row.owner.full_name),
        ExportColumn(label=_("New owner"), value=lambda row: row.new_owner_name),
        ExportColumn(label=_("Reason"), value=lambda row: row.get_reason_display()),
        ExportColumn(label=_("State"), value=lambda row: str(NAMES[row.status])),
        ExportColumn(label=_("Answer of the new owner"), value=lambda row: row.get_acceptance_display()),
        ExportColumn(label=_("Filed on"), value=lambda row: columns.plain_date_of(row.created_at)),
        ExportColumn(label=_("Decided on"), value=lambda row: columns.plain_date_of(row.decided_at)),
        ExportColumn(label=_("Code of the deed"), value=lambda row: row.record.code if row.record else ""),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        """By the device's whole identifier, either side, or the code of the deed."""
        devices = Device.objects.filter(identified(text)).order_by().values("pk")
        buyers = Buyer.objects.matching(text).order_by().values("pk")
        found = Q(device__in=devices) | Q(owner__in=buyers) | Q(new_owner__in=buyers)
        return queryset.filter(found | _named(text) | Q(record__code=clean_code(text)))

    def exported(self, request: HttpRequest, _taken: list[ExportColumn]) -> None:
        trace.record("transfer.list_exported", "transfer:*", actor=Actor.of(request), now=timezone.now())

    @column(_("device"))
    def device_name(self, row: Transfer) -> str:
        return str(row.device)

    @column(_("owner"), order="owner__last_name")
    def owner_name(self, row: Transfer) -> str:
        return columns.record(row.owner)

    @column(_("new owner"), order="new_last_name")
    def new_owner_shown(self, row: Transfer) -> str:
        return columns.record(row.new_owner) if row.new_owner else row.new_owner_name

    @column(_("reason"), order="reason")
    def why(self, row: Transfer) -> str:
        return row.get_reason_display()

    @column(_("answer of the new owner"), order="acceptance")
    def answer(self, row: Transfer) -> str:
        return columns.pill(row.get_acceptance_display(), ANSWERS.get(Acceptance(row.acceptance), ""))

    @column(_("state"), order="status")
    def state(self, row: Transfer) -> str:
        return state_pill(row)

    @column(_("filed at"), order="created_at")
    def filed(self, row: Transfer) -> str:
        return columns.moment(row.created_at)

    def read_title(self, obj: Transfer) -> str:
        return str(obj.device)

    def states(self, obj: Transfer) -> list[Any]:
        return [state_pill(obj)]

    def facts(self, obj: Transfer, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Device"), value=columns.record(obj.device)),
            Fact(label=_("Owner"), value=columns.record(obj.owner)),
            *_new_owner_facts(obj),
            Fact(label=_("Reason"), value=obj.get_reason_display()),
            Fact(label=_("Document"), value=_document_link(obj)),
            Fact(label=_("Statement of the owner"), value=columns.lines(obj.statement)),
            Fact(label=_("Filed at"), value=columns.moment(obj.created_at)),
            Fact(label=_("Confirmed by the owner at"), value=columns.moment(obj.submitted_at)),
            *_cooling_off(obj),
            Fact(label=_("Answer of the new owner"), value=self.answer(obj)),
            Fact(label=_("Answered at"), value=columns.moment(obj.answered_at)),
            *_decision_facts(obj),
        ]


def state_pill(row: Transfer) -> str:
    """Where the request stands, in its colour."""
    return columns.pill(NAMES[row.status], KINDS[Status(row.status)])


def _named(text: str) -> Q:
    """Requests whose new owner bears every typed word in the name, or the typed phone."""
    found = Q()
    for word in text.split():
        found &= Q(new_first_name__icontains=word) | Q(new_last_name__icontains=word)
    try:
        return found | Q(new_phone=clean_mobile(text))
    except IdentityError:
        return found


def _new_owner_facts(obj: Transfer) -> list[Fact]:
    """Who takes over, and whether he has an account here already."""
    account = obj.new_owner or known_buyer(obj)
    if account is None:
        said: Any = _now("None yet; one is made with the transfer, and its password is shown once.")
    elif account.user.is_active:
        said = columns.record(account)
    else:
        said = columns.link(columns.read_url(Buyer, account.pk), _now("closed; open it before the transfer"))
    return [
        Fact(label=_("New owner"), value=obj.new_owner_name),
        Fact(label=_("National code of the new owner"), value=columns.code(mask_national_code(obj.new_national_code))),
        Fact(label=_("Phone of the new owner"), value=columns.code(local_mobile(obj.new_phone))),
        Fact(label=_("Account with this national code"), value=said),
    ]


def _document_link(obj: Transfer) -> str:
    if not obj.document:
        return columns.NOTHING
    return columns.link(reverse("customer_transfer_modeladmin_document", args=[obj.pk]), _now("Download the document"))


def _cooling_off(obj: Transfer) -> list[Fact]:
    """Until when the owner may think it over, while it matters."""
    if not settings.TRANSFER_COOLING_OFF or obj.status != Status.SUBMITTED or obj.submitted_at is None:
        return []
    until = obj.submitted_at + settings.TRANSFER_COOLING_OFF
    return [Fact(label=_("May be carried out from"), value=columns.moment(until))]


def _decision_facts(obj: Transfer) -> list[Fact]:
    if obj.decided_at is None:
        return []
    return [
        Fact(label=_("Decided by"), value=obj.decided_by or columns.NOTHING),
        Fact(label=_("Decided at"), value=columns.moment(obj.decided_at)),
        Fact(label=_("Reason of the decision"), value=columns.lines(obj.decision_reason)),
    ]
