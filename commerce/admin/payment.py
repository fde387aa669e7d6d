"""Payments and the ledger in the back office: to be read; the bank can be asked again."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from commerce.admin.order import numbered
from commerce.models import LedgerEntry, Order, Payment
from commerce.services.mismatch import close_mismatch, release_mismatch
from commerce.services.payment import ask_bank_again
from customer.models import Buyer
from kernel.admin import columns
from kernel.admin.acts import ActView
from kernel.admin.columns import column
from kernel.admin.export import ExportColumn, in_toman
from kernel.admin.filters import ListFilter, by_choice
from kernel.admin.model_admin import PortalAdmin
from kernel.admin.reading import Fact
from kernel.money import format_rial_as_toman
from kernel.persian import clean_identifier

Status = Payment.Status
KINDS = {
    Status.PAID: "ok",
    Status.FAILED: "late",
    Status.MISMATCH: "late",
    Status.UNKNOWN: "warn",
    Status.VERIFYING: "warn",
    Status.REDIRECTED: "new",
}
NEEDS_EYES = "needs_eyes"


class PaymentFilter(ListFilter):
    title = _("State")
    parameter_name = "status"
    options = ((NEEDS_EYES, _("in doubt or under review")), *Status.choices)

    def apply(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(status__in=needing_eyes() if value == NEEDS_EYES else [value])


def needing_eyes() -> list[str]:
    """The states in which money may have moved and nobody can say."""
    return [*Payment.IN_DOUBT, Status.MISMATCH]


class AskBankAgain(ActView):
    """Asks the gateway at once and settles what it says."""

    name = "ask-bank"
    label = _("Ask the bank again")
    permission = "commerce.ask_bank"
    icon = "rotate"

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return obj.authority is not None and Status.VERIFYING in Payment.MOVES.get(obj.status, set())

    def perform(self, data: dict[str, Any]) -> str:
        payment = ask_bank_again(payment_id=self.instance.pk, actor=self.actor, now=timezone.now())
        return _now("The bank was asked; the payment is now: %(state)s") % {"state": payment.get_status_display()}


class ReasonForm(forms.Form):
    """Why, for the trace."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class Resolution(ActView):
    """What releasing and closing share: only a payment under review, by finance, with a reason."""

    permission = "commerce.resolve_mismatch"
    form_class = ReasonForm

    @classmethod
    def is_offered(cls, obj: Any) -> bool:
        return bool(obj.status == Status.MISMATCH)


class ReleaseMismatch(Resolution):
    name = "release"
    label = _("Release")
    icon = "check"
    lead = _(
        "The bank is asked once more. If it proves the money, the payment stands: the asked amount pays the order, any "
        "other amount becomes credit on the buyer's account."
    )

    def perform(self, data: dict[str, Any]) -> str:
        payment = release_mismatch(
            payment_id=self.instance.pk, reason=data["reason"], actor=self.actor, now=timezone.now()
        )
        if payment.settled_rial is None:
            return _now("The payment was released.")
        amount = format_rial_as_toman(payment.settled_rial)
        return _now("The payment was released; %(amount)s became credit of the buyer.") % {"amount": amount}


class CloseMismatch(Resolution):
    name = "close"
    label = _("Close as not paid")
    icon = "cross"
    is_dangerous = True
    lead = _(
        "The bank is asked once more. If it holds no money for this payment, the payment counts as not paid, and the "
        "order can be paid again."
    )

    def perform(self, data: dict[str, Any]) -> str:
        close_mismatch(payment_id=self.instance.pk, reason=data["reason"], actor=self.actor, now=timezone.now())
        return _now("The payment was closed as not paid.")


