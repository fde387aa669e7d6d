"""Confirming all forms of one visit with one code: all of them, or none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from customer.models import Buyer, SignOff
from customer.services import code as codes
from customer.services.buyer import announce
from customer.services.sign_off import confirm_locked, locked_for_confirmation, require_complete
from kernel.actor import Actor
from kernel.refused import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """What the buyer ticked on one form."""

    items: list[str]
    all_done: bool


def waiting_forms(user: Any, visit: UUID) -> list[SignOff]:
    """The forms of a visit that wait for this buyer, in their order. Raises Refused `signoff.visit_answered`.

    Raises SignOff.DoesNotExist when the visit is none of his.
    """
    forms = SignOff.objects.visible_to(user).filter(visit=visit)
    waiting = list(forms.waiting().with_paper().order_by("pk"))
    if waiting:
        return waiting
    if not forms.exists():
        raise SignOff.DoesNotExist
    raise Refused("signoff.visit_answered", _("Every form of this visit has already been answered."))


def purpose_of(forms: list[SignOff]) -> str:
    """What a code for these forms is good for: this visit, these forms, these texts and photos, and nothing else."""
    shown = [
        [
            form.pk,
            form.device_id,
            form.statement,
            form.all_done_label,
            form.items,
            form.installed_on.isoformat(),
            form.correction_reason,
            sorted(f"{photo.item_code}:{photo.sha256}" for photo in form.photos.all()),
        ]
        for form in forms
    ]
    text = json.dumps(shown, sort_keys=True)
    return f"visit:{forms[0].visit.hex}:{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def send_visit_code(*, user: Any, visit: UUID, now: datetime) -> list[SignOff]:
    """Sends one code for all forms that wait. Raises Refused, Throttled, SignOff.DoesNotExist."""
    forms = waiting_forms(user, visit)
    codes.request_code(purpose=purpose_of(forms), phone=forms[0].buyer.phone, now=now)
    return forms


def confirm_visit(
    *, buyer: Buyer, visit: UUID, ticks: Mapping[int, Ticks], code: str, actor: Actor, now: datetime
) -> list[SignOff]:
    """Confirms all forms of the visit that wait, in one transaction; their records follow each other in the chain.

    `ticks` is form id → what was ticked there. Raises as `confirm_sign_off` does, on the first form at fault; when a
    form was answered, withdrawn or changed since the code was asked for, no code fits: `code.missing`, or
    `signoff.visit_changed` when it happens in this very moment.
    """
    forms = waiting_forms(buyer.user, visit)
    require_all_complete(forms, ticks)
    purpose = purpose_of(forms)
    checked = codes.check_code(purpose=purpose, text=code, now=now)
    with transaction.atomic(durable=True):
        locked = locked_for_confirmation(forms, buyer=buyer)
        if purpose_of([each.sign_off for each in locked]) != purpose:
            message = _("A form of this visit has changed meanwhile; please read it again.")
            raise Refused("signoff.visit_changed", message)
        codes.spend_code(checked, now=now)
        names = [each.device.identifier for each in locked]
        for number, each in enumerate(locked):
            others = names[:number] + names[number + 1 :]
            confirm_locked(each, buyer=buyer, purpose=purpose, actor=actor, now=now, together_with=others)
        announce(buyer, now=now)
    return [each.sign_off for each in locked]


def require_all_complete(forms: list[SignOff], ticks: Mapping[int, Ticks]) -> None:
    """Raises Refused `signoff.item_missing` or `signoff.not_all_done`; its words name the device."""
    nothing = Ticks(items=[], all_done=False)
    for form in forms:
        ticked = ticks.get(form.pk, nothing)
        try:
            require_complete(form, items=ticked.items, all_done=ticked.all_done)
        except Refused as refused:
            field = f"{form.pk}-{refused.field}"
            message = f"{form.device}: {refused.message}"
            raise Refused(refused.code, message, status=refused.status, field=field) from refused
