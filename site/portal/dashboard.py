"""The buyer's first page: what waits for him, then what he has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Window
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cms.reading import Line
from cms.shelves import newest_for_models
from commerce.models import Order
from commerce.queries import cheapest_renewals
from customer.models import Device, InboxItem, User
from customer.papers import WaitingVisit, visits_that_wait
from customer.views.access import BuyerRequest, buyer_only
from kernel.jalali import tehran_today
from support.queries import TicketCounts, ticket_counts

DEVICES = 6
UNDECIDED = 3
VISITS = 3
ORDERS = 3
MESSAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOnTop:
    """A device with the lowest total (rial) at which it can be renewed, None where nothing is offered."""

    device: Device
    from_rial: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the dashboard shows; costs eight queries however much there is, the reading being kept for a while."""

    undecided: list[DeviceOnTop]
    more_undecided: bool
    devices: list[DeviceOnTop]
    orders: list[Order]
    installations: list[WaitingVisit]
    must_acknowledge: list[InboxItem]
    messages: list[InboxItem]
    unread_count: int
    tickets: TicketCounts
    reading: list[Line]

    @property
    def something_waits(self) -> bool:
        return bool(self.installations or self.undecided or self.orders or self.must_acknowledge)


@buyer_only
def dashboard(request: BuyerRequest) -> HttpResponse:
    """Everything at a glance."""
    now = timezone.now()
    overview = overview_of(request.user, now=now)
    context = {
        "nav_current": "dashboard",
        "today": now,
        "overview": overview,
        "unread_count": overview.unread_count,
        "unread_tickets": overview.tickets.unread,
    }
    return render(request, "portal/dashboard.html", context)


def overview_of(user: User, *, now: datetime) -> Overview:
    """Reads what one buyer has and what waits for him."""
    rows, items = list(_urgent_devices(user, now)), list(_new_messages(user))
    prices = cheapest_renewals([row for row in rows if row.standing.is_expired], today=tehran_today(now))
    tops = [DeviceOnTop(device=row, from_rial=prices.get(row.pk)) for row in rows]
    waiting = sum(row.urgency == 0 for row in rows)  # they come first
    return Overview(
        undecided=tops[:waiting][:UNDECIDED],
        more_undecided=waiting > UNDECIDED,
        devices=tops[waiting:],
        orders=list(_open_orders(user, now)),
        installations=visits_that_wait(user, limit=VISITS),
        must_acknowledge=[item for item in items if item.must_acknowledge],
        messages=[item for item in items if not item.must_acknowledge],
        unread_count=items[0].unread_count if items else 0,
        tickets=ticket_counts(user, now=now),
        reading=newest_for_models(user, [row.model_id for row in rows]) if rows else [],
    )


def _urgent_devices(user: User, now: datetime) -> QuerySet[Any]:
    """The first devices by urgency; the others stand in the list of devices."""
    return Device.objects.visible_to(user).with_names().with_standing(tehran_today(now)).by_urgency()[:DEVICES]


def _open_orders(user: User, now: datetime) -> QuerySet[Order]:
    """Orders that wait for payment; `is_asking` where the bank is being asked."""
    orders = Order.objects.visible_to(user).filter(status=Order.Status.OPEN).with_asking()
    return orders.filter(Q(expires_at__gt=now) | Q(is_asking=True)).select_related("device__model__brand")[:ORDERS]


def _new_messages(user: User) -> QuerySet[Any]:
    """Unread and unconfirmed messages, those to be confirmed first; each row carries how many are unread."""
    is_unread = Q(read_at__isnull=True)
    items = InboxItem.objects.visible_to(user).filter(
        is_unread | Q(must_acknowledge=True, acknowledged_at__isnull=True)
    )
    unread = Window(Count("pk", filter=is_unread))
    return items.annotate(unread_count=unread).order_by("-must_acknowledge", "-created_at", "-pk")[:MESSAGES]
