"""Counting tries, exactly and in one step: a limit that parallel requests cannot slip through."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from datetime import timedelta

from django.core.cache import cache
from django.utils.translation import ngettext

from kernel.persian import persian_digits
from kernel.refused import Throttled

logger = logging.getLogger(__name__)

_RETRY_WITHOUT_CACHE = 60


def hit(scope: str, key: str, *, limit: int, window: timedelta) -> None:
    """Counts one try of `key` (kept as a hash only) in `scope`; raises `Throttled` after `limit` tries in a window.

    A window begins with its first try. When the cache does not answer, the door stays shut: for passwords and codes.
    """
    try:
        wait = _wait(scope, key, limit=limit, window=window)
    except Exception as error:  # each cache backend raises what its client raises
        logger.exception("throttle %s: the cache does not answer", scope)
        raise _throttled(_RETRY_WITHOUT_CACHE) from error
    if wait:
        raise _throttled(wait)


def pace(scope: str, key: str, *, limit: int, window: timedelta) -> None:
    """As `hit`, but lets through what it cannot count: where to stand still would be worse than a flood."""
    try:
        wait = _wait(scope, key, limit=limit, window=window)
    except Exception as error:  # noqa: BLE001 - each cache backend raises what its client raises
        logger.debug("throttle %s: the cache does not answer (%s), not counted", scope, type(error).__name__)
        return
    if wait:
        raise _throttled(wait)


def _wait(scope: str, key: str, *, limit: int, window: timedelta) -> float:
    """Counts one try; the seconds until the next one may come, 0 where this one may."""
    now, seconds = time.time(), window.total_seconds()
    count, started = _count(_name(scope, key), now=now, seconds=seconds)
    return max(1.0, started + seconds - now) if count > limit else 0


def _count(name: str, *, now: float, seconds: float) -> tuple[int, float]:
    """The number of tries in the running window, this one included, and when the window began.

    The counter carries the window's beginning in its name and outlives it, so that it can never run out between two
    steps and come back without an end.
    """
    started = float(cache.get_or_set(name, now, timeout=seconds) or now)
    counter = f"{name}:{started}"
    cache.add(counter, 0, timeout=seconds * 2)
    return cache.incr(counter), started


def _name(scope: str, key: str) -> str:
    digest = hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest()
    return f"throttle:{digest}"


def _throttled(seconds: float) -> Throttled:
    retry_after = math.ceil(seconds)
    minutes = math.ceil(retry_after / 60)
    message = ngettext(
        "Too many tries. Please try again in %(minutes)s minute.",
        "Too many tries. Please try again in %(minutes)s minutes.",
        minutes,
    )
    return Throttled(message % {"minutes": persian_digits(str(minutes))}, retry_after=retry_after)


def forget(scope: str, key: str) -> None:
    """Starts counting anew: the try was a good one."""
    cache.delete(_name(scope, key))
