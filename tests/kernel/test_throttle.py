from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.core.cache import cache

from kernel import throttle
from kernel.refused import Refused, Throttled

QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def tries(number: int, key: str = "sara", scope: str = "login", limit: int = 5) -> int:
    """How many of so many tries were let through."""
    through = 0
    for _ in range(number):
        try:
            throttle.hit(scope, key, limit=limit, window=QUARTER)
        except Throttled:
            continue
        through += 1
    return through


def test_the_limit_holds_and_says_how_long(time_machine) -> None:
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    assert tries(7) == 5
    time_machine.shift(QUARTER - timedelta(seconds=90))
    with pytest.raises(Throttled) as caught:
        throttle.hit("login", "sara", limit=5, window=QUARTER)
    assert caught.value.status == 429
    assert caught.value.code == "throttled"
    assert caught.value.retry_after == 90
    assert "2" in caught.value.message or "۲" in caught.value.message


def test_a_new_window_begins_with_the_first_try_after_it(time_machine) -> None:
    time_machine.move_to("2026-11-22T10:07:00Z", tick=False)
    assert tries(6) == 5
    time_machine.shift(QUARTER + timedelta(seconds=1))
    assert tries(6) == 5


def test_keys_and_scopes_are_counted_apart() -> None:
    assert tries(9) == 5
    assert tries(9, key="reza") == 5
    assert tries(9, scope="code") == 5


def test_the_key_is_not_kept_in_clear(monkeypatch) -> None:
    seen: list[str] = []
    add = cache.add
    monkeypatch.setattr(cache, "add", lambda key, *args, **kwargs: seen.append(key) or add(key, *args, **kwargs))
    throttle.hit("login", "0499370899", limit=5, window=QUARTER)
    assert seen
    assert not any("0499370899" in key for key in seen)


def test_parallel_tries_do_not_slip_through() -> None:
    with ThreadPoolExecutor(max_workers=16) as pool:
        through = sum(pool.map(lambda _: tries(1, limit=20), range(400)))
    assert through == 20


@pytest.mark.parametrize("step", ["get_or_set", "add", "incr"])
def test_the_door_stays_shut_without_a_cache(monkeypatch, step: str) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionError("cache down")

    monkeypatch.setattr(cache, step, down)
    with pytest.raises(Throttled) as caught:
        throttle.hit("login", "sara", limit=5, window=QUARTER)
    assert caught.value.retry_after == 60


def test_a_poisoned_cache_keeps_the_door_shut() -> None:
    cache.set(throttle._name("login", "sara"), "garbage")
    assert tries(3) == 0


def test_pace_counts_and_refuses_as_a_hit_does() -> None:
    for _ in range(5):
        throttle.pace("api", "sara", limit=5, window=QUARTER)
    with pytest.raises(Throttled):
        throttle.pace("api", "sara", limit=5, window=QUARTER)


@pytest.mark.parametrize("step", ["get_or_set", "add", "incr"])
def test_pace_lets_through_what_it_cannot_count(monkeypatch, caplog, step: str) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionError("cache down")

    monkeypatch.setattr(cache, step, down)
    with caplog.at_level("DEBUG"):
        for _ in range(9):
            throttle.pace("api", "sara", limit=5, window=QUARTER)
    assert "ConnectionError" in caplog.text


def test_throttled_is_a_refusal() -> None:
    refused = Refused("renewal.already_paid", "پرداخت شده است.", next_label="سفارش", next_url="/orders/1/")
    assert (refused.status, refused.field, str(refused)) == (409, "", "پرداخت شده است.")
    assert isinstance(Throttled("بعداً", retry_after=3), Refused)


@pytest.fixture
def redis_cache(settings, redis_url: str) -> str:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}}
    cache.clear()
    return redis_url


@pytest.mark.redis
def test_parallel_tries_do_not_slip_through_redis(redis_cache: str) -> None:
    with ThreadPoolExecutor(max_workers=16) as pool:
        through = sum(pool.map(lambda _: tries(1, limit=20), range(400)))
    assert through == 20


@pytest.mark.redis
def test_every_key_in_redis_has_an_end(redis_cache: str) -> None:
    assert tries(7) == 5
    client = redis.from_url(redis_cache)
    ends = [client.ttl(key) for key in client.scan_iter("*throttle:*")]
    client.close()
    assert len(ends) == 2
    assert all(0 < end <= 2 * QUARTER.total_seconds() for end in ends)


def test_the_door_stays_shut_when_redis_is_gone(settings) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": nowhere}}
    with pytest.raises(Throttled):
        throttle.hit("login", "sara", limit=5, window=QUARTER)
