"""Renewing a service contract: from the wish to an order, and from a paid order to new days of service."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from commerce.models import Order, OrderLine
from commerce.queries import renewal_quotes
from commerce.rules import Quote, renewal_span
from commerce.services.number import take_number
from commerce.services.order import close_order, crm_message
from customer import rules as service_rules
from customer.models import Buyer, Device, ServiceChoice, ServicePeriod
from customer.services import trace
from customer.services.service import locked_device, record_choice
from integrations import outbox
from kernel.actor import Actor
from kernel.jalali import tehran_today
from kernel.money import format_rial_as_toman
from kernel.refused import Refused


def request_renewal(
    *, buyer: Buyer, device_id: int, years: int, expected_total_rial: int | None, actor: Actor, now: datetime
) -> Order:
    """Opens the order for a renewal, or returns the open one for the same term and price.

    `expected_total_rial` is the price that the buyer saw; None accepts today's. Another term, another price or a
    lapsed order is replaced by a new one.
    Raises Refused `service.awaiting_sign_off`, `renewal.not_offered`, `renewal.price_changed`, `payment.in_doubt`,
    and Device.DoesNotExist for a foreign device.
    """
    with transaction.atomic(durable=True):
        device = locked_device(buyer=buyer, device_id=device_id, now=now)
        service_rules.require_renewable(device.standing)
        quote = _quote(device, years=years, now=now)
        if expected_total_rial is not None and expected_total_rial != quote.total_rial:
            raise Refused(
                "renewal.price_changed",
                _("The price has changed to %(price)s. Please look at it and confirm again.")
                % {"price": format_rial_as_toman(quote.total_rial)},
                next_label=_("See the prices of today"),
                next_url=f"/devices/{device_id}/service/",
            )
        current = Order.objects.select_for_update().filter(
            device=device, kind=Order.Kind.RENEWAL, status=Order.Status.OPEN
        )
        if order := current.first():
            lapsed = order.expires_at <= now
            same = (order.plan_id, order.years, order.total_rial) == (quote.plan_id, years, quote.total_rial)
            if same and not lapsed:
                return order
            close_order(order, to=Order.Status.EXPIRED if lapsed else Order.Status.CANCELLED, actor=actor, now=now)
        record_choice(device, buyer=buyer, choice=ServiceChoice.Choice.RENEW, years=years, actor=actor, now=now)
        return _open_order(device, buyer=buyer, quote=quote, actor=actor, now=now)


def fulfil_renewal(order: Order, *, device: Device, now: datetime) -> ServicePeriod:
    """Step of the settling transaction: adds the days that were paid for, counted from the day of payment.

    Device and order are locked. The span begins after the device's last day, so it can overlap nothing.
    """
    last = device.periods.order_by("-ends_on").values_list("ends_on", flat=True).first()
    starts_on, ends_on = renewal_span(last_ends_on=last, today=tehran_today(now), years=int(order.years or 0))
    return ServicePeriod.objects.create(
        device=device, starts_on=starts_on, ends_on=ends_on, origin=ServicePeriod.Origin.RENEWAL
    )


def _quote(device: Device, *, years: int, now: datetime) -> Quote:
    for quote in renewal_quotes(device, today=tehran_today(now)):
        if quote.years == years:
            return quote
    raise Refused("renewal.not_offered", _("This term is not offered for this device at the moment."))


def _open_order(device: Device, *, buyer: Buyer, quote: Quote, actor: Actor, now: datetime) -> Order:
    order = Order.objects.create(
        number=take_number("order", now=now),
        buyer=buyer,
        kind=Order.Kind.RENEWAL,
        device=device,
        plan_id=quote.plan_id,
        years=quote.years,
        net_rial=quote.net_rial,
        vat_rial=quote.vat_rial,
        total_rial=quote.total_rial,
        created_at=now,
        expires_at=now + settings.ORDER_LIFETIME,
    )
    terms = {1: _("One-year renewal"), 2: _("Two-year renewal"), 3: _("Three-year renewal")}
    OrderLine.objects.create(
        order=order,
        title=f"{terms[quote.years]} · {device.model} · {device.get_identifier_kind_display()} {device.identifier}",
        unit_rial=quote.net_rial,
        net_rial=quote.net_rial,
    )
    trace.record(
        "order.opened",
        f"order:{order.number}",
        actor=actor,
        now=now,
        buyer_id=buyer.pk,
        device=device.pk,
        years=quote.years,
        total_rial=quote.total_rial,
    )
    outbox.emit(crm_message(order))
    return order
