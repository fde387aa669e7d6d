"""What the desk promises: its hours, holidays and policies, kept between requests until one of them changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from kernel.remembered import remembered
from support import sla
from support.models import Holiday, SlaPolicy, WorkingHours

KEY, SECONDS = "support.promises.1", 60
# What holds where nobody has written a policy: one and five working days of eight and a half hours.
USUAL = sla.Promise(answer_minutes=510, resolution_minutes=2550)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What the staff have entered; a policy without a mode holds for every mode."""

    calendar: sla.WorkCalendar
    policies: dict[tuple[str, str], sla.Promise]

    def of(self, importance: str, mode: str) -> sla.Promise:
        """The policy of this importance and mode, else the one for every mode."""
        return self.policies.get((importance, mode)) or self.policies.get((importance, "")) or USUAL


def promises() -> Promises:
    """What holds now. No query as long as nothing changes."""
    return remembered(KEY, _read, seconds=SECONDS)


def _read() -> Promises:
    hours: dict[int, list[sla.Stretch]] = {}
    for weekday, opens_at, closes_at in WorkingHours.objects.values_list("weekday", "opens_at", "closes_at"):
        hours.setdefault(weekday, []).append((opens_at, closes_at))
    holidays = frozenset(Holiday.objects.values_list("day", flat=True))
    policies = {
        (policy.importance, policy.mode): sla.Promise(
            answer_minutes=policy.first_answer_minutes, resolution_minutes=policy.resolution_minutes
        )
        for policy in SlaPolicy.objects.all()
    }
    return Promises(calendar=sla.WorkCalendar(hours=hours, holidays=holidays), policies=policies)


def forget_promises(**_kwargs: Any) -> None:
    """Something was changed: at once for who looks in the same transaction, and for good when it is committed."""
    cache.delete(KEY)
    transaction.on_commit(lambda: cache.delete(KEY))


for _model in (WorkingHours, Holiday, SlaPolicy):
    post_save.connect(forget_promises, sender=_model)
    post_delete.connect(forget_promises, sender=_model)
