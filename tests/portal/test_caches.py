"""The forgiving cache: pages without Redis, counting only with it."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from redis.exceptions import RedisError

from kernel import throttle
from kernel.refused import Throttled
from portal.caches import ForgivingRedisCache

pytestmark = pytest.mark.redis


@pytest.fixture
def cache(settings, redis_server, monkeypatch):
    """The cache of production on a Redis that a test may freeze."""
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", 0.0)
    short = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}
    backend = "portal.caches.ForgivingRedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": redis_server.url, "OPTIONS": short}}
    cache = caches["default"]
    cache.clear()
    yield cache
    cache.close()


@pytest.fixture
def frozen(redis_server, cache):
    """The same Redis, which accepts connections and answers nothing."""
    redis_server.freeze()
    yield cache
    redis_server.thaw()


def test_keeps_and_finds_while_redis_is_there(cache):
    cache.set("a", 1)
    cache.set_many({"b": 2, "c": 3})

    assert (cache.get("a"), cache.get_many(["b", "c"]), cache.delete("a"), cache.get("a")) == (
        1, {"b": 2, "c": 3}, True, None,
    )  # fmt: skip
    assert (cache.add("n", 0), cache.incr("n")) == (True, 1)


def test_frozen_redis_is_an_empty_cache(frozen):
    frozen.set("a", 1)

    assert frozen.get("a", "nothing") == "nothing"
    assert frozen.get_many(["a"]) == {}
    assert frozen.set_many({"a": 1}) == ["a"]
    assert frozen.delete("a") is False


def test_counting_raises_on_a_frozen_redis_and_while_it_is_left_alone(frozen, redis_server):
    for _ in range(2):
        with pytest.raises(RedisError):
            frozen.add("n", 0)
    frozen.get("a")  # from here on it is left alone
    redis_server.thaw()

    for count in (frozen.add, frozen.incr):
        with pytest.raises(RedisError, match="left alone"):
            count("n", 1)


def test_throttle_stays_shut_without_redis(frozen):
    with pytest.raises(Throttled):
        throttle.hit("sign-in", "sara", limit=5, window=timedelta(minutes=15))


def test_throttle_forgets_nothing_over_an_outage(cache, redis_server, monkeypatch):
    def tries():
        throttle.hit("sign-in", "sara", limit=2, window=timedelta(minutes=15))

    tries()
    tries()
    redis_server.freeze()
    with pytest.raises(Throttled):
        tries()
    redis_server.thaw()
    with pytest.raises(Throttled):
        tries()  # left alone
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", 0.0)
    with pytest.raises(Throttled):
        tries()  # counted again, and still too many
