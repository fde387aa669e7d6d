"""What every page knows: the company's look, how many messages wait and how many answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from cms.models import PortalSettings
from customer.models import Buyer, InboxItem
from kernel.counting import Asked, KeptCounts
from kernel.remembered import remembered
from support.models import Ticket

BRAND_KEY = "portal.brand.1"
BRAND_SECONDS = 300
MOST_TOLD = 99  # messages or answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The company behind the portal, as pages and papers show it."""

    company_name: str
    portal_name: str
    logo_url: str
    brand_colour: str
    brand_css_url: str
    support_phone: str
    support_hours: str
    company_address: str
    economic_code: str
    buyers_change_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """How many messages a buyer has not read, and how many tickets have an answer that he has not seen."""

    messages: int = 0
    tickets: int = 0


def current_brand() -> Brand:
    """The site's settings, cached; a page costs no query for them."""
    return remembered(BRAND_KEY, read_brand, seconds=BRAND_SECONDS)


def read_brand() -> Brand:
    """The site's settings from the database."""
    row = PortalSettings.load()
    return Brand(
        company_name=row.company_name,
        portal_name=row.portal_name,
        logo_url=row.logo.get_rendition("height-96").url if row.logo else "",
        brand_colour=row.brand_colour,
        brand_css_url=f"{reverse('brand_css')}?{row.brand_colour.lstrip('#')}",
        support_phone=row.support_phone,
        support_hours=row.support_hours,
        company_address=row.company_address,
        economic_code=row.economic_code,
        buyers_change_password=row.buyers_change_password,
    )


def forget_brand(**_kwargs: Any) -> None:
    """The settings were saved: the next page reads them anew."""
    cache.delete(BRAND_KEY)


post_save.connect(forget_brand, sender=PortalSettings)


def brand(_request: HttpRequest) -> dict[str, Any]:
    """Context processor: `brand`."""
    return {"brand": SimpleLazyObject(current_brand)}


def signed_in(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `buyer`, `unread_count` and `unread_tickets` of the person who is signed in."""
    user = getattr(request, "user", None)
    person = getattr(user, "as_buyer", None) if user is not None and user.is_authenticated else None
    if person is None:
        return {"buyer": None}
    unread = SimpleLazyObject(lambda: unread_of(person, now=timezone.now()))
    return {
        "buyer": person,
        "unread_count": SimpleLazyObject(lambda: unread.messages),
        "unread_tickets": SimpleLazyObject(lambda: unread.tickets),
    }


def unread_of(buyer: Buyer, *, now: datetime) -> Unread:
    """What the navigation tells this buyer, each up to one more than `MOST_TOLD`. One query."""
    return Unread(**UNREAD.of(buyer.pk, now))


def _unread(buyer_id: int, now: datetime) -> Asked:
    return {
        "messages": (InboxItem.objects.filter(buyer=buyer_id).unread(), MOST_TOLD),
        "tickets": (Ticket.objects.filter(buyer=buyer_id).unread_by_buyer(now), MOST_TOLD),
    }


UNREAD = KeptCounts(_unread)
