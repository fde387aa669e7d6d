"""`python -m tests.benchmarks [--quick] [--devices 100 100000] [--only words …]`: starts all it needs,
prints one table.

Ends with 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.benchmarks import table
from tests.benchmarks.load import Request, UnexpectedAnswer, form
from tests.benchmarks.meters import Memory, memory
from tests.benchmarks.pages import UNKNOWN_NAME, WRONG_PASSWORD, Goal, Page, portal_pages
from tests.benchmarks.rounds import QUICK, THOROUGH, Effort, floor_signed_in, measure
from tests.benchmarks.stage import FLOOR, Portal, Stage, running_stage

FLEET = 150
SIGN_INS_ALIKE = 0.10
WORKER_MB, ALL_MB = 180, 320


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds and 10,000 devices: a first look")
    parser.add_argument("--devices", type=int, nargs="+", help="numbers of devices; the lists are compared at the ends")
    parser.add_argument("--only", nargs="+", default=[""], help="only the pages whose names contain one of these")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to stop"))  # so that the servers end as well
    begin = time.monotonic()
    sizes = options.devices or ([100, 10_000] if options.quick else [100, 100_000])
    with running_stage(sizes, fleet=FLEET) as stage:
        print(f"{stage.full.devices:,} devices; everything started after {time.monotonic() - begin:.0f} s\n")
        good = run(stage, effort=QUICK if options.quick else THOROUGH, only=options.only)
    print(f"\n{time.monotonic() - begin:.0f} s in all")
    return 0 if good else 1


def run(stage: Stage, *, effort: Effort, only: list[str]) -> bool:
    """Measures and prints; whether every goal was reached."""
    print(table.heading(), flush=True)
    floor = Portal(web=stage.floor, visitors=stage.full.visitors, devices=0, database=FLOOR)
    rows = [row_of(page, stage=stage, portal=floor, effort=effort) for page in chosen(floor_pages(stage), only)]
    before, pages = memory(stage.full.web.pid), chosen(portal_pages(stage), only)
    rows += [row_of(page, stage=stage, portal=stage.full, effort=effort) for page in pages]
    notes = [alike(rows), fits(before, memory(stage.full.web.pid))]
    print()
    for _good, note in notes:
        print(note)
    return table.all_reached(rows) and all(good for good, _note in notes)


def chosen(pages: list[Page], only: list[str]) -> list[Page]:
    return [page for page in pages if any(words in page.name for words in only)]


def row_of(page: Page, *, stage: Stage, portal: Portal, effort: Effort) -> table.Row:
    try:
        row = table.Row(
            name=page.name, goal=page.goal, measured=measure(page, stage=stage, portal=portal, effort=effort)
        )
    except (UnexpectedAnswer, OSError) as trouble:  # or no answer in time
        row = table.Row(name=page.name, goal=page.goal, trouble=str(trouble).partition("\n")[0][:120])
    print(table.line(row), flush=True)
    return row


def floor_pages(stage: Stage) -> list[Page]:
    """The floor's own pages, for reference: what the plainest page of each shape costs."""
    inserted = form("/post-insert", {"title": "x", "amount_rial": "7"}, cookie="csrftoken", expects=302)
    requests = {
        "floor: /one": Request(path="/one"),
        "floor: /auth-one": floor_signed_in(stage, "/auth-one"),
        "floor: /auth-list25": floor_signed_in(stage, "/auth-list25"),
        "floor: /api-list25": Request(path="/api-list25"),
        "floor: /post-insert": inserted,
    }
    return [_floor_page(name, request) for name, request in requests.items()]


def _floor_page(name: str, request: Request) -> Page:
    return Page(name=name, requests=lambda _portal, _n: [request], goal=Goal())


def alike(rows: list[table.Row]) -> tuple[bool, str]:
    """Whether an unknown name costs as much as a wrong password."""
    found = {row.name: row.measured for row in rows if row.measured}
    if not {WRONG_PASSWORD, UNKNOWN_NAME} <= found.keys():
        return True, "sign-in: not measured"
    ratio = found[UNKNOWN_NAME].cpu_ms / found[WRONG_PASSWORD].cpu_ms
    good = abs(ratio - 1) <= SIGN_INS_ALIKE
    return good, f"sign-in: an unknown name costs {ratio:.2f} of a wrong password (goal 1 ± {SIGN_INS_ALIKE:g}): " + (
        "ok" if good else "MISSED"
    )


def fits(before: Memory, after: Memory) -> tuple[bool, str]:
    """Whether the portal's processes stayed small."""
    good = after.worker_peak <= WORKER_MB and after.all <= ALL_MB
    grown = after.worker - before.worker
    return good, (
        f"memory: worker {after.worker:.0f} MB, at its peak {after.worker_peak:.0f} (goal {WORKER_MB}), "
        f"all {after.all:.0f} (goal {ALL_MB}), grown {grown:.0f} during the run: " + ("ok" if good else "MISSED")
    )


if __name__ == "__main__":
    sys.exit(main())
