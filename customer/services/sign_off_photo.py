"""Photos that a technician adds to a form while it waits for the buyer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import SignOff, SignOffPhoto
from customer.services import trace
from customer.services.document import cleaned_photo
from kernel.actor import Actor
from kernel.refused import Refused

MOST_PHOTOS = 20


def add_photo(*, sign_off_id: int, item_code: str, document: File[Any], actor: Actor, now: datetime) -> SignOffPhoto:
    """Keeps a photo of one item. Only while the form waits: what the buyer confirms names every photo.

    Raises Refused `signoff.already_<status>`, `signoff.unknown_item`, `signoff.photo_known`, `signoff.photos_full`,
    `document.*`; SignOff.DoesNotExist.
    """
    photo = cleaned_photo(document)
    with transaction.atomic():
        sign_off = SignOff.objects.select_for_update().get(pk=sign_off_id)
        sign_off.require(SignOff.Status.CONFIRMED)
        _require_place(sign_off, item_code, photo.sha256)
        made = SignOffPhoto(sign_off=sign_off, item_code=item_code, sha256=photo.sha256, added_at=now)
        made.file.save(photo.file.name or "", photo.file, save=False)
        made.save()
        trace.record(
            "sign_off.photo_added",
            f"sign_off:{sign_off.pk}",
            actor=actor,
            now=now,
            buyer_id=sign_off.buyer_id,
            item=item_code,
            sha256=photo.sha256,
        )
    return made


def _require_place(sign_off: SignOff, item_code: str, sha256: str) -> None:
    if item_code not in {item["code"] for item in sign_off.items}:
        raise Refused("signoff.unknown_item", _("This form has no such item."), status=400, field="item_code")
    if sign_off.photos.filter(item_code=item_code, sha256=sha256).exists():
        raise Refused("signoff.photo_known", _("This photo is already there."), field="document")
    if sign_off.photos.count() >= MOST_PHOTOS:
        message = _("A form can have %(count)s photos at most.") % {"count": MOST_PHOTOS}
        raise Refused("signoff.photos_full", message, field="document")
