"""Making, mending and closing buyers' accounts. Only administrators call these."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from knox.models import AuthToken

from customer.models import Buyer, User
from customer.services import trace
from integrations import outbox
from kernel.actor import Actor
from kernel.identity import IdentityError, clean_mobile, clean_national_code
from kernel.persian import ascii_digits, clean
from kernel.refused import Refused
from kernel.vault import blind_index

# Without letters and digits that look alike on paper: slips are printed and read out on the telephone.
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerData:
    """The identity of a buyer as an administrator enters it."""

    first_name: str
    last_name: str
    national_code: str
    city: str
    street: str
    phone: str
    building: str = ""
    main_operator: str = ""


def generate_password() -> str:
    """Three groups of four, e.g. `k7wm-3hpx-92rt`: some 59 bits, easy to read out."""
    return "-".join("".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(4)) for _ in range(3))


def cleaned(data: BuyerData) -> BuyerData:
    """Normalised copy. Raises Refused with the field's name for a bad national code or phone."""
    values = {f.name: clean(getattr(data, f.name)) for f in fields(data)}
    for name, check in (("national_code", clean_national_code), ("phone", clean_mobile)):
        try:
            values[name] = check(values[name])
        except IdentityError as error:
            raise Refused(f"buyer.{name}_invalid", str(error), status=400, field=name) from error
    for name in ("first_name", "last_name", "city", "street"):
        if not values[name]:
            raise Refused("buyer.field_required", _("This field is required."), status=400, field=name)
    return BuyerData(**values)


def clean_username(text: str) -> str:
    """Lower-case ASCII-digit form. Raises Refused `buyer.username_invalid`."""
    username = ascii_digits(clean(text)).lower()
    try:
        User.username_validator(username)
    except ValidationError as error:
        raise Refused("buyer.username_invalid", error.messages[0], status=400, field="username") from error
    return username


def create_buyer(*, username: str, password: str, data: BuyerData, actor: Actor, now: datetime) -> Buyer:
    """Makes the account and the buyer. Raises Refused naming the field that is wrong or already taken."""
    data = cleaned(data)
    username = clean_username(username)
    try:
        with transaction.atomic():
            return _create(username, password, data, actor=actor, now=now)
    except IntegrityError:
        _require_free(username=username, data=data)  # says what somebody else took a moment ago
        raise


def _create(username: str, password: str, data: BuyerData, *, actor: Actor, now: datetime) -> Buyer:
    _require_free(username=username, data=data)
    user = User(username=username, first_name=data.first_name, last_name=data.last_name)
    set_password(user, password)
    user.save()
    buyer = Buyer.objects.create(
        user=user,
        national_code_index=blind_index(data.national_code),
        **{f.name: getattr(data, f.name) for f in fields(data)},
    )
    trace.record("buyer.created", f"buyer:{buyer.pk}", actor=actor, now=now, buyer_id=buyer.pk, username=username)
    announce(buyer, now=now)
    return buyer


def update_buyer(*, buyer_id: int, data: BuyerData, actor: Actor, now: datetime) -> Buyer:
    """Changes the identity. The trace names the fields that changed, not their values."""
    data = cleaned(data)
    with transaction.atomic():
        buyer = Buyer.objects.select_for_update().select_related("user").get(pk=buyer_id)
        _require_free(data=data, but=buyer)
        changed = [f.name for f in fields(data) if getattr(buyer, f.name) != getattr(data, f.name)]
        if not changed:
            return buyer
        for name in changed:
            setattr(buyer, name, getattr(data, name))
        buyer.national_code_index = blind_index(data.national_code)
        buyer.save()
        buyer.user.first_name, buyer.user.last_name = buyer.first_name, buyer.last_name
        buyer.user.save(update_fields=["first_name", "last_name"])
        if "phone" in changed:
            end_sessions(buyer.user)
        trace.record("buyer.changed", f"buyer:{buyer.pk}", actor=actor, now=now, buyer_id=buyer.pk, fields=changed)
        announce(buyer, now=now)
    return buyer


def reset_password(*, buyer_id: int, password: str, actor: Actor, now: datetime) -> Buyer:
    """Sets a new password; every session and API token of the buyer ends."""
    with transaction.atomic():
        buyer = Buyer.objects.select_related("user").get(pk=buyer_id)
        set_password(buyer.user, password)
        buyer.user.save(update_fields=["password"])
        end_sessions(buyer.user)
        trace.record("buyer.password_reset", f"buyer:{buyer.pk}", actor=actor, now=now, buyer_id=buyer.pk)
    return buyer


def set_buyer_active(*, buyer_id: int, active: bool, reason: str, actor: Actor, now: datetime) -> Buyer:
    """Closes or reopens an account; nothing is deleted. Closing ends API tokens and, at the next click, sessions."""
    with transaction.atomic():
        buyer = Buyer.objects.select_related("user").get(pk=buyer_id)
        buyer.user.is_active = active
        buyer.user.save(update_fields=["is_active"])
        if not active:
            end_sessions(buyer.user)
        verb = "buyer.enabled" if active else "buyer.disabled"
        trace.record(verb, f"buyer:{buyer.pk}", actor=actor, now=now, buyer_id=buyer.pk, reason=clean(reason))
    return buyer


def end_sessions(user: User) -> None:
    """Step: signs an account out everywhere: no page session and no API token stays good."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    AuthToken.objects.filter(user=user).delete()


def announce(buyer: Buyer, *, now: datetime) -> None:
    """Step: the CRM hears of a new or changed buyer."""
    outbox.emit(
        outbox.Outgoing(
            topic="crm.buyer",
            dedupe_key=f"crm.buyer:{buyer.pk}:{now.isoformat()}",
            payload={"buyer_id": buyer.pk},
            stream=f"crm:{buyer.pk}",
        )
    )


def set_password(user: User, password: str, *, field: str = "password") -> None:
    """Step: sets a password that is strong enough; raises Refused `buyer.password_weak` on `field`."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused("buyer.password_weak", " ".join(error.messages), status=400, field=field) from error
    user.set_password(password)


def _require_free(*, data: BuyerData, username: str = "", but: Buyer | None = None) -> None:
    if username and User.objects.filter(username__iexact=username).exists():
        raise Refused("buyer.username_taken", _("This username is already taken."), status=400, field="username")
    others = Buyer.objects.exclude(pk=but.pk) if but else Buyer.objects.all()
    if others.filter(national_code_index=blind_index(data.national_code)).exists():
        message = _("A buyer with this national code already exists.")
        raise Refused("buyer.national_code_taken", message, status=400, field="national_code")
    if others.filter(phone=data.phone).exists():
        raise Refused("buyer.phone_taken", _("A buyer with this phone already exists."), status=400, field="phone")
