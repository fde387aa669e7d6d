"""API tokens: made at sign-in, kept hashed, ended by their owner or by time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from knox.models import AuthToken
from knox.settings import knox_settings

from customer.models import User
from customer.services import trace
from kernel.actor import Actor


def issue_token(*, user: User, actor: Actor, now: datetime) -> tuple[AuthToken, str]:
    """A new token and its text, which is seen this once; beyond `TOKEN_LIMIT_PER_USER` the oldest one ends."""
    with transaction.atomic():
        row, text = AuthToken.objects.create(user)
        mine = AuthToken.objects.filter(user=user)
        newest = mine.order_by("-created").values_list("pk", flat=True)[: knox_settings.TOKEN_LIMIT_PER_USER]
        mine.exclude(pk__in=list(newest)).delete()
        buyer = user.as_buyer
        trace.record("token.issued", f"user:{user.pk}", actor=actor, now=now, buyer_id=buyer.pk if buyer else None)
    return row, text


def purge_tokens(*, now: datetime) -> int:
    """Drops tokens that have expired; returns how many."""
    return int(AuthToken.objects.filter(expiry__lte=now).delete()[0])
