"""What is measured, and what it may cost. The reasons for the figures are in README.md."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.benchmarks import content
from tests.benchmarks.load import Answer, Request, ask, form
from tests.benchmarks.stage import Portal, Stage
from tests.benchmarks.visitors import Visitor

SESSION_COOKIE, CSRF_COOKIE = "__Host-session", "__Host-csrf"
PASSWORD = "portal-demo"
WRONG_PASSWORD, UNKNOWN_NAME = "sign-in, wrong password", "sign-in, unknown name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a page may cost at most; `x_cpu` at least (CPU of the floor's `/one` divided by the page's). None: no goal.

    `kb` is the answer's size, `cpu_ms` CPU per request, `over_auth_one` its median in multiples of the floor's
    signed-in page, `flat` the median at the largest size divided by the one at the smallest.
    """

    sql: float | None = None
    writes: float | None = None
    commits: float | None = None
    x_cpu: float | None = None
    kb: float | None = 60
    cpu_ms: float | None = None
    over_auth_one: float | None = None
    flat: float | None = None


LIST_IS_FLAT = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One row of the table. `requests(portal, n)` gives requests to go round; `crowd` the same for many visitors.

    `burst` bounds a page whose requests cannot be repeated: so many of them in each round.
    """

    name: str
    requests: Callable[[Portal, int], list[Request]]
    goal: Goal = field(default_factory=Goal)
    crowd: Callable[[Portal], list[Request]] | None = None
    burst: int | None = None


def signed_in(visitor: Visitor, path: str, *, expects: int = 200) -> Request:
    return Request(path=path, headers={"Cookie": f"{SESSION_COOKIE}={visitor.session}"}, expects=expects)


def bearer(visitor: Visitor, path: str) -> Request:
    return Request(path=path, headers={"Authorization": f"Bearer {visitor.token}"})


def buyer_page(name: str, path: str, goal: Goal, *, of: str = "clinic") -> Page:
    """A page of a buyer; `path` may name his `{device}`, `{order}` and `{ticket}`."""
    return _read(name, path, goal, signed_in, of=of)


def buyer_api(name: str, path: str, goal: Goal) -> Page:
    return _read(name, path, goal, bearer, of="clinic")


def _read(name: str, path: str, goal: Goal, build: Callable[[Visitor, str], Request], *, of: str) -> Page:
    def request(visitor: Visitor) -> Request:
        return build(visitor, path.format(device=visitor.device, order=visitor.order, ticket=visitor.ticket))

    return Page(
        name=name,
        requests=lambda portal, _n: [request(getattr(portal.visitors, of))],
        crowd=(lambda portal: [request(visitor) for visitor in portal.visitors.crowd]) if goal.flat else None,
        goal=goal,
    )


def staff_page(name: str, path: str, goal: Goal) -> Page:
    def requests(portal: Portal, _n: int = 0) -> list[Request]:
        return [signed_in(portal.visitors.staff, path)]

    return Page(name=name, requests=requests, crowd=requests if goal.flat else None, goal=goal)


def open_page(name: str, path: str, goal: Goal, *, kept: bool) -> Page:
    """A page as visitors see it: from the cache (`kept`), or each time anew."""

    def requests(_portal: Portal, n: int) -> list[Request]:
        return [Request(path=path)] if kept else [Request(path=f"{path}?anew={number}") for number in range(n)]

    return Page(name=name, requests=requests, goal=goal)


def sign_in(name: str, username: str, password: str, *, expects: int) -> Page:
    """One try at the door."""

    def requests(_portal: Portal, n: int) -> list[Request]:
        fields = {"username": username, "password": password}
        return [form("/login/", fields, cookie=CSRF_COOKIE, expects=expects)] * n

    return Page(name=name, requests=requests, burst=40, goal=Goal(cpu_ms=40))


class Checkout:
    """Going to the bank and coming back, with the stand-in gateway in a process that is not measured."""

    def __init__(self, stage: Stage) -> None:
        self.bank_port = stage.bank_port
        self.orders: Iterator[str] = iter(stage.full.visitors.open_orders)

    def start_page(self, portal: Portal, n: int) -> list[Request]:
        """The button on the order's page."""
        fleet = portal.visitors.fleet
        return [self._pay_button(fleet, number) for number in portal.visitors.open_orders[:n]]

    def start_api(self, portal: Portal, n: int) -> list[Request]:
        """The same through the REST face, each time with a new Idempotency-Key."""
        orders = portal.visitors.open_orders
        return [self._post(portal.visitors.fleet, orders[index % len(orders)]) for index in range(n)]

    def come_back(self, portal: Portal, n: int) -> list[Request]:
        """`n` orders begun and paid at the bank; the requests are those of the browsers that come back."""
        return [self._paid(portal, next(self.orders)) for _ in range(n)]

    def _pay_button(self, visitor: Visitor, number: str) -> Request:
        sent = form(f"/orders/{number}/pay/", {"gateway": "zarinpal"}, cookie=CSRF_COOKIE, expects=302)
        cookie = f"{sent.headers['Cookie']}; {SESSION_COOKIE}={visitor.session}"
        headers = {**sent.headers, "Cookie": cookie}
        return Request(path=sent.path, method="POST", headers=headers, body=sent.body, expects=302)

    def _post(self, visitor: Visitor, number: str) -> Request:
        headers = {
            "Authorization": f"Bearer {visitor.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        path = f"/api/v1/orders/{number}/payments/"
        return Request(path=path, method="POST", headers=headers, body=b"{}", expects=201)

    def _paid(self, portal: Portal, number: str) -> Request:
        started = ask(portal.web.port, self._post(portal.visitors.fleet, number)).json()
        page = urlsplit(str(started["redirect_url"]))
        paid = Request(
            path=page.path,
            method="POST",
            headers={"Host": page.netloc, "Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({"result": "paid"}).encode(),
            expects=302,
        )
        back = urlsplit(_location(ask(self.bank_port, paid)))
        return Request(path=f"{back.path}?{back.query}", expects=303)


def _location(answer: Answer) -> str:
    lines = answer.head.decode().split("\r\n")
    return next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("location:"))


def portal_pages(stage: Stage) -> list[Page]:
    """Every row of the portal, in the order in which they are measured."""
    checkout = Checkout(stage)
    money = Goal(sql=15, writes=6, commits=2, x_cpu=0.12)
    a_list = Goal(sql=6, x_cpu=0.15, flat=LIST_IS_FLAT)
    detail = Goal(sql=8, x_cpu=0.14, flat=LIST_IS_FLAT)
    api = Goal(sql=4, x_cpu=0.22, flat=LIST_IS_FLAT)
    nested = Goal(sql=5, flat=LIST_IS_FLAT)  # each order with its lines and payments: two statements more
    keyed = Goal(sql=15, writes=6, commits=4, x_cpu=0.12)  # the key is taken before, its answer kept after
    dashboard = Goal(sql=8, x_cpu=0.16, over_auth_one=3, flat=LIST_IS_FLAT)
    text = Goal(sql=10, x_cpu=0.12, flat=LIST_IS_FLAT)
    shelf = Goal(sql=8, x_cpu=0.12, flat=LIST_IS_FLAT)
    admin = Goal(flat=LIST_IS_FLAT, kb=None)
    return [
        buyer_page("dashboard", "/dashboard/", dashboard),
        buyer_page("dashboard, 150 devices", "/dashboard/", Goal(sql=8), of="fleet"),
        buyer_page("device list", "/devices/", a_list),
        buyer_page("device", "/devices/{device}/", detail),
        buyer_page("service choices", "/devices/{device}/service/", detail),
        buyer_page("order list", "/orders/", a_list),
        buyer_page("order", "/orders/{order}/", detail),
        buyer_page("inbox", "/inbox/", a_list),
        buyer_page("knowledge base", "/knowledge/", shelf),
        buyer_page("section", content.SECTION, shelf),
        buyer_page("tutorials", "/tutorials/", shelf),
        buyer_page("article", content.ARTICLE, text),
        open_page("open article, anew", content.OPEN, Goal(sql=10, x_cpu=0.12), kept=False),
        open_page("open article, kept", content.OPEN, Goal(sql=0, x_cpu=1.5), kept=True),
        buyer_api("API device list (25)", "/api/v1/devices/?page_size=25", api),
        buyer_api("API device", "/api/v1/devices/{device}/", api),
        buyer_api("API order list (25)", "/api/v1/orders/?page_size=25", nested),
        buyer_api("API inbox (25)", "/api/v1/inbox/?page_size=25", api),
        Page(name="checkout start", requests=checkout.start_page, burst=30, goal=money),
        Page(name="checkout start, API with key", requests=checkout.start_api, burst=30, goal=keyed),
        Page(name="payment return", requests=checkout.come_back, burst=20, goal=money),
        sign_in("sign-in, right", "omid", PASSWORD, expects=302),
        sign_in(WRONG_PASSWORD, "omid", "not-the-password", expects=401),
        sign_in(UNKNOWN_NAME, "nobody-here", "not-the-password", expects=401),
        staff_page("admin: buyers", "/admin/customer/buyer/", admin),
        staff_page("admin: devices", "/admin/customer/device/", admin),
    ]
