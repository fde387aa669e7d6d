"""/healthz, /readyz and /metrics."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from integrations.models import OutboxMessage
from integrations.tasks import deliver_outbox
from portal import health


def test_healthz_needs_neither_sign_in_nor_database(client):
    answer = client.get("/healthz")  # without the db fixture every query would raise

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_names_every_part_when_all_is_well(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": "ok", "migrations": "ok", "cache": "ok"}}


@pytest.mark.django_db
def test_readyz_asks_the_broker_where_there_is_one(client, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/0"

    assert list(health.checks()) == ["database", "migrations", "cache", "broker"]


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["database", "migrations", "cache"])
def test_readyz_names_the_failing_part_and_tells_no_secret(client, monkeypatch, broken):
    def fail():
        raise ConnectionError("postgres://portal:hunter2@db/portal refuses")

    monkeypatch.setattr(health, f"ask_{broken}", fail)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert [name for name, said in answer.json()["parts"].items() if said != "ok"] == [broken]
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_missing_migration_is_seen_and_seen_gone(monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    health._migrations_applied.cache_clear()
    with pytest.raises(health.NotReady):
        health.ask_migrations()

    monkeypatch.undo()
    health.ask_migrations()


def test_cache_that_forgets_is_not_ready(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    with pytest.raises(health.NotReady):
        health.ask_cache()


@pytest.mark.django_db
def test_metrics_count_waiting_messages_and_their_age(client):
    now = timezone.now()
    for number, status in enumerate(["queued", "queued", "parked", "delivered"]):
        OutboxMessage.objects.create(
            topic="crm.buyer", dedupe_key=f"m{number}", status=status, created_at=now, next_attempt_at=now
        )
    lines = client.get("/metrics").content.decode().splitlines()

    assert 'portal_outbox_messages{status="queued"} 2' in lines
    assert 'portal_outbox_messages{status="parked"} 1' in lines
    assert 'portal_outbox_messages{status="delivered"} 1' not in lines
    assert 'portal_payments{status="unknown"} 0' in lines
    age = next(line for line in lines if line.startswith("portal_outbox_oldest_due_seconds"))
    assert 0 <= float(age.split()[1]) < 60


@pytest.mark.django_db
def test_metrics_tell_when_a_task_last_ended_well(client):
    cache.clear()
    before = timezone.now().timestamp()
    deliver_outbox.apply()
    [line] = [line for line in client.get("/metrics").content.decode().splitlines() if "deliver_outbox" in line]

    assert float(line.split()[1]) >= before


@pytest.mark.django_db
def test_metrics_are_hidden_from_other_machines(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    settings.TRUSTED_PROXIES = 1
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 404


@pytest.mark.django_db
def test_metrics_are_open_to_the_bearer_of_the_token(client, settings):
    settings.METRICS_TOKEN = "a-token"

    def asked_with(bearer):
        return client.get("/metrics", REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION=f"Bearer {bearer}").status_code

    assert (asked_with("a-token"), asked_with("another"), asked_with("")) == (200, 404, 404)
