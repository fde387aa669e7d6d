"""The one way in: pages, admin and API sign people in here."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from customer.models import User
from customer.services import trace
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
    buyer = user.as_buyer
    trace.record("signed_in", f"user:{user.pk}", actor=actor, now=now, buyer_id=buyer.pk if buyer else None)
    return user
