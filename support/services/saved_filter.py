"""Views of the queue that an agent keeps under a name."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from kernel.persian import clean
from kernel.refused import Refused
from support.models import SavedFilter

MOST = 30


def save_filter(*, owner_id: int, name: str, query: str, is_shared: bool) -> SavedFilter:
    """Keeps the query under the name; one of the same name is replaced.

    Raises Refused `filter.name_missing`, `filter.too_long`, `filter.too_many`.
    """
    name = clean(name)[:60]
    if not name:
        raise Refused("filter.name_missing", _("Give the filter a name."), status=400, field="name")
    if len(query) > 500:
        raise Refused("filter.too_long", _("This filter is too long to be kept."), status=400)
    with transaction.atomic():
        mine = SavedFilter.objects.filter(owner_id=owner_id)
        if mine.exclude(name=name).count() >= MOST:
            raise Refused("filter.too_many", _("You have too many filters; delete one first."))
        values = {"query": query, "is_shared": is_shared}
        saved, _made = SavedFilter.objects.update_or_create(owner_id=owner_id, name=name, defaults=values)
    return saved


def drop_filter(*, owner_id: int, filter_id: int) -> None:
    """Forgets a filter of one's own. SavedFilter.DoesNotExist for anybody else's."""
    SavedFilter.objects.get(pk=filter_id, owner_id=owner_id).delete()
