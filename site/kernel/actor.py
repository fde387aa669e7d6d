"""Who acts, and from where: what every verb needs for its trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person (or the system itself, `user_id=None`) behind an act, with address and browser."""

    user_id: int | None = None
    ip: str | None = None
    agent: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The signed-in person of a request."""
        return cls(user_id=request.user.pk, ip=client_ip(request), agent=request.headers.get("User-Agent", "")[:300])

    @property
    def person_id(self) -> int:
        """The account of the person who acts. Raises ValueError for the system itself."""
        if self.user_id is None:
            raise ValueError("this act needs a person")
        return self.user_id


SYSTEM = Actor()


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address; `X-Forwarded-For` counts only as far as our own proxies wrote it."""
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(forwarded) >= proxies:
            return forwarded[-proxies]
    address: str | None = request.META.get("REMOTE_ADDR")
    return address or None
