"""The one way in, and the ways out: pages, admin and API sign people in here."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from knox.models import AuthToken

from customer.models import User
from customer.services import trace
from customer.services.buyer import end_sessions, set_password
from kernel import throttle
from kernel.actor import Actor, client_ip
from kernel.persian import ascii_digits, clean
from kernel.refused import Refused


def verify_credentials(*, request: HttpRequest, username: str, password: str, now: datetime) -> User:
    """The account behind a username and password.

    Raises Throttled after too many tries, and one and the same Refused `sign_in.failed` for an unknown name, a wrong
    password and a closed account.
    """
    username = ascii_digits(clean(username)).lower()
    limits = settings.SIGN_IN_LIMITS
    # Counted before the password is looked at: parallel guesses cannot slip through.
    throttle.hit("sign_in.address", client_ip(request) or "", limit=limits["address"], window=limits["window"])
    throttle.hit("sign_in.account", username, limit=limits["account"], window=limits["window"])
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise Refused("sign_in.failed", _("The username or the password is not right."), status=401)
    throttle.forget("sign_in.account", username)
    actor = Actor(user_id=user.pk, ip=client_ip(request), agent=request.headers.get("User-Agent", "")[:300])
    _record("signed_in", user, actor=actor, now=now)
    return user


def sign_out_everywhere(*, user: User, actor: Actor, now: datetime) -> None:
    """Ends every page session and every API token of the account, this one included."""
    with transaction.atomic():
        end_sessions(user)
        _record("signed_out_everywhere", user, actor=actor, now=now)


def revoke_token(*, user: User, digest: str, actor: Actor, now: datetime) -> None:
    """Ends one API token of the account's own. Raises AuthToken.DoesNotExist for a foreign one."""
    with transaction.atomic():
        AuthToken.objects.get(user=user, digest=digest).delete()
        _record("token.revoked", user, actor=actor, now=now)


def change_password(*, user: User, old: str, new: str, actor: Actor, now: datetime) -> User:
    """Sets the account's own new password and ends every session; returns the account as it is then.

    Raises Throttled, and Refused on the field `old` or `new`.
    """
    limits = settings.SIGN_IN_LIMITS
    throttle.hit("sign_in.password_change", str(user.pk), limit=limits["account"], window=limits["window"])
    if not user.check_password(old):
        raise Refused("password.wrong", _("This is not your present password."), status=400, field="old")
    with transaction.atomic():
        user = User.objects.select_related("buyer").select_for_update(of=("self",)).get(pk=user.pk)
        set_password(user, new, field="new")
        user.save(update_fields=["password"])
        end_sessions(user)
        _record("password.changed", user, actor=actor, now=now)
    user.refresh_from_db(fields=["session_epoch"])
    return user


def _record(verb: str, user: User, *, actor: Actor, now: datetime) -> None:
    buyer = user.as_buyer
    trace.record(verb, f"user:{user.pk}", actor=actor, now=now, buyer_id=buyer.pk if buyer else None)
