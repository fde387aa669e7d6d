"""`python -m tests.benchmarks.tickets [--quick] [--tickets 1000 100000] [--only words …] [--no-helpdesk]`: the desk.

As `python -m tests.benchmarks`, for tickets: a tenth as many devices as tickets, five messages each. Then
django-helpdesk, installed from PyPI into an environment of its own, on the same PostgreSQL. Ends with 1 when a goal
is missed.
"""

from __future__ import annotations

import argparse
import random
import secrets
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from statistics import quantiles
from urllib.parse import urlencode

from tests.benchmarks import helpdesk, table
from tests.benchmarks.__main__ import FLEET, chosen, fits, floor_pages, row_of
from tests.benchmarks.load import Request, UnexpectedAnswer, ask, form
from tests.benchmarks.meters import memory
from tests.benchmarks.pages import (
    CSRF_COOKIE,
    LIST_IS_FLAT,
    SESSION_COOKIE,
    Goal,
    Page,
    buyer_api,
    buyer_page,
    signed_in,
)
from tests.benchmarks.rounds import QUICK, THOROUGH, Effort, count
from tests.benchmarks.search import made_up_words
from tests.benchmarks.stage import Portal, Stage, running_stage

TICKETS_EACH = 10
QUEUE = "/admin/tickets/"
SEARCHES = 120
# p95 of a search in ms, up to so many tickets
SEARCH_P95 = {100_000: 40, 1_000_000: 80}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tickets", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds and 10,000 tickets: a first look")
    parser.add_argument("--tickets", type=int, nargs="+", help="numbers of tickets; pages are compared at the ends")
    parser.add_argument("--only", nargs="+", default=[""], help="only the pages whose names contain one of these")
    parser.add_argument("--no-helpdesk", action="store_true", help="without django-helpdesk")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to stop"))  # so that the servers end as well
    begin = time.monotonic()
    sizes = sorted(options.tickets or ([1000, 10_000] if options.quick else [1000, 100_000]))
    effort = QUICK if options.quick else THOROUGH
    devices = [size // TICKETS_EACH for size in sizes]
    with running_stage(devices, fleet=FLEET, tickets_each=TICKETS_EACH) as stage:
        print(f"{sizes[-1]:,} tickets; everything started after {time.monotonic() - begin:.0f} s\n")
        good = run(stage, effort=effort, only=options.only)
        if not options.no_helpdesk:
            beside(stage, [size for size in sizes if size <= 100_000], effort=effort, only=options.only)
    print(f"\n{time.monotonic() - begin:.0f} s in all")
    return 0 if good else 1


def run(stage: Stage, *, effort: Effort, only: list[str]) -> bool:
    """Measures and prints the portal; whether every goal was reached."""
    print(table.heading(), flush=True)
    floor = Portal(web=stage.floor, visitors=stage.full.visitors, devices=0, database="floor")
    for page in chosen(floor_pages(stage), only):
        row_of(page, stage=stage, portal=floor, effort=effort)
    before, pages = memory(stage.full.web.pid), chosen(ticket_pages(), only)
    rows = [row_of(page, stage=stage, portal=stage.full, effort=effort) for page in pages]
    print()
    grow(pages, stage, effort=effort)
    notes = [fits(before, memory(stage.full.web.pid)), *(searched(portal) for portal in stage.portals)]
    for _good, note in notes:
        print(note)
    return table.all_reached(rows) and all(good for good, _note in notes)


def beside(stage: Stage, sizes: list[int], *, effort: Effort, only: list[str]) -> None:
    """Measures and prints django-helpdesk."""
    with (
        tempfile.TemporaryDirectory(prefix="portal-helpdesk-") as folder,
        helpdesk.running_helpdesk(stage, sizes, folder) as peer,
    ):
        print(f"\ndjango-helpdesk 2.6.1, {sizes[-1]:,} tickets")
        pages = chosen(helpdesk.pages(), only)
        for page in pages:
            row_of(page, stage=peer, portal=peer.full, effort=effort)
        grow(pages, peer, effort=effort)
        used = memory(peer.full.web.pid)
        print(f"memory: worker {used.worker:.0f} MB, at its peak {used.worker_peak:.0f}, all {used.all:.0f}")


def grow(pages: list[Page], stage: Stage, *, effort: Effort) -> None:
    """What each page costs the database at each size."""
    few = replace(effort, counted=10)
    print("DB ms and SQL at each size, smallest first")
    for page in pages:
        try:
            counted = [count(page, stage=stage, portal=portal, effort=few) for portal in stage.portals]
        except (UnexpectedAnswer, OSError) as trouble:
            print("  " + page.name.ljust(table.NAME_WIDTH), str(trouble).partition("\n")[0][:120])
            continue
        print("  " + page.name.ljust(table.NAME_WIDTH), *(f"{one.database_ms:9.2f} ({one.sql:g})" for one in counted))


# --- the pages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A page of the desk, as one of the staff sees it."""

    who: str
    path: str = QUEUE

    def page(self, name: str, goal: Goal, **query: str) -> Page:
        path = f"{self.path}?{urlencode(query)}" if query else self.path

        def requests(portal: Portal, _n: int = 0) -> list[Request]:
            return [signed_in(getattr(portal.visitors, self.who), path)]

        return Page(name=name, requests=requests, crowd=requests if goal.flat else None, goal=goal)


def ticket_pages() -> list[Page]:
    """Every row, in the order in which they are measured."""
    a_list = Goal(sql=6, x_cpu=0.15, flat=LIST_IS_FLAT)
    detail = Goal(sql=8, x_cpu=0.14, flat=LIST_IS_FLAT)
    queue = Goal(sql=8, x_cpu=0.12, flat=LIST_IS_FLAT, kb=None)
    api = Goal(sql=4, x_cpu=0.22, flat=LIST_IS_FLAT)
    agent, admin = Desk(who="agent"), Desk(who="staff")
    return [
        buyer_page("ticket list", "/tickets/", a_list),
        buyer_page("ticket list, open, search", "/tickets/?" + urlencode({"q": "چراغ قرمز"}), a_list),
        buyer_page("ticket, 20 messages", "/tickets/{ticket}/", detail),
        Page(name="ticket create", requests=create, burst=30, goal=Goal(sql=12, writes=5, commits=1, x_cpu=0.20)),
        admin.page("queue, superuser", queue),
        agent.page("queue, agent", queue),
        agent.page("queue, us + urgent", queue, view="us", importance="urgent"),
        agent.page("queue, overdue by rank", queue, overdue="1", sort="rank"),
        agent.page("queue, closed", queue, view="closed"),
        Page(name="queue, search", requests=searches, goal=Goal(sql=9, kb=None)),
        buyer_api("API ticket list (25)", "/api/v1/tickets/?page_size=25", api),
        buyer_api("API ticket", "/api/v1/tickets/{ticket}/", api),
    ]


def create(portal: Portal, n: int) -> list[Request]:
    """The form of a new ticket, sent without a file; each with a key of its own, as every showing of it has."""
    clinic = portal.visitors.clinic
    fields = {
        "device": str(clinic.covered),
        "title": "صدای غیرعادی اسپیندل هنگام تراش",
        "description": "از دو روز پیش با دور بالای ۴۰٬۰۰۰ صدای سوت می‌آید. با فرز نو هم همین‌طور است.",
        "importance": "high",
    }
    requests = []
    for _n in range(n):
        sent = form("/tickets/new/", fields | {"form_key": secrets.token_urlsafe(16)}, cookie=CSRF_COOKIE, expects=302)
        cookie = f"{sent.headers['Cookie']}; {SESSION_COOKIE}={clinic.session}"
        requests.append(replace(sent, headers={**sent.headers, "Cookie": cookie}))
    return requests


def searches(portal: Portal, n: int) -> list[Request]:
    """What agents look for: a rare word, a common one with a rare one, common ones, a serial, a phone; in turns."""
    chance = random.Random(5)
    words = made_up_words(random.Random(11))
    asked = []
    for turn in range(n):
        rare, number = chance.choice(words), chance.randint(1, 30)
        kinds = [rare, f"دستگاه {rare}", "صدای غیر‌عادی", f"CR-{number:06d}", f"0930{number:07d}", "کوره ۱۵۳۰"]
        asked.append(kinds[turn % len(kinds)])
    views = ("open", "closed")
    query = [{"q": text, "view": views[turn // 6 % 2]} for turn, text in enumerate(asked)]
    return [signed_in(portal.visitors.agent, f"{QUEUE}?{urlencode(one)}") for one in query]


def searched(portal: Portal) -> tuple[bool, str]:
    """How long the whole page of a search takes a client that is alone."""
    tickets = portal.devices * TICKETS_EACH
    taken = [1000 * ask(portal.web.port, request).seconds for request in searches(portal, SEARCHES)]
    cuts = quantiles(taken, n=100)
    goal = next((ms for most, ms in SEARCH_P95.items() if tickets <= most), SEARCH_P95[1_000_000])
    good = cuts[94] <= goal
    text = (
        f"search in {tickets:,} tickets: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} (goal {goal}), most {max(taken):.0f}"
    )
    return good, f"{text}: {'ok' if good else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
