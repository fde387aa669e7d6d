"""What a newcomer is shown: a renewal from token to receipt, by a program that knows nothing but the addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jdatetime
import requests
from requests import Response

from kernel.jalali import tehran_today

PASSWORD = "portal-demo"
NET_RIAL, VAT_RIAL = 89_000_000, 8_900_000  # two years for sara's scanner
PHONES = {"sara": "09121110001"}
HANGS_AFTER = 20


@dataclass
class Portal:
    """A running portal, spoken to as its proxy would: `headers` stand for what the proxy adds."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(self.headers)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Response:
        """One request, no redirect followed; remembers the slowest."""
        # The proxy takes the TLS off: even secure cookies travel the last steps in clear.
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)
        options |= {"headers": {"Cookie": cookies, **(headers or {})}, "timeout": HANGS_AFTER}
        answer = self.session.request(method, f"{self.address}{path}", allow_redirects=False, **options)
        self.slowest = max(self.slowest, answer.elapsed.total_seconds())
        return answer

    def page(self, path: str) -> str:
        """A page that must be there, as text."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        return answer.text

    def sign_in(self, username: str) -> None:
        """By the page's form, as a browser does."""
        self.page("/login/")
        token = next(cookie.value for cookie in self.session.cookies if "csrf" in cookie.name)
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = self.ask("POST", "/login/", data=form, headers={"Referer": self.public("/login/")})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard/"), answer.text

    def public(self, path: str) -> str:
        """The address as the browser has it."""
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        return f"{scheme}://{self.headers.get('Host') or urlsplit(self.address).netloc}{path}"

    def follow(self, location: str) -> Response:
        """Goes where the bank sends the browser."""
        return self.ask("GET", urlunsplit(("", "", *urlsplit(location)[2:4], "")))


