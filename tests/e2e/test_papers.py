"""Papers of weight in a browser: an installation is signed off, a device changes hands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as site_settings
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from customer.models import Device, SignOff, Transfer
from customer.services.transfer import approve_transfer
from integrations.outbox import deliver_due
from integrations.sandbox.server import Sandbox, start
from kernel.identity import local_mobile, make_national_code
from kernel.persian import persian_digits
from portal.fonts import build_fonts
from tests.e2e.visitor import MOTION_OVER
from tests.factories.customer import PASSWORD, make_active_device, make_buyer, make_staff
from tests.factories.papers import ITEMS, actor_for, make_new_device, make_sign_off, make_visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
NO_SCRIPTS = PHONE | {"java_script_enabled": False}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def running_stand_ins() -> Iterator[Sandbox]:
    build_fonts(site_settings.STATIC_BUILD / "fonts")  # as `manage.py test` has done, and `up`
    running = start(port=0)
    yield running
    running.stop()


@pytest.fixture
def stand_ins(running_stand_ins: Sandbox, live_server, settings) -> Sandbox:
    """The stand-ins, emptied, as the site's providers."""
    requests.post(f"{running_stand_ins.url}/__reset", timeout=10)
    settings.OUTBOUND_HOSTS = {running_stand_ins.url.removeprefix("http://")}
    settings.KAVENEGAR_BASE_URL = f"{running_stand_ins.url}/kavenegar"
    settings.DIDAR_BASE_URL = f"{running_stand_ins.url}/didar"
    settings.PROVIDER_TIMEOUT_SECONDS = 10.0
    settings.PUBLIC_URL = live_server.url
    cache.clear()  # throttles outlive a test
    return running_stand_ins


