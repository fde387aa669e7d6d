"""Makers of forms, transfers and codes, through the verbs; each call makes another one."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from django.utils import timezone

from customer.models import Buyer, ChecklistItem, ChecklistTemplate, ConfirmationCode, Device, SignOff, Transfer, User
from customer.services import sign_off as sign_offs
from customer.services import transfer as transfers
from customer.services import visit as visits
from customer.services.code import LIFETIME, draw_code
from customer.services.sign_off import Preparation, confirm_sign_off, prepare_sign_offs
from customer.services.transfer import Executed, approve_transfer, request_transfer, submit_transfer
from kernel.actor import Actor
from kernel.identity import make_national_code
from kernel.jalali import tehran_today
from tests.factories.customer import make_device, make_staff

_serial = count(1)
ITEMS = ["device_installed", "connections_installed", "training_done"]


def actor_for(user: User) -> Actor:
    return Actor(user_id=user.pk, ip="192.0.2.7", agent="tests")


def make_checklist(**values) -> ChecklistTemplate:
    """The template of all other models: the migration's own, or (after a flush) one like it."""
    template, made = ChecklistTemplate.objects.get_or_create(
        device_model=None,
        defaults={"statement": "دستگاه نصب شد.", "all_done_label": "همه موارد انجام شده است"} | values,
    )
    if made:
        for position, code in enumerate(ITEMS):
            ChecklistItem.objects.create(template=template, code=code, label=f"مورد {code}", position=position)
    return template


def make_new_device(owner: Buyer | None = None, **values) -> Device:
    """A device that has been sold and waits for its installation."""
    values = {"installed_on": None, "warranty_ends_on": None, "sold_on": tehran_today() - timedelta(days=9)} | values
    return make_device(owner, **values)


def make_sign_off(device: Device | None = None, *, by: User | None = None, now=None, **values) -> SignOff:
    """A form that waits for the buyer."""
    make_checklist()
    device = device or make_new_device()
    values = {"device_ids": [device.pk], "installed_on": tehran_today() - timedelta(days=2)} | values
    made = prepare_sign_offs(
        preparation=Preparation(**values), actor=actor_for(by or make_staff()), now=now or timezone.now()
    )
    return made[0]


def make_visit(buyer: Buyer | None = None, count: int = 3) -> list[SignOff]:
    """The forms of a visit to several new devices of one buyer."""
    make_checklist()
    first = make_new_device(buyer)
    devices = [first, *(make_new_device(first.owner) for _ in range(count - 1))]
    preparation = Preparation(device_ids=[device.pk for device in devices], installed_on=tehran_today())
    return prepare_sign_offs(preparation=preparation, actor=actor_for(make_staff()), now=timezone.now())


def visit_code(forms: list[SignOff], *, now=None) -> str:
    return make_code(visits.purpose_of(forms), forms[0].buyer.phone, now=now)


def visit_confirmation_of(forms: list[SignOff], **values) -> dict:
    """The words of `confirm_visit`, with a code unless one is given."""
    buyer = forms[0].buyer
    now = values.get("now") or timezone.now()
    if "code" not in values:
        values["code"] = visit_code(forms, now=now)
    ticks = {form.pk: visits.Ticks(items=[item["code"] for item in form.items], all_done=True) for form in forms}
    words = {"buyer": buyer, "visit": forms[0].visit, "ticks": ticks, "actor": actor_for(buyer.user), "now": now}
    return words | values


def make_code(purpose: str, phone: str = "+989120000000", *, now=None) -> str:
    """The digits of a code that has been sent (past the throttle, without a message)."""
    now = now or timezone.now()
    values = {"purpose": purpose, "phone": phone, "created_at": now, "expires_at": now + LIFETIME}
    return draw_code(ConfirmationCode.objects.create(**values))


def sign_off_code(sign_off: SignOff, *, now=None) -> str:
    return make_code(sign_offs.purpose_of(sign_off), sign_off.buyer.phone, now=now)


def confirmation_of(sign_off: SignOff, **values) -> dict:
    """The words of `confirm_sign_off`, with a code unless one is given."""
    buyer = Buyer.objects.select_related("user").get(pk=sign_off.buyer_id)
    now = values.pop("now", None) or timezone.now()
    code = values.pop("code", None) or sign_off_code(sign_off, now=now)
    return {
        "buyer": buyer,
        "sign_off_id": sign_off.pk,
        "items": [item["code"] for item in sign_off.items],
        "all_done": True,
        "code": code,
        "actor": actor_for(buyer.user),
        "now": now,
    } | values


def make_confirmed(device: Device | None = None, **values) -> SignOff:
    """A form that the buyer has confirmed."""
    return confirm_sign_off(**confirmation_of(make_sign_off(device, **values)))


def request_of(device: Device, **values) -> dict:
    """The words of `request_transfer`; `new_owner` may be a buyer."""
    n, new_owner = next(_serial), values.pop("new_owner", None)
    named = {
        "first_name": "نیما",
        "last_name": "فرهمند",
        "national_code": make_national_code(700_000 + n),
        "phone": f"+98935{n:07d}",
    }
    if isinstance(new_owner, Buyer):
        named = {name: getattr(new_owner, name) for name in named}
    return {
        "buyer": device.owner,
        "device_id": device.pk,
        "new_owner": transfers.NewOwner(**named | values.pop("named", {})),
        "reason": "sale",
        "document": None,
        "statement_accepted": True,
        "actor": actor_for(device.owner.user),
        "now": timezone.now(),
    } | values


def make_draft(device: Device | None = None, **values) -> Transfer:
    """A request whose owner has not confirmed it yet."""
    return request_transfer(**request_of(device or make_device(), **values))


def transfer_code(transfer: Transfer, side: str = "owner", *, now=None) -> str:
    phone = transfer.owner.phone if side == "owner" else transfer.new_phone
    return make_code(transfers.purpose_of(transfer, side), phone, now=now)


def make_submitted(device: Device | None = None, **values) -> Transfer:
    """A request that waits for an administrator."""
    draft = make_draft(device, **values)
    now = values.get("now") or timezone.now()
    user = draft.owner.user
    code = transfer_code(draft, now=now)
    return submit_transfer(user=user, transfer_id=draft.pk, code=code, actor=actor_for(user), now=now)


def make_executed(device: Device | None = None, **values) -> Executed:
    """A transfer that has been carried out."""
    submitted = make_submitted(device, **values)
    return approve_transfer(
        transfer_id=submitted.pk, note="", actor=actor_for(make_staff()), now=values.get("now") or timezone.now()
    )
