"""Page-shaped reads of papers: installation forms, transfers, and the codes that confirm them. They never write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When
from django.urls import reverse

from customer.models import ConfirmationCode, Device, SignOff, SignOffPhoto, Transfer
from customer.services.code import MOST_TRIES
from integrations.models import OutboxMessage
from kernel.identity import mask_mobile

# A second message is offered only when the first had time to arrive.
RESEND_AFTER = timedelta(seconds=60)
MOST_WAITING = 50
NOT_SENT = (OutboxMessage.Status.PARKED, OutboxMessage.Status.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeState:
    """Whether a code for an act holds, to which phone it goes, until when, and when another may be asked for.

    `is_lost`: its message could not be sent, or nobody knows; it may still have arrived.
    """

    phone: str
    is_live: bool = False
    is_lost: bool = False
    expires_at: datetime | None = None
    wait_seconds: int = 0


def code_state(*, purpose: str, phone: str, now: datetime) -> CodeState:
    """The newest code of a purpose, as its page shows it; the phone (E.164) is masked. At most two queries."""
    masked = mask_mobile(phone)
    code = ConfirmationCode.objects.filter(purpose=purpose).first()
    if code is None or code.used_at or code.expires_at <= now or code.tries >= MOST_TRIES:
        return CodeState(phone=masked)
    is_lost = OutboxMessage.objects.filter(dedupe_key=f"sms.code:{code.pk}", status__in=NOT_SENT).exists()
    wait = 0.0 if is_lost else (code.created_at + RESEND_AFTER - now).total_seconds()
    return CodeState(
        phone=masked, is_live=True, is_lost=is_lost, expires_at=code.expires_at, wait_seconds=max(0, ceil(wait))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperItem:
    """One line of the checklist with its photos."""

    code: str
    label: str
    note: str
    photos: list[SignOffPhoto]


def items_of(sign_off: SignOff) -> list[PaperItem]:
    """The checklist exactly as it is stored; the form was read through `with_paper`."""
    photos: dict[str, list[SignOffPhoto]] = {}
    for photo in sign_off.photos.all():
        photos.setdefault(photo.item_code, []).append(photo)
    return [PaperItem(**item, photos=photos.get(item["code"], [])) for item in sign_off.items]


def sign_offs_in_order(user: Any) -> QuerySet[SignOff]:
    """All forms of a buyer, those that wait first, then the newest."""
    first = Case(When(status=SignOff.Status.WAITING, then=Value(0)), default=Value(1))
    return SignOff.objects.visible_to(user).with_names().order_by(first, "-prepared_at", "pk")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingVisit:
    """The forms of one visit that wait for the buyer: the first of them, and how many more."""

    sign_off: SignOff
    more: int = 0

    @property
    def url(self) -> str:
        """Where they are read: the form itself, or the page of all forms of the visit."""
        return page_of_waiting(self.sign_off, more=self.more)


def page_of_waiting(sign_off: SignOff, *, more: int) -> str:
    """The address at which a form, or it and `more` of its visit, can be confirmed."""
    return reverse("visit", args=[sign_off.visit]) if more else reverse("sign_off_detail", args=[sign_off.pk])


def visits_that_wait(user: Any, *, limit: int) -> list[WaitingVisit]:
    """What waits for the buyer, the oldest first. One query."""
    waiting = SignOff.objects.visible_to(user).waiting().select_related("device__model__brand")
    by_visit: dict[UUID, list[SignOff]] = {}
    for form in waiting.order_by("prepared_at", "pk")[:MOST_WAITING]:
        by_visit.setdefault(form.visit, []).append(form)
    return [WaitingVisit(sign_off=forms[0], more=len(forms) - 1) for forms in by_visit.values()][:limit]


def visit_of(sign_off: SignOff) -> list[SignOff]:
    """The forms of the same visit and the same buyer, in their order; this one among them."""
    forms = SignOff.objects.filter(visit=sign_off.visit, buyer_id=sign_off.buyer_id).exclude(status="withdrawn")
    return list(forms.filter(device__owner_id=sign_off.buyer_id).select_related("device__model__brand").order_by("pk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePapers:
    """What the page of a device says of its papers. Two queries."""

    sign_off: SignOff | None
    transfer: Transfer | None

    @property
    def waiting_form(self) -> SignOff | None:
        is_waiting = self.sign_off is not None and self.sign_off.status == SignOff.Status.WAITING
        return self.sign_off if is_waiting else None


def papers_of(device: Device, user: Any) -> DevicePapers:
    """The newest form that the buyer may see, and the transfer that is under way."""
    return DevicePapers(
        sign_off=sign_offs_in_order(user).filter(device=device).first(),
        transfer=Transfer.objects.visible_to(user).under_way().filter(device=device).first(),
    )