class Person:
    """Somebody at a browser of his own, who looks closely at every page. `complaints`: what no page may do."""

    def __init__(self, context: BrowserContext, site: str, *, scripts: bool = True) -> None:
        self.page: Page = context.new_page()
        self.site, self.scripts = site, scripts
        self.complaints: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def open(self, address: str) -> None:
        self.page.goto(address if address.startswith("http") else f"{self.site}{address}")
        self.look()

    def press(self, selector: str, *, then: str) -> None:
        """Presses a button and looks at what `then` (a selector of the next page) shows."""
        self.page.locator(selector).first.click()
        expect(self.page.locator(then).first).to_be_visible(timeout=15_000)
        self.look()

    def look(self) -> None:
        """No violation of accessibility, nothing wider than the screen, no complaint of the browser."""
        self.page.wait_for_load_state("load")
        if self.scripts:
            self.page.evaluate(MOTION_OVER)
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
            assert self.page.evaluate(OVERFLOW) <= 1, f"{self.page.url} is too wide"
        assert self.complaints == []

    def reads(self, text: str) -> bool:
        return text in re.sub(r"\s+", " ", self.page.locator("body").inner_text())

    def status_of(self, path: str) -> int:
        """What the server answers to this person, without opening the page."""
        return self.page.request.get(f"{self.site}{path}").status

    def carry(self, session: str) -> None:
        """Goes on with a session that was begun elsewhere."""
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.site}])

    def sign_in(self, username: str) -> None:
        self.open("/login/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("form:has(input[name=password]) [type=submit]", then="main h1")
        self.page.wait_for_url(lambda url: not url.endswith("/login/"))


@pytest.fixture
def person(new_context, live_server) -> Callable[..., Person]:
    """Opens another browser, on a phone unless told otherwise."""

    def make(screen: dict = PHONE) -> Person:
        return Person(new_context(**screen), live_server.url, scripts=screen.get("java_script_enabled", True))

    return make


def last_message(stand_ins: Sandbox, phone: str, pattern: str) -> str:
    """Delivers what waits and finds `pattern` in the newest text to this phone, as the sandbox shows it."""
    deliver_due()
    rows = requests.get(f"{stand_ins.url}/__state", timeout=10).json()["sms"]
    mine = [row["message"] for row in rows if row["receptor"] == local_mobile(phone)]
    return next(found[0] for text in reversed(mine) if (found := re.search(pattern, text)))


def sign(buyer: Person, form: SignOff, stand_ins: Sandbox) -> None:
    """Ticks everything, asks for the code and confirms with it, typed in Persian digits."""
    for item in ITEMS:
        buyer.page.check(f"input[name=items][value={item}]")
    buyer.page.check("input[name=all_done]")
    buyer.press("button[name=do][value=code]", then="input[name=code]")
    assert buyer.page.locator("input[type=checkbox]:checked").count() == len(ITEMS) + 1
    buyer.page.fill("input[name=code]", persian_digits(last_message(stand_ins, form.buyer.phone, "[0-9]{6}")))
    buyer.press(".form-actions button[value=confirm]", then="#certificate")


@pytest.mark.parametrize("screen", [PHONE, DESK, NO_SCRIPTS], ids=["phone", "desk", "phone without scripts"])
def test_buyer_signs_all_forms_of_a_visit_with_one_code(person, stand_ins, screen):
    mina = make_buyer("mina")
    forms = make_visit(mina, count=2)
    buyer = person(screen)
    buyer.sign_in("mina")
    buyer.press(f"a[href='/sign-offs/visits/{forms[0].visit}/']", then="#sign")
    buyer.page.locator("button[name=do][value=code]").first.click()  # nothing is ticked yet
    expect(buyer.page.locator(".errors").first).to_be_visible()
    buyer.complaints.clear()  # of the 400
    buyer.look()
    for box in buyer.page.locator("#sign input[type=checkbox]").all():
        box.check()
    buyer.press("button[name=do][value=code]", then="input[name=code]")
    buyer.page.fill("input[name=code]", persian_digits(last_message(stand_ins, mina.phone, "[0-9]{6}")))
    buyer.press(".form-actions button[value=confirm]", then=f"a[href='/sign-offs/{forms[0].pk}/']")
    assert buyer.page.locator("#sign").count() == 0
    assert set(SignOff.objects.values_list("status", flat=True)) == {"confirmed"}
    buyer.press(f"a[href='/sign-offs/{forms[1].pk}/']", then="#certificate")


@pytest.mark.parametrize("screen", [PHONE, DESK, NO_SCRIPTS], ids=["phone", "desk", "phone without scripts"])
def test_technician_prepares_and_buyer_signs(person, stand_ins, screen):
    mina = make_buyer("mina")
    form = make_sign_off(make_new_device(mina), notes={"training_done": "آموزش دو نفر"})
    assert f"/sign-offs/{form.pk}/" not in last_message(stand_ins, mina.phone, ".+")
    buyer = person(screen)
    buyer.sign_in("mina")
    buyer.press(f"a[href='/sign-offs/{form.pk}/']", then="#sign")
    assert buyer.reads("آموزش دو نفر")
    sign(buyer, form, stand_ins)
    form.refresh_from_db()
    assert form.status == "confirmed"
    assert buyer.reads(form.record.sha256)
    assert buyer.page.locator(f"a[href='/verify/{form.record.code}/']").count() == 1
    assert buyer.status_of(f"/sign-offs/{form.pk}/certificate.pdf") == 200
    buyer.press(f"a[href='/verify/{form.record.code}/']", then="main h1")
    buyer.open(f"/devices/{form.device_id}/")
    assert buyer.reads("فعال")
    buyer.open("/sign-offs/")
    buyer.open("/dashboard/")
    assert buyer.page.locator(f"a[href='/sign-offs/{form.pk}/']").count() == 0


def test_buyer_signs_on_the_technicians_phone(person, stand_ins, client):
    form = make_sign_off()
    staff = make_staff(first_name="سهیل", last_name="آذری", is_superuser=True)
    technician = person()
    client.force_login(staff)  # he comes from the admin, where he has signed in
    technician.carry(client.cookies["sessionid"].value)
    technician.open(f"/sign-offs/{form.pk}/in-person/")
    sign(technician, form, stand_ins)
    form.refresh_from_db()
    assert technician.reads(form.record.code)


def test_buyer_declines(person, stand_ins):
    form = make_sign_off(make_new_device(make_buyer("mina")))
    buyer = person()
    buyer.sign_in("mina")
    buyer.open(f"/sign-offs/{form.pk}/")
    buyer.press(f"a[href='/sign-offs/{form.pk}/decline/']", then="textarea[name=reason]")
    buyer.page.fill("textarea[name=reason]", "کمپرسور وصل نیست")
    buyer.press("button.button-danger", then=".notice-late")
    assert buyer.reads("کمپرسور وصل نیست")


def request_transfer(owner: Person, device: Device, phone: str) -> Transfer:
    """From the device's page to the draft."""
    owner.open(f"/devices/{device.pk}/")
    owner.press(f"a[href='/transfers/new/?device={device.pk}']", then="input[name=first_name]")
    owner.page.fill("input[name=first_name]", "نیما")
    owner.page.fill("input[name=last_name]", "کاویانی")
    owner.page.fill("input[name=national_code]", persian_digits(make_national_code(70_707)))
    owner.page.fill("input[name=phone]", persian_digits(phone))
    owner.press("button[value=review]", then="#statement")
    assert owner.reads("این دستگاه را به نیما کاویانی واگذار می‌کنم")
    owner.page.check("input[name=statement_accepted]")
    owner.press(".form-actions button[value=file]", then="#sign")
    return Transfer.objects.get()


@pytest.mark.parametrize("screen", [PHONE, DESK, NO_SCRIPTS], ids=["phone", "desk", "phone without scripts"])
def test_device_changes_hands(person, stand_ins, screen):
    sara = make_buyer("sara")
    device, phone = make_active_device(sara), "09351234567"
    owner = person(screen)
    owner.sign_in("sara")
    found = request_transfer(owner, device, phone)
    owner.press("button[name=do][value=code]", then="input[name=code]")
    owner.page.fill("input[name=code]", last_message(stand_ins, sara.phone, "[0-9]{6}"))
    owner.press(".form-actions button[value=confirm]", then=".notice-new")

    newcomer = person(screen)
    link = last_message(stand_ins, phone, r"http\S+/transfers/accept/\S+")
    newcomer.open(link)
    assert newcomer.reads(sara.full_name)
    newcomer.press("button[name=do][value=code]", then="input[name=code]")
    newcomer.page.fill("input[name=code]", last_message(stand_ins, phone, "[0-9]{6}"))
    newcomer.press(".form-actions button[value=accept]", then=".outcome-ok")
    assert newcomer.status_of(link.removeprefix(newcomer.site)) == 404

    assert owner.status_of(f"/devices/{device.pk}/") == 200
    administrator = make_staff(is_superuser=True)
    executed = approve_transfer(transfer_id=found.pk, note="", actor=actor_for(administrator), now=timezone.now())
    assert owner.status_of(f"/devices/{device.pk}/") == 404
    owner.open(f"/transfers/{found.pk}/")
    assert owner.reads(executed.transfer.record.code)
    assert owner.status_of(f"/transfers/{found.pk}/deed.pdf") == 200

    user = executed.transfer.new_owner.user
    user.set_password(PASSWORD)
    user.save()
    newcomer.sign_in(user.username)
    newcomer.open(f"/devices/{device.pk}/")
    assert newcomer.reads("انتقال به مالک جدید")
    assert not newcomer.reads(sara.last_name)
    newcomer.open("/transfers/")
    assert newcomer.page.locator(f"a[href='/transfers/{found.pk}/deed.pdf']").count() == 1


def test_owner_cancels(person, stand_ins):
    sara = make_buyer("sara")
    device = make_active_device(sara)
    owner = person()
    owner.sign_in("sara")
    request_transfer(owner, device, "09351234567")
    owner.page.click("a[data-dialog=cancel]")
    owner.press("#cancel button[type=submit]", then=".notice-plain")
    owner.open("/transfers/")
    assert Transfer.objects.get().status == "cancelled"


def test_code_may_be_asked_for_again_after_a_wait_that_is_shown(person, stand_ins):
    form = make_sign_off(make_new_device(make_buyer("mina")))
    buyer = person()
    buyer.sign_in("mina")
    buyer.open(f"/sign-offs/{form.pk}/")
    for box in buyer.page.locator("input[type=checkbox]").all():
        box.check()
    buyer.press("button[name=do][value=code]", then="input[name=code]")
    again = buyer.page.locator("button[data-wait]")
    expect(again).to_be_disabled()
    expect(again).to_contain_text("ثانیه")