@dataclass
class Buyer:
    """A client of the REST face."""

    portal: Portal
    username: str = "sara"

    def __post_init__(self) -> None:
        answer = self.portal.ask("POST", "/api/v1/auth/token/", json={"username": self.username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["token"]

    def ask(self, method: str, path: str, *, status: int = 200, **options: Any) -> dict[str, Any]:
        """The JSON of one call; AssertionError for another status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.portal.ask(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        body: dict[str, Any] = answer.json()
        return body

    def devices(self, status: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/devices/?service_status={status}")["results"]
        return found

    def expired_device(self) -> dict[str, Any]:
        [device] = self.devices("expired")
        return device

    def device(self, pk: int) -> dict[str, Any]:
        return self.ask("GET", f"/devices/{pk}/")

    def order(self, number: str) -> dict[str, Any]:
        return self.ask("GET", f"/orders/{number}/")

    def renew(self, device: dict[str, Any], years: int = 2) -> dict[str, Any]:
        """The order for a renewal, at the price and for the days that the options named."""
        options = self.ask("GET", f"/devices/{device['id']}/service-options/")
        offer = next(row for row in options["renewals"] if row["years"] == years)
        assert offer["total_rial"] == offer["net_rial"] + offer["vat_rial"]
        wish = {"choice": "renew", "years": years, "expected_total_rial": offer["total_rial"]}
        order = self.ask("POST", f"/devices/{device['id']}/service-choices/", json=wish, status=201)["order"]
        assert (order["status"], order["total_rial"]) == ("open", offer["total_rial"])
        return order

    def pay(self, order: dict[str, Any]) -> dict[str, Any]:
        """A payment with the address of the bank's page."""
        payment = self.ask("POST", f"/orders/{order['number']}/payments/", json={}, status=201)
        assert (payment["status"], payment["amount_rial"]) == ("redirected", order["total_rial"])
        return payment

    def payment(self, pk: str) -> dict[str, Any]:
        return self.ask("GET", f"/payments/{pk}/")


@dataclass
class Sandbox:
    """The stand-ins' own address, as a script has it."""

    address: str

    def state(self) -> dict[str, Any]:
        """What they received."""
        state: dict[str, Any] = requests.get(f"{self.address}/__state", timeout=HANGS_AFTER).json()
        return state

    def arm(self, provider: str, fault: str, times: int = 1, **options: Any) -> None:
        wish = {"provider": provider, "fault": fault, "times": times, **options}
        answer = requests.post(f"{self.address}/__faults", json=wish, timeout=HANGS_AFTER)
        assert answer.status_code == 200, answer.text

    def is_struck(self) -> bool:
        """Whether every armed fault has been met."""
        faults: list[Any] = requests.get(f"{self.address}/__faults", timeout=HANGS_AFTER).json()["faults"]
        return not faults

    def deals(self, order: dict[str, Any]) -> list[str]:
        """The CRM's deals of an order, as states."""
        line = f"REF: ORDER-{order['number']}"
        return [deal["Status"] for deal in self.state()["didar"]["deals"] if line in deal["Description"].splitlines()]

    def has_been_told(self, order: dict[str, Any]) -> bool:
        """Whether the SMS and the won deal of a paid order are here."""
        texts = [sms["message"] for sms in self.state()["sms"]]
        return any(order["receipt_number"] in text for text in texts) and self.deals(order) == ["Won"]


def at_the_bank(payment: dict[str, Any], result: str = "paid") -> str:
    """Presses a button of the bank's page; returns where it sends the browser."""
    page = requests.get(payment["redirect_url"], timeout=HANGS_AFTER)
    assert 'name="result" value="paid"' in page.text
    answer = requests.post(payment["redirect_url"], data={"result": result}, allow_redirects=False, timeout=HANGS_AFTER)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def jalali_end_of_two_years(starts_on: date) -> str:
    """The day before the same Jalali day two years on, by another calendar than the house's."""
    start = jdatetime.date.fromgregorian(date=starts_on)
    day = 29 if (start.month, start.day) == (12, 30) else start.day
    last = jdatetime.date(start.year + 2, start.month, day)
    return (last if day != start.day else last - jdatetime.timedelta(days=1)).strftime("%Y/%m/%d")


def assert_renewed(buyer: Buyer, order: dict[str, Any], *, since: date) -> None:
    """Paid, and renewed to the day. `since`: the date in Tehran before anything was done."""
    order = buyer.order(order["number"])
    assert (order["status"], order["net_rial"], order["vat_rial"]) == ("paid", NET_RIAL, VAT_RIAL)
    period = order["service_period"]
    starts_on = date.fromisoformat(period["starts_on"])
    assert since <= starts_on <= tehran_today()
    device = buyer.device(order["device"])
    end = jalali_end_of_two_years(starts_on)
    assert (device["service_status"], device["service_ends_on_jalali"], period["ends_on_jalali"]) == (
        "renewed",
        end,
        end,
    )


def assert_told(sandbox: Sandbox, buyer: Buyer, order: dict[str, Any]) -> None:
    """One contact, one won deal, one SMS about this order, and nothing else."""
    state, phone = sandbox.state(), PHONES[buyer.username]
    [contact] = [row for row in state["didar"]["contacts"] if row["MobilePhone"] == phone]
    [deal] = [row for row in state["didar"]["deals"] if row["PersonId"] == contact["Id"]]
    [sms] = [row for row in state["sms"] if row["receptor"] == phone]
    order = buyer.order(order["number"])
    assert (deal["Status"], deal["Price"]) == ("Won", order["total_rial"])
    assert sandbox.deals(order) == ["Won"]
    assert order["receipt_number"] in sms["message"]


def assert_ten_more_callbacks_change_nothing(
    sandbox: Sandbox, buyer: Buyer, order: dict[str, Any], address: str
) -> None:
    """`address` is where the bank sent the browser the first time."""

    def standing() -> list[Any]:
        state = sandbox.state()
        paid = [{**row, "verify_calls": 0} for row in state["payments"]]
        told = [sms["messageid"] for sms in state["sms"]]
        return [buyer.order(order["number"]), buyer.device(order["device"]), paid, told, state["didar"]]

    before = standing()
    assert before[0]["status"] == "paid"
    for _ in range(10):
        answer = buyer.portal.follow(address)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/orders/{order['number']}/")
    assert standing() == before


def assert_forged_callback_changes_nothing(sandbox: Sandbox, buyer: Buyer, paid_address: str) -> None:
    """Another order: once with its own unpaid payment, once with the payment that paid the first order."""
    [active] = buyer.devices("active")
    other = buyer.renew(active)
    payment = buyer.pay(other)
    authority = payment["redirect_url"].rpartition("/")[2]
    mine = f"/payments/return/zarinpal/{payment['id']}/"
    for query in (f"Authority={authority}&Status=OK", paid_address.partition("?")[2], "Status=OK", ""):
        assert buyer.portal.ask("GET", f"{mine}?{query}").status_code in {303, 404}
    assert buyer.order(other["number"])["status"] == "open"
    assert buyer.payment(payment["id"])["status"] == "redirected"
    assert buyer.device(active["id"]) == active
    assert "Won" not in sandbox.deals(other)
