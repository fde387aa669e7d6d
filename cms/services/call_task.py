"""Buyers whom no channel reached: a colleague calls and notes what came of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cms.models import CallTask, Campaign, CampaignDelivery, DeliveryAttempt
from customer.services import trace
from kernel.actor import Actor
from kernel.persian import clean_lines
from kernel.refused import Refused

State, Code, Outcome = CampaignDelivery.Status, CampaignDelivery.Code, DeliveryAttempt.Outcome


def note_call(*, task_id: int, reached: bool, note: str, actor: Actor, now: datetime) -> CallTask:
    """Notes that the buyer was told by phone, or could not be reached. Raises Refused `call_task.done`."""
    with transaction.atomic():
        # The same order of locks as everywhere; and a proof that is being signed holds still.
        Campaign.objects.select_for_update(of=("self",)).get(deliveries=task_id)
        task = CallTask.objects.select_for_update(of=("self",)).get(pk=task_id)
        if task.status != State.TASK:
            raise Refused("call_task.done", _("Somebody has noted this call already."))
        task.move(State.DELIVERED if reached else State.FAILED)
        task.code, task.reason = Code.CALLED if reached else Code.NOT_REACHED, clean_lines(note)[:300]
        task.tried_at, task.attempts, task.next_attempt_at = now, 1, None
        task.delivered_at = now if reached else None
        task.save(update_fields=["status", "code", "reason", "tried_at", "attempts", "next_attempt_at", "delivered_at"])
        DeliveryAttempt.objects.create(
            delivery_id=task.pk,
            at=now,
            outcome=Outcome.CALLED if reached else Outcome.NOT_REACHED,
            code=task.code,
            reason=task.reason,
            by_id=actor.user_id,
        )
        trace.record(
            "campaign.called",
            f"campaign:{task.campaign_id}",
            actor=actor,
            now=now,
            buyer_id=task.buyer_id,
            reached=reached,
        )
    return task
