"""A buyer says that something is wrong; an administrator decides."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customer.models import Buyer, CorrectionRequest, InboxItem
from customer.services import inbox, trace
from customer.services.buyer import BuyerData, cleaned, update_buyer
from kernel.actor import Actor
from kernel.persian import clean, clean_lines
from kernel.refused import Refused


def data_of(buyer: Buyer) -> BuyerData:
    """The buyer's identity as it stands."""
    return BuyerData(**{f.name: getattr(buyer, f.name) for f in fields(BuyerData)})


def request_correction(
    *, buyer: Buyer, field: str, proposed: str, note: str, actor: Actor, now: datetime
) -> CorrectionRequest:
    """Files the request. Raises Refused for a bad value, no change, or one already waiting for the same field."""
    proposed = clean(proposed)
    if not proposed:
        raise Refused("correction.empty", _("Write the correct value."), status=400, field="proposed")
    try:
        proposed = getattr(cleaned(replace(data_of(buyer), **{field: proposed})), field)
    except Refused as refused:
        raise Refused(refused.code, str(refused.message), status=400, field="proposed") from refused
    current = getattr(buyer, field)
    if proposed == current:
        raise Refused("correction.no_change", _("This is what is already registered."), status=400, field="proposed")
    try:
        with transaction.atomic():
            correction = CorrectionRequest.objects.create(
                buyer=buyer, field=field, current=current, proposed=proposed, note=clean_lines(note)
            )
            trace.record(
                "correction.requested",
                f"correction:{correction.pk}",
                actor=actor,
                now=now,
                buyer_id=buyer.pk,
                field=field,
            )
    except IntegrityError as error:
        raise Refused(
            "correction.already_waiting", _("A request for this field is already waiting for a decision.")
        ) from error
    return correction


def decide_correction(
    *, correction_id: int, accept: bool, reason: str, actor: Actor, now: datetime
) -> CorrectionRequest:
    """Accepting changes the buyer; refusing needs a reason. The buyer is told either way."""
    reason = clean_lines(reason)
    if not accept and not reason:
        raise Refused("correction.reason_required", _("Say why it is refused."), status=400, field="reason")
    with transaction.atomic():
        correction = CorrectionRequest.objects.select_for_update().select_related("buyer").get(pk=correction_id)
        correction.move(CorrectionRequest.Status.ACCEPTED if accept else CorrectionRequest.Status.REFUSED)
        if accept:
            data = replace(data_of(correction.buyer), **{correction.field: correction.proposed})
            update_buyer(buyer_id=correction.buyer_id, data=data, actor=actor, now=now)
        correction.reason, correction.decided_by_id, correction.decided_at = reason, actor.user_id, now
        correction.save(update_fields=["status", "reason", "decided_by", "decided_at"])
        trace.record(
            f"correction.{correction.status}",
            f"correction:{correction.pk}",
            actor=actor,
            now=now,
            buyer_id=correction.buyer_id,
            field=correction.field,
        )
        inbox.tell(correction.buyer_id, _decision(correction), now=now)
    return correction


def _decision(correction: CorrectionRequest) -> inbox.Message:
    field = correction.get_field_display()
    if correction.status == CorrectionRequest.Status.ACCEPTED:
        title = _("Your details were corrected: %(field)s") % {"field": field}
    else:
        title = _("Your request to correct “%(field)s” was not accepted") % {"field": field}
    return inbox.Message(
        kind=InboxItem.Kind.ACCOUNT,
        title=title,
        body=correction.reason,
        dedupe_key=f"correction:{correction.pk}",
        url="/profile/",
    )
