"""Outbox handlers of this app: what the CRM and the buyer's phone hear of orders."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from commerce.models import Order, Payment
from customer.deliveries import ensure_contact, remote_id, save_deal
from customer.models import Buyer, InboxItem
from customer.services import inbox
from integrations import sms, templates
from integrations.outbox import Delivery
from integrations.ports import CrmDeal, DealStatus, Sms
from kernel.jalali import format_date
from kernel.money import format_rial_as_toman

DEAL_STATUS: dict[str, DealStatus] = {"open": "Pending", "paid": "Won", "cancelled": "Lost", "expired": "Lost"}


def tell_crm_of_order(delivery: Delivery) -> str:
    """One deal per order: pending while open, won when paid, lost when given up. Always tells the state of now."""
    orders = Order.objects.select_related("buyer", "device__model__brand", "service_period")
    order = orders.get(pk=delivery.payload["order_id"])
    contact_id = remote_id("contact", f"buyer:{order.buyer_id}") or ensure_contact(order.buyer)
    title = " · ".join(line.title for line in order.lines.all())
    deal = CrmDeal(
        reference=f"ORDER-{order.number}",
        title=title[:200],
        contact_external_id=contact_id,
        status=DEAL_STATUS[order.status],
        price_rial=order.total_rial,
        description=f"{order.number} {order.receipt_number or ''}".strip(),
    )
    return save_deal(deal, local_key=f"order:{order.number}")


def notify_renewal_paid(delivery: Delivery) -> str:
    """Tells the buyer, on the dashboard and by SMS, that the contract has been renewed, and until when."""
    orders = Order.objects.select_related("buyer", "device__model__brand", "service_period")
    order = orders.get(pk=delivery.payload["order_id"])
    day = format_date(order.service_period.ends_on, "long") if order.service_period else ""
    message = inbox.Message(
        kind=InboxItem.Kind.PAYMENT,
        title=_("Service of %(device)s renewed until %(day)s")
        % {"device": order.device and order.device.model, "day": day},
        body=_("Your payment was received. The receipt is kept with the order."),
        dedupe_key=delivery.dedupe_key,
        url=f"/orders/{order.number}/",
    )
    inbox.tell(order.buyer_id, message, now=timezone.now())
    values = {
        "name": order.buyer.full_name,
        "device": str(order.device.model) if order.device else "",
        "day": format_date(order.service_period.ends_on, "long") if order.service_period else "",
        "receipt": order.receipt_number or "",
    }
    return _send_sms(delivery, order.buyer, "renewal_paid", values)


def notify_credit_noted(delivery: Delivery) -> str:
    """Tells the buyer, on the dashboard and by SMS, that a payment was kept as credit."""
    payment = Payment.objects.select_related("order__buyer").get(pk=delivery.payload["payment_id"])
    order = payment.order
    message = inbox.Message(
        kind=InboxItem.Kind.PAYMENT,
        title=_("%(amount)s was kept as credit on your account") % {"amount": format_rial_as_toman(payment.taken_rial)},
        body=_why_credited(payment) % {"number": order.number},
        dedupe_key=delivery.dedupe_key,
        url=f"/orders/{order.number}/",
    )
    inbox.tell(order.buyer_id, message, now=timezone.now())
    values = {
        "name": order.buyer.full_name,
        "amount": format_rial_as_toman(payment.taken_rial),
        "number": order.number,
    }
    return _send_sms(delivery, order.buyer, "credit_noted", values)


def _why_credited(payment: Payment) -> str:
    if payment.settled_rial is not None:
        return _("The bank took another amount than order %(number)s costs, so this payment was not spent.")
    return _("Order %(number)s was no longer waiting for payment, so this payment was not spent.")


def _send_sms(delivery: Delivery, buyer: Buyer, key: str, values: dict[str, str]) -> str:
    text = templates.render(key, "sms", values)
    message = Sms(phone=buyer.phone, text=text, local_id=delivery.message_id)
    _provider, receipt = sms.send(message, recover=delivery.recover)
    return receipt.external_id
