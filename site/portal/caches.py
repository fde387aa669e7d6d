"""The cache of production: Redis, without which pages still come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

REST_SECONDS = 10.0


class ForgivingRedisCache(RedisCache):
    """A Redis that is down or frozen is an empty cache: reading finds nothing, keeping keeps nothing.

    After a failure it is left alone for REST_SECONDS, so that a page waits for one time-out and not for each key.
    Counting (`add`, `incr`) does raise, also meanwhile: who counts tries must not let through what it cannot count.
    """

    _silent_until = 0.0

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgiving(default, super().get, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = self._forgiving({}, super().get_many, keys, version)
        return found

    def set(self, key: Any, value: Any, *args: Any, **options: Any) -> None:
        self._forgiving(None, super().set, key, value, *args, **options)

    def set_many(self, data: dict[Any, Any], *args: Any, **options: Any) -> list[Any]:
        not_kept: list[Any] = self._forgiving(list(data), super().set_many, data, *args, **options)
        return not_kept

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._forgiving(False, super().delete, key, version))

    def add(self, *args: Any, **options: Any) -> bool:
        self._strict()
        return bool(super().add(*args, **options))

    def incr(self, *args: Any, **options: Any) -> int:
        self._strict()
        return int(super().incr(*args, **options))

    def _strict(self) -> None:
        if self._is_silent():
            raise RedisError("Redis is left alone after a failure")

    def _is_silent(self) -> bool:
        return time.monotonic() < ForgivingRedisCache._silent_until

    def _forgiving(self, otherwise: Any, ask: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if self._is_silent():
            return otherwise
        try:
            return ask(*args, **options)
        except RedisError as error:
            ForgivingRedisCache._silent_until = time.monotonic() + REST_SECONDS
            logger.warning("cache.silent: %s", type(error).__name__)
            return otherwise
