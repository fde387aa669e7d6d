"""What orders and payments add to the read pages; `settings.ADMIN_SECTIONS` says where."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commerce.admin import order as orders
from commerce.admin import payment as payments
from commerce.models import LedgerEntry, Order, Payment
from customer.models import Buyer, Device, Transfer
from integrations.admin import messages_section
from integrations.models import OutboxMessage
from kernel.admin import columns
from kernel.admin.reading import Section

FEW = 10


def orders_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    return _orders(Order.objects.filter(buyer=buyer), request)


def orders_of_device(device: Device, request: HttpRequest) -> Section | None:
    return _orders(Order.objects.filter(device=device), request)


def _orders(found: Any, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("commerce.view_order"):
        return None
    return Section(
        title=_("Orders"),
        heads=(_("order"), _("device"), _("total"), _("state"), _("created at")),
        rows=[
            [
                columns.link(columns.read_url(Order, order.pk), columns.code(order.number)),
                order.device or columns.NOTHING,
                columns.toman(order.total_rial),
                columns.pill(order.get_status_display(), orders.KINDS.get(Order.Status(order.status), "")),
                columns.moment(order.created_at),
            ]
            for order in found.select_related("device__model__brand").order_by("-pk")[:FEW]
        ],
        empty=_("There is no order."),
    )


def lines_of_order(order: Order, _request: HttpRequest) -> Section:
    """What was ordered."""
    return Section(
        title=_("Lines"),
        heads=(_("title"), _("quantity"), _("unit price"), _("net")),
        rows=[
            [line.title, columns.count(line.quantity), columns.toman(line.unit_rial), columns.toman(line.net_rial)]
            for line in order.lines.all()
        ],
    )


def payments_of_order(order: Order, request: HttpRequest) -> Section | None:
    """The attempts to pay it."""
    if not request.user.has_perm("commerce.view_payment"):
        return None
    return Section(
        title=_("Payments"),
        heads=(_("created at"), _("gateway"), _("amount"), _("state"), _("bank reference")),
        rows=[
            [
                columns.link(columns.read_url(Payment, payment.pk), columns.moment(payment.created_at)),
                columns.code(payment.gateway),
                columns.toman(payment.amount_rial),
                columns.pill(payment.get_status_display(), payments.KINDS.get(Payment.Status(payment.status), "")),
                columns.code(payment.reference),
            ]
            for payment in order.payments.all()
        ],
        empty=_("Nobody has tried to pay this order yet."),
    )


def messages_about_order(order: Order, request: HttpRequest) -> Section | None:
    """What the CRM and the buyer's phone heard of it."""
    keys = [f"crm.order:{order.number}:{status}" for status in Order.Status.values]
    found = OutboxMessage.objects.filter(Q(dedupe_key__in=[*keys, f"notify.renewal_paid:{order.number}"]))
    return messages_section(found, request)


def account_of_buyer(buyer: Buyer, request: HttpRequest) -> Section | None:
    """The last entries of the buyer's account; nothing while it is empty."""
    section = _account(buyer, request)
    return section if section and section.rows else None


def account_of_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    """What the owner owes or is owed before he hands the device over."""
    return _account(transfer.owner, request)


def orders_of_transfer(transfer: Transfer, request: HttpRequest) -> Section | None:
    """The orders of the device; open ones are cancelled with the transfer."""
    return orders_of_device(transfer.device, request)


def _account(buyer: Buyer, request: HttpRequest) -> Section | None:
    if not request.user.has_perm("commerce.view_ledgerentry"):
        return None
    entries = LedgerEntry.objects.filter(buyer=buyer).order_by("-sequence")[:FEW]
    return Section(
        title=_("Account"),
        heads=(_("created at"), _("kind"), _("amount"), _("balance"), _("note")),
        rows=[
            [
                columns.link(columns.read_url(LedgerEntry, entry.pk), columns.moment(entry.created_at)),
                entry.get_kind_display(),
                columns.toman(entry.amount_rial),
                columns.toman(entry.balance_rial),
                entry.note or columns.NOTHING,
            ]
            for entry in entries
        ],
        empty=_("Neither debt nor credit."),
    )
