"""The benchmark's arithmetic; nothing here is timed."""

from dataclasses import replace

import pytest

from tests.benchmarks.load import Request, form
from tests.benchmarks.meters import Statements, tally
from tests.benchmarks.pages import Goal
from tests.benchmarks.rounds import Measured, compare
from tests.benchmarks.table import Row, all_reached, line, missed, verdict
from tests.benchmarks.visitors import Visitor, Visitors

MEASURED = Measured(
    name="page",
    x_one=0.2,
    x_cpu=0.2,
    cpu_ms=6.0,
    p50_ms=7.0,
    p99_ms=9.0,
    over_auth_one=2.5,
    kb=12.0,
    statements=Statements(sql=7, writes=0, commits=0, trips=8, database_ms=1.0),
    flat=1.1,
)


def test_a_page_at_a_quarter_of_the_floors_rate_and_four_times_its_cpu():
    pair = compare(floor=(800.0, 0.001), page=(200.0, 0.004))
    assert (pair.x_one, pair.x_cpu, pair.cpu_ms) == (0.25, 0.25, 4.0)


def test_statements_are_told_apart():
    rows = [
        ("SELECT $1", 20, 1.0),
        ("BEGIN", 20, 1.0),
        ("(SELECT a FROM t) UNION (SELECT a FROM u)", 20, 5.0),
        ("INSERT INTO t VALUES ($1)", 40, 10.0),
        ("UPDATE t SET a = $1", 20, 2.0),
        ("COMMIT", 20, 0.5),
        ('SELECT $2 FROM ONLY "public"."u" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x', 20, 0.5),
    ]
    found = tally(rows, written=20, requests=20)
    assert (found.sql, found.writes, found.commits, found.trips, found.database_ms) == (4, 3, 1, 7, 1.0)


@pytest.mark.parametrize(
    ("goal", "misses"),
    [
        (Goal(sql=7, flat=1.3, over_auth_one=3), []),
        (Goal(sql=6), ["SQL 7 of 6"]),
        (Goal(flat=1.05), ["flat 1.1 of 1.05"]),
        (Goal(kb=10), ["kB 12 of 10"]),
        (Goal(x_cpu=0.25), []),  # within the slack
        (Goal(x_cpu=0.26), ["x_cpu 0.2 of 0.26"]),
    ],
)
def test_goals_are_judged(goal, misses):
    assert missed(goal, MEASURED) == misses


def test_verdicts():
    assert verdict(Row(name="page", goal=Goal(x_cpu=0.25), measured=MEASURED)) == "ok within slack (x_cpu 0.25)"
    assert verdict(Row(name="page", goal=Goal(sql=6), measured=MEASURED)) == "MISSED SQL 7 of 6"
    broken = Row(name="page", goal=Goal(), trouble="404")
    assert "NOT MEASURED: 404" in line(broken)
    assert not all_reached([broken])
    assert all_reached([Row(name="page", goal=Goal(sql=7), measured=replace(MEASURED, flat=None))])


def test_requests_on_the_wire():
    wire = form("/login/", {"username": "sara"}, cookie="csrf", expects=302).wire.decode()
    head, _, body = wire.partition("\r\n\r\n")
    assert head.startswith("POST /login/ HTTP/1.1\r\nHost: ")
    assert f"Content-Length: {len(body)}" in head
    assert body.endswith("&username=sara")
    assert Request(path="/one").wire.endswith(b"\r\n\r\n")


def test_visitors_survive_their_journey():
    sara = Visitor(username="sara", session="s", token="t", device=1, order="1405-000001")
    visitors = Visitors(clinic=sara, fleet=sara, staff=sara, agent=sara, crowd=[sara], open_orders=["1405-000002"])
    assert Visitors.from_json(visitors.to_json()) == visitors
