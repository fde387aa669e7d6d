"""The buyer's choice for a device whose service is over."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customer import rules
from customer.models import Buyer, Device, InboxItem, ServiceChoice
from customer.services import inbox, trace
from integrations import outbox
from kernel.actor import Actor
from kernel.jalali import tehran_today
from kernel.refused import Refused


def locked_device(*, buyer: Buyer, device_id: int, now: datetime) -> Device:
    """Step: the buyer's device, locked, with its standing today. Raises Device.DoesNotExist for a foreign one."""
    Device.objects.select_for_update().get(pk=device_id, owner=buyer)
    return Device.objects.with_names().with_standing(tehran_today(now)).get(pk=device_id)


def record_choice(
    device: Device, *, buyer: Buyer, choice: str, actor: Actor, now: datetime, years: int | None = None
) -> ServiceChoice:
    """Step: writes the choice with who, when and from where; the row is its own trace."""
    return ServiceChoice.objects.create(
        device=device,
        buyer=buyer,
        choice=choice,
        years=years,
        made_on=tehran_today(now),
        made_at=now,
        made_by_id=actor.person_id,
        ip=actor.ip,
        agent=actor.agent,
    )


def choose_mode(*, buyer: Buyer, device_id: int, choice: str, actor: Actor, now: datetime) -> ServiceChoice:
    """Pay per case or withdrawal for an expired device. Can be changed later; loses nothing.

    Raises Refused (see `rules.require_choosable`) and Device.DoesNotExist.
    """
    if choice not in ServiceChoice.MODES:
        raise Refused("service.unknown_choice", _("This choice does not exist."), status=400, field="choice")
    with transaction.atomic():
        device = locked_device(buyer=buyer, device_id=device_id, now=now)
        rules.require_choosable(device.standing, choice)
        made = record_choice(device, buyer=buyer, choice=choice, actor=actor, now=now)
        subject, mode = f"device:{device.pk}", device.standing.mode
        trace.record("service.chosen", subject, actor=actor, now=now, buyer_id=buyer.pk, before=mode, after=choice)
        inbox.tell(buyer.pk, _confirmation(device, made), now=now)
        outbox.emit(
            outbox.Outgoing(
                topic="crm.choice",
                dedupe_key=f"crm.choice:{made.pk}",
                payload={"choice_id": made.pk},
                stream=f"crm:{buyer.pk}",
            )
        )
    return made


def _confirmation(device: Device, made: ServiceChoice) -> inbox.Message:
    titles = {
        ServiceChoice.Choice.PAY_PER_CASE: _("Pay-per-case service was registered for %(device)s"),
        ServiceChoice.Choice.WITHDRAW: _("Withdrawal from service was registered for %(device)s"),
    }
    return inbox.Message(
        kind=InboxItem.Kind.SERVICE,
        title=titles[ServiceChoice.Choice(made.choice)] % {"device": device.model},
        body=_("You can change this choice at any time."),
        dedupe_key=f"choice:{made.pk}",
        url=f"/devices/{device.pk}/",
    )
