"""A browser in front of the live site, with the stand-ins behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings as site_settings
from django.core.cache import cache
from playwright.sync_api import Page

from integrations.sandbox.server import Sandbox, start
from portal.fonts import build_fonts
from portal.settings.base import form_targets
from tests.e2e.visitor import Visitor
from tests.factories.commerce import make_plans, make_vat
from tests.factories.customer import make_active_device, make_buyer, make_expired_device, make_model
from tests.faults.house import use


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    build_fonts(site_settings.STATIC_BUILD / "fonts")  # as `manage.py test` has done, and `up`
    with start(port=0) as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Sandbox, live_server, settings) -> Sandbox:
    """The stand-ins as the site's providers; the bank's page sends the browser back to the live server."""
    use(running_sandbox, settings)
    settings.PUBLIC_URL = live_server.url
    policy = settings.CONTENT_SECURITY_POLICY
    directives = {**policy["DIRECTIVES"], "form-action": form_targets(running_sandbox.url)}
    settings.CONTENT_SECURITY_POLICY = {**policy, "DIRECTIVES": directives}
    cache.clear()  # throttles outlive a test
    return running_sandbox


@pytest.fixture
def devices(transactional_db):
    """Sara's devices: one active, one expired, whose two years cost 97,900,000 rial."""
    sara = make_buyer("sara")
    make_vat()
    scanner = make_model(name="i700")
    make_plans(scanner, 48_000_000, 89_000_000, 126_000_000)
    return make_active_device(sara), make_expired_device(sara, model=scanner)


@pytest.fixture
def visitor(page: Page, sandbox: Sandbox, live_server, devices, request) -> Iterator[Visitor]:
    """Sara at her browser. Whatever it complained about fails the test."""
    browser = request.node.get_closest_marker("browser_context_args").kwargs
    scripts = browser.get("java_script_enabled", True)
    visitor = Visitor(page, site=live_server.url, bank=sandbox.url, scripts=scripts)
    yield visitor
    assert visitor.complaints == []
