"""A legal notice in the browser: an editor writes, a second person approves, omid reads, and the proof is checked."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from cms.models import Campaign
from cms.services.work import work
from kernel import signing, verify_record
from tests.e2e.visitor import Visitor
from tests.factories.cms import make_notice
from tests.factories.customer import PASSWORD, make_active_device, make_buyer, make_model, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
SCREENS = [
    pytest.param("phone", marks=pytest.mark.browser_context_args(**PHONE)),
    pytest.param("desk", marks=pytest.mark.browser_context_args(**DESK)),
    pytest.param("without scripts", marks=pytest.mark.browser_context_args(**PHONE, java_script_enabled=False)),
]
ADMIN = "/admin/cms/campaign/"
WRITES = ["access_admin", "view_campaign", "add_campaign", "change_campaign", "view_campaigndelivery"]
SENDS = ["access_admin", "view_campaign", "view_campaigndelivery", "approve_campaign", "send_campaign", "view_dossier"]


def make_colleague(username: str, permissions: list[str]):
    """The groups of the migrations are gone after a test that empties every table: the permissions one by one."""
    user = make_staff(username=username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def desk(page, live_server) -> Iterator[Callable[..., Page]]:
    """A browser on a desk at which somebody has signed in, whatever screen omid has."""
    contexts: list[BrowserContext] = []

    def opened(user) -> Page:
        client = Client()
        client.force_login(user)
        contexts.append(page.context.browser.new_context(**DESK, locale="fa-IR", accept_downloads=True))
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        contexts[-1].add_cookies([cookie])
        own = contexts[-1].new_page()
        own.set_default_timeout(15_000)
        return own

    yield opened
    for context in contexts:
        context.close()


def press(page: Page, label: str) -> None:
    page.locator(".admin-body").get_by_text(label, exact=True).first.click()
    page.wait_for_load_state("load")


@pytest.mark.parametrize("screen", SCREENS)
def test_from_the_editors_desk_to_the_verifier(page, desk, sandbox, live_server, tmp_path, settings, screen):
    settings.NOTICE_QUIET_HOURS = {"default": ("00:00", "00:00")}
    model = make_model(name="M4")
    omid = make_active_device(make_buyer("omid"), model=model).owner
    make_buyer()  # owns nothing
    notice = make_notice(device_models=[model])

    editor = desk(make_colleague("editor", WRITES))
    editor.goto(f"{live_server.url}{ADMIN}create/?page={notice.pk}")
    editor.locator(".admin-form [type=submit]").click()
    editor.wait_for_url(f"**{ADMIN}edit/**")
    editor.fill("#id_sms_text", "{first_name} گرامی، اطلاعیهٔ حقوقی: {link}")
    expect(editor.locator("[data-sms-size]")).to_contain_text("بخش")
    editor.locator(".admin-form [type=submit]").click()
    editor.wait_for_url(f"**{ADMIN}preview/**")
    expect(editor.locator(".admin-table tbody tr")).to_have_count(1)
    press(editor, "فرستادن برای تأیید")

    manager = desk(make_colleague("manager", SENDS))
    campaign = Campaign.objects.get()
    manager.goto(f"{live_server.url}{ADMIN}inspect/{campaign.pk}/")
    press(manager, "تأیید")
    press(manager, "ارسال")
    assert work() == 1
    [sms] = sandbox.snapshot()["sms"]
    assert (sms["receptor"], omid.first_name in sms["message"]) == (f"0{omid.phone[3:]}", True)

    visitor = Visitor(page, site=live_server.url, bank=sandbox.url, scripts=screen != "without scripts")
    visitor.sign_in("omid", PASSWORD)
    assert visitor.reads(notice.title)
    visitor.open(notice.url)
    visitor.press("form[action$='/acknowledge/'] [type=submit]", notice.url)
    assert visitor.reads("تأیید شد")
    visitor.open("/dashboard/")
    assert not visitor.reads(notice.title)
    visitor.open("/notices/")
    visitor.open("/profile/notices/")
    assert visitor.complaints == []

    manager.goto(f"{live_server.url}{ADMIN}inspect/{campaign.pk}/")
    press(manager, "تجدید سند اثبات")
    for link, name in (("PDF", "proof.pdf"), ("ZIP", "proof.zip")):
        with manager.expect_download() as download:
            manager.get_by_role("link", name=link).first.click()
        file = Path(tmp_path) / name
        download.value.save_as(file)
        program = [sys.executable, verify_record.__file__, str(file), "--public-key", signing.public_key()]
        said = subprocess.run(program, capture_output=True, text=True, check=False)
        assert (said.returncode, said.stdout.splitlines()[0]) == (0, "VALID"), said.stdout
    told = json.loads(zipfile.ZipFile(file).read(next(n for n in zipfile.ZipFile(file).namelist() if "json" in n)))
    inbox = told["content"]["recipients"][0]["channels"]["inbox"]
    assert {"seen_at", "acknowledged_at"} <= set(inbox)
