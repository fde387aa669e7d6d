"""A buyer at the pages of renewal and payment, and the bank on the other side."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from customer.models import Buyer
from integrations.sandbox.server import start
from tests.commerce.views.bank import Bank
from tests.factories.commerce import make_order, make_plans, make_vat
from tests.factories.customer import make_buyer, make_expired_device


@pytest.fixture(autouse=True)
def no_calls_counted():
    """Throttles count in the cache, which lives longer than one test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def buyer(db) -> Buyer:
    return make_buyer("sara")


def signed_in(person: Buyer) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


@pytest.fixture
def sara(buyer) -> Client:
    return signed_in(buyer)


@pytest.fixture
def reza(db) -> Client:
    return signed_in(make_buyer("reza"))


@pytest.fixture
def device(buyer):
    """An expired device that can be renewed for 52,800,000, 99,000,000 or 141,900,000 rial."""
    device = make_expired_device(buyer)
    make_plans(device.model)
    make_vat()
    return device


@pytest.fixture
def order(device):
    """Two years, 99,000,000 rial."""
    return make_order(device, years=2)


@pytest.fixture
def order_page(order) -> str:
    return reverse("order_detail", args=[order.number])


@pytest.fixture(scope="session")
def running_sandbox():
    with start(port=0) as sandbox:
        yield sandbox


@pytest.fixture
def bank(running_sandbox, settings) -> Bank:
    running_sandbox.reset()
    settings.OUTBOUND_HOSTS = {running_sandbox.url.removeprefix("http://")}
    settings.ZARINPAL_BASE_URL = f"{running_sandbox.url}/zarinpal"
    settings.PROVIDER_TIMEOUT_SECONDS = 1.0
    return Bank(running_sandbox)
