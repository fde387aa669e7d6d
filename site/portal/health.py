"""For load balancers and monitoring: /healthz (alive), /readyz (may serve), /metrics (figures). No secrets in them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache as remember
from ipaddress import ip_address
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from kernel.actor import client_ip
from portal import metrics as figures

logger = logging.getLogger(__name__)
BROKER_SECONDS = 1


class NotReady(Exception):
    """A part answers, but not as it should."""


@require_safe
@login_not_required
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while this process lives. Asks nothing else, so that a database in trouble does not restart the web."""
    return _not_kept(HttpResponse("ok\n", content_type="text/plain"))


@require_safe
@login_not_required
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when every part that a page needs is there, else 503; says which part, never why (the log does)."""
    parts = {name: _is_fine(name, check) for name, check in checks().items()}
    ready = all(parts.values())
    said = {name: "ok" if fine else "failing" for name, fine in parts.items()}
    return _not_kept(JsonResponse({"ready": ready, "parts": said}, status=200 if ready else 503))


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or for a bearer of METRICS_TOKEN; 404 for everybody else."""
    if not _may_read_metrics(request):
        return HttpResponse(status=404)
    return _not_kept(HttpResponse(figures.text(), content_type="text/plain; version=0.0.4; charset=utf-8"))


def checks() -> dict[str, Callable[[], None]]:
    """The parts that must be there, each with a question that raises when it is not."""
    parts = {"database": ask_database, "migrations": ask_migrations, "cache": ask_cache}
    return parts if settings.CELERY_BROKER_URL.startswith("memory:") else {**parts, "broker": ask_broker}


def ask_database() -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_migrations() -> None:
    """Raises NotReady while a migration of this version is missing. Once all are there, they stay there."""
    if not _migrations_applied():
        _migrations_applied.cache_clear()
        raise NotReady("migrations are missing")


@remember
def _migrations_applied() -> bool:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def ask_cache() -> None:
    cache.set("readyz", "here", timeout=10)
    if cache.get("readyz") != "here":
        raise NotReady("the cache forgets")


def ask_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)


def _is_fine(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # each part's client raises its own
        logger.exception("readyz.failing part=%s", name)
        return False
    return True


def _may_read_metrics(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token and constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}"):
        return True
    try:
        return ip_address(client_ip(request) or "").is_loopback
    except ValueError:
        return False


def _not_kept(response: Any) -> HttpResponse:
    patch_cache_control(response, no_store=True)
    return response
