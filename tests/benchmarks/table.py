"""One table: figures, goals, verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.pages import Goal
from tests.benchmarks.rounds import Measured

SLACK = 0.8  # `/one` against itself gives 0.88: x_cpu is missed below this share of its goal
COLUMNS = ("SQL", "wr", "cm", "trips", "x_one", "x_cpu", "CPU ms", "p50", "p99", "/auth", "kB", "flat")
NAME_WIDTH, WIDTH = 29, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A page with its goal and its figures, or the trouble that it made."""

    name: str
    goal: Goal
    measured: Measured | None = None
    trouble: str = ""


def missed(goal: Goal, measured: Measured) -> list[str]:
    """The goals that were not reached, each as `figure of goal`."""
    return [f"{name} {figure:.4g} of {wanted:g}" for name, figure, wanted, bad in _judged(goal, measured) if bad]


def _judged(goal: Goal, measured: Measured) -> Iterator[tuple[str, float, float, bool]]:
    statements = measured.statements
    at_most = {
        "SQL": (statements.sql, goal.sql),
        "writes": (statements.writes, goal.writes),
        "commits": (statements.commits, goal.commits),
        "kB": (measured.kb, goal.kb),
        "CPU ms": (measured.cpu_ms, goal.cpu_ms),
        "p50 over auth-one": (measured.over_auth_one, goal.over_auth_one),
        "flat": (measured.flat, goal.flat),
    }
    for name, (figure, wanted) in at_most.items():
        if figure is not None and wanted is not None:
            yield name, figure, wanted, figure > wanted
    if goal.x_cpu is not None:
        yield "x_cpu", measured.x_cpu, goal.x_cpu, measured.x_cpu < SLACK * goal.x_cpu


def verdict(row: Row) -> str:
    """`ok`, `ok within slack`, or what was missed."""
    if row.measured is None:
        return f"NOT MEASURED: {row.trouble}"
    if misses := missed(row.goal, row.measured):
        return "MISSED " + ", ".join(misses)
    if row.goal.x_cpu and row.measured.x_cpu < row.goal.x_cpu:
        return f"ok within slack (x_cpu {row.goal.x_cpu:g})"
    return f"ok {_wanted(row.goal)}".strip()


def _wanted(goal: Goal) -> str:
    pieces = [
        f"SQL≤{goal.sql:g}" if goal.sql else "",
        f"wr≤{goal.writes:g}" if goal.writes else "",
        f"cm≤{goal.commits:g}" if goal.commits else "",
        f"x_cpu≥{goal.x_cpu:g}" if goal.x_cpu else "",
        f"CPU≤{goal.cpu_ms:g}" if goal.cpu_ms else "",
        f"/auth≤{goal.over_auth_one:g}" if goal.over_auth_one else "",
        f"flat≤{goal.flat:g}" if goal.flat else "",
    ]
    return " ".join(piece for piece in pieces if piece)


def heading() -> str:
    return "page".ljust(NAME_WIDTH) + "".join(name.rjust(WIDTH) for name in COLUMNS) + "  verdict"


def line(row: Row) -> str:
    found = row.measured
    if found is None:
        return row.name.ljust(NAME_WIDTH) + "".join("-".rjust(WIDTH) for _ in COLUMNS) + f"  {verdict(row)}"
    statements = found.statements
    cells = [
        *(f"{figure:.3g}" for figure in (statements.sql, statements.writes, statements.commits, statements.trips)),
        *(f"{figure:.3f}" for figure in (found.x_one, found.x_cpu)),
        *(f"{figure:.1f}" for figure in (found.cpu_ms, found.p50_ms, found.p99_ms, found.over_auth_one, found.kb)),
        "-" if found.flat is None else f"{found.flat:.2f}",
    ]
    return row.name.ljust(NAME_WIDTH) + "".join(cell.rjust(WIDTH) for cell in cells) + f"  {verdict(row)}"


def all_reached(rows: Sequence[Row]) -> bool:
    return all(row.measured is not None and not missed(row.goal, row.measured) for row in rows)