class PaymentAdmin(PortalAdmin):
    model = Payment
    menu_icon = "key"
    list_display = ("order_number", "buyer_name", "amount", "state", "made_at", "bank_reference", "times_asked")
    list_filter = (PaymentFilter,)
    list_select_related = ("order__buyer",)
    ordering = ("-created_at", "-pk")
    search_hint = _("Order number, bank reference, gateway's id, or the buyer")
    acts = (AskBankAgain, ReleaseMismatch, CloseMismatch)
    row_acts = (AskBankAgain,)
    export_filename = "payments"
    export_columns = (
        ExportColumn(label=_("Order"), value=lambda payment: payment.order.number),
        ExportColumn(label=_("Buyer"), value=lambda payment: payment.order.buyer.full_name),
        ExportColumn(label=_("Amount, toman"), value=lambda payment: in_toman(payment.amount_rial)),
        ExportColumn(label=_("Gateway"), value=lambda payment: payment.gateway),
        ExportColumn(label=_("State"), value=lambda payment: payment.get_status_display()),
        ExportColumn(label=_("Bank reference"), value=lambda payment: payment.reference or ""),
        ExportColumn(label=_("Card"), value=lambda payment: payment.card_masked),
        ExportColumn(label=_("Made on"), value=lambda payment: columns.plain_date_of(payment.created_at)),
        ExportColumn(label=_("Paid on"), value=lambda payment: columns.plain_date_of(payment.paid_at)),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        number = clean_identifier(text)
        buyers = Buyer.objects.matching(text).order_by().values("pk")
        orders = Order.objects.filter(numbered(text) | Q(buyer__in=buyers)).order_by().values("pk")
        found = Q(order__in=orders) | Q(reference=number) | Q(authority=text)
        return queryset.filter(found | Q(pk=UUID(text)) if _is_uuid(text) else found)

    @column(_("order"), order="order__number")
    def order_number(self, payment: Payment) -> str:
        return columns.code(payment.order.number)

    @column(_("buyer"), order="order__buyer__last_name")
    def buyer_name(self, payment: Payment) -> str:
        return columns.record(payment.order.buyer)

    @column(_("amount"), order="amount_rial")
    def amount(self, payment: Payment) -> str:
        return columns.toman(payment.amount_rial)

    @column(_("state"), order="status")
    def state(self, payment: Payment) -> str:
        return columns.pill(payment.get_status_display(), KINDS.get(Status(payment.status), ""))

    @column(_("created at"), order="created_at")
    def made_at(self, payment: Payment) -> str:
        return columns.moment(payment.created_at)

    @column(_("bank reference"), order="reference")
    def bank_reference(self, payment: Payment) -> str:
        return columns.code(payment.reference)

    @column(_("times asked"), order="checks")
    def times_asked(self, payment: Payment) -> str:
        return columns.count(payment.checks)

    def read_title(self, obj: Payment) -> str:
        return _now("Payment of order %(number)s") % {"number": obj.order.number}

    def states(self, obj: Payment) -> list[Any]:
        return [self.state(obj)]

    def facts(self, obj: Payment, _request: HttpRequest) -> list[Fact]:
        reply = json.dumps(obj.raw_reply, ensure_ascii=False, indent=1) if obj.raw_reply else ""
        result = " ".join(part for part in (obj.result_code, obj.result_reason) if part)
        return [
            Fact(label=_("Order"), value=columns.record(obj.order)),
            Fact(label=_("Buyer"), value=columns.record(obj.order.buyer)),
            Fact(label=_("Amount"), value=columns.toman(obj.amount_rial)),
            *_taken(obj),
            Fact(label=_("Gateway"), value=columns.code(obj.gateway)),
            Fact(label=_("Gateway's id"), value=columns.code(obj.authority)),
            Fact(label=_("Bank reference"), value=columns.code(obj.reference)),
            Fact(label=_("Card"), value=columns.code(obj.card_masked)),
            Fact(label=_("Made at"), value=columns.moment(obj.created_at)),
            Fact(label=_("Sent to the bank at"), value=columns.moment(obj.redirected_at)),
            Fact(label=_("Came back at"), value=columns.moment(obj.returned_at)),
            Fact(label=_("Paid at"), value=columns.moment(obj.paid_at)),
            Fact(label=_("Times asked"), value=columns.count(obj.checks)),
            Fact(label=_("Next question to the bank"), value=columns.moment(obj.next_check_at)),
            Fact(label=_("What the gateway said"), value=columns.code(result)),
            Fact(label=_("The gateway's last reply"), value=columns.block(reply)),
        ]


def _taken(obj: Payment) -> list[Fact]:
    """What the bank took, where it is not what was asked for."""
    if obj.settled_rial is None:
        return []
    return [Fact(label=_("Amount that the bank took"), value=columns.toman(obj.settled_rial))]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class LedgerAdmin(PortalAdmin):
    model = LedgerEntry
    menu_icon = "table"
    list_display = ("buyer_name", "number", "kind_name", "amount", "balance", "made_at")
    list_filter = (by_choice("kind", _("Kind"), LedgerEntry.Kind.choices),)
    list_select_related = ("buyer",)
    ordering = ("-pk",)
    search_hint = _("Name, phone, national code or username")
    export_filename = "ledger"
    export_columns = (
        ExportColumn(label=_("Buyer"), value=lambda entry: entry.buyer.full_name),
        ExportColumn(label=_("Number"), value=lambda entry: entry.sequence),
        ExportColumn(label=_("Kind"), value=lambda entry: entry.get_kind_display()),
        ExportColumn(label=_("Amount, toman"), value=lambda entry: in_toman(entry.amount_rial)),
        ExportColumn(label=_("Balance, toman"), value=lambda entry: in_toman(entry.balance_rial)),
        ExportColumn(label=_("Note"), value=lambda entry: entry.note),
        ExportColumn(label=_("Made on"), value=lambda entry: columns.plain_date_of(entry.created_at)),
    )

    def search(self, queryset: Any, text: str) -> QuerySet[Any]:
        return queryset.filter(buyer__in=Buyer.objects.matching(text).order_by().values("pk"))

    @column(_("buyer"), order="buyer__last_name")
    def buyer_name(self, entry: LedgerEntry) -> str:
        return entry.buyer.full_name

    @column(_("number"), order="sequence")
    def number(self, entry: LedgerEntry) -> str:
        return columns.count(entry.sequence)

    @column(_("kind"), order="kind")
    def kind_name(self, entry: LedgerEntry) -> str:
        return entry.get_kind_display()

    @column(_("amount"), order="amount_rial")
    def amount(self, entry: LedgerEntry) -> str:
        return columns.toman(entry.amount_rial)

    @column(_("balance"), order="balance_rial")
    def balance(self, entry: LedgerEntry) -> str:
        return columns.toman(entry.balance_rial)

    @column(_("created at"), order="created_at")
    def made_at(self, entry: LedgerEntry) -> str:
        return columns.moment(entry.created_at)

    def read_title(self, obj: LedgerEntry) -> str:
        return f"{obj.buyer.full_name} · {columns.count(obj.sequence)}"

    def facts(self, obj: LedgerEntry, _request: HttpRequest) -> list[Fact]:
        return [
            Fact(label=_("Buyer"), value=columns.record(obj.buyer)),
            Fact(label=_("Kind"), value=obj.get_kind_display()),
            Fact(label=_("Amount"), value=columns.toman(obj.amount_rial)),
            Fact(label=_("Balance after it"), value=columns.toman(obj.balance_rial)),
            Fact(label=_("Payment"), value=payment_link(obj)),
            Fact(label=_("Note"), value=obj.note or columns.NOTHING),
            Fact(label=_("Made at"), value=columns.moment(obj.created_at)),
        ]


def payment_link(entry: LedgerEntry) -> str:
    """The document behind an entry."""
    if entry.payment is None:
        return columns.NOTHING
    return columns.link(columns.read_url(Payment, entry.payment.pk), entry.payment.reference or entry.payment.pk)
