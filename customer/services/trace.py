"""The step that every verb takes: leave a trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from customer.models import Trace
from kernel.actor import Actor


def record(verb: str, subject: str, *, actor: Actor, now: datetime, buyer_id: int | None = None, **data: Any) -> Trace:
    """Writes one line of the trace inside the caller's transaction.

    `subject` is "<noun>:<key>", e.g. "device:12"; `data` holds from → to. Never put secrets or a national code into it.
    """
    return Trace.objects.create(
        actor_id=actor.user_id,
        buyer_id=buyer_id,
        verb=verb,
        subject=subject,
        data=data,
        ip=actor.ip,
        agent=actor.agent,
        at=now,
    )
