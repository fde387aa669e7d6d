"""Who could read a page as it stands in the editor, before anything of it is saved.

The rule is that of `ContentPage.objects.visible_to`, which asks the database; here the page in memory answers.
`tests/cms/test_readers.py` holds the two against each other.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from wagtail.models import PageViewRestriction
from wagtail.models.view_restrictions import BaseViewRestriction

from cms.models.delivery import CampaignDelivery
from customer.models import Buyer, Device, DeviceModel


def readers_of(page: Any) -> QuerySet[Buyer]:
    """The buyers with an open account who may read this content page once it is published."""
    found = Buyer.objects.filter(user__is_active=True).order_by()
    if is_closed(page, signed_in=True):
        return found.none()
    types, models = _audience(page)
    if page.open_to_all or not (types or models):
        return found
    owned = Device.objects.filter(Q(model__device_type__in=types) | Q(model__in=models), owner=OuterRef("pk"))
    told = CampaignDelivery.objects.filter(campaign__page=page.pk, buyer=OuterRef("pk"))
    return found.filter(Exists(owned) | Exists(told)) if page.pk else found.filter(Exists(owned))


def visitors_read(page: Any) -> bool:
    """Whether whoever comes by may read it, without signing in."""
    return bool(page.open_to_all) and not is_closed(page, signed_in=False)


def owners_read(page: Any, model: DeviceModel) -> bool:
    """Whether somebody who owns a device of this model, and no other, may read it."""
    types, models = _audience(page)
    is_meant = page.open_to_all or not (types or models) or model.pk in models or model.device_type_id in types
    return is_meant and not is_closed(page, signed_in=True)


def is_closed(page: Any, *, signed_in: bool) -> bool:
    """Whether the page, or one above it, is private for such a reader (see `cms.models.restriction`)."""
    above = [page.path[:end] for end in range(page.steplen, len(page.path) + 1, page.steplen)]
    found = PageViewRestriction.objects.filter(page__path__in=above)
    if signed_in:
        found = found.exclude(restriction_type=BaseViewRestriction.LOGIN)
    return found.exists()


def _audience(page: Any) -> tuple[set[int], set[int]]:
    return {row.pk for row in page.device_types.all()}, {row.pk for row in page.device_models.all()}
