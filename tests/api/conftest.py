"""Clients of the REST face: each calls as somebody."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from integrations.sandbox.server import start
from tests.api.clients import client_of
from tests.factories.commerce import make_plans, make_vat
from tests.factories.customer import make_buyer, make_expired_device, make_staff


@pytest.fixture(autouse=True)
def no_calls_counted():
    """Throttles count in the cache, which lives longer than one test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def buyer(db):
    return make_buyer("sara")


@pytest.fixture
def other(db):
    return make_buyer("reza")


@pytest.fixture
def api(buyer) -> APIClient:
    return client_of(buyer.user)


@pytest.fixture
def staff_api(db) -> APIClient:
    return client_of(make_staff())


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()


@pytest.fixture
def device(buyer):
    """An expired device that can be renewed."""
    device = make_expired_device(buyer)
    make_plans(device.model)
    make_vat()
    return device


@pytest.fixture(scope="session")
def running_sandbox():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture
def bank(running_sandbox, settings):
    """The sandbox as the payment gateway."""
    running_sandbox.reset()
    settings.OUTBOUND_HOSTS = {running_sandbox.url.removeprefix("http://")}
    settings.ZARINPAL_BASE_URL = f"{running_sandbox.url}/zarinpal"
    settings.PUBLIC_URL = "https://portal.example"
    return running_sandbox


@pytest.fixture
def no_bank(settings):
    """A gateway that nobody can reach."""
    settings.OUTBOUND_HOSTS = {"127.0.0.1:9"}
    settings.ZARINPAL_BASE_URL = "http://127.0.0.1:9/zarinpal"
