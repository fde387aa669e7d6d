"""Whether content means a device type or model. If one went, its pages would be left without readers to name, and a
page for nobody in particular is for all buyers."""

from __future__ import annotations

from django.db.models import Model

from cms.models import Campaign, ContentPage
from customer.models import DeviceModel, DeviceType

LISTS: dict[type[Model], str] = {DeviceType: "device_types", DeviceModel: "device_models"}


def is_used(thing: Model) -> bool:
    """Whether a page, a draft of one, or a sending under way is for its owners (`settings.CATALOGUE_USES`)."""
    name = LISTS.get(type(thing))
    if name is None:
        return False
    return (
        ContentPage.objects.filter(**{name: thing.pk}).exists()
        or _in_a_draft(name, thing.pk)
        or _in_a_sending(name, thing.pk)
    )


def _in_a_draft(name: str, pk: int) -> bool:
    """Drafts hold what was chosen in the JSON of their revision."""
    drafts = ContentPage.objects.filter(has_unpublished_changes=True, latest_revision__isnull=False)
    contents = drafts.order_by().values_list("latest_revision__content", flat=True)
    return any(pk in (content.get(name) or ()) for content in contents.iterator(chunk_size=50))


def _in_a_sending(name: str, pk: int) -> bool:
    over = [Campaign.Status.DONE, Campaign.Status.CANCELLED]
    audiences = Campaign.objects.exclude(status__in=over).order_by().values_list("audience", flat=True)
    return any(pk in audience.get(name, ()) for audience in audiences)
