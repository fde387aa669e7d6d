"""What many pages need and little changes, kept in the cache for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")


def remembered(key: str, make: Callable[[], T], *, seconds: int) -> T:
    """What `make` gives (never None), at most so old. Where the cache does not answer it is made each time."""
    known: T | None = cache.get(key)
    if known is None:
        known = make()
        cache.set(key, known, seconds)
    return known
