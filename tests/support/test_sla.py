"""Working time: by table and by property."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.jalali import TEHRAN
from support.sla import (
    FARTHEST,
    STOPPED,
    Clock,
    Promise,
    WorkCalendar,
    add_minutes,
    is_working,
    minutes_between,
    next_opening,
    paused,
    repromised,
    resumed,
    started,
)

WEEK = {day: [(time(8, 30), time(17))] for day in (5, 6, 0, 1, 2)} | {3: [(time(8, 30), time(13))]}
HOLIDAY = date(2026, 11, 29)  # a Sunday
CALENDAR = WorkCalendar(hours=WEEK, holidays=frozenset({HOLIDAY}))
SPLIT = WorkCalendar(hours={5: [(time(14), time(16)), (time(8), time(12))]})
PROMISE = Promise(answer_minutes=60, resolution_minutes=510)


def at(day: int, clock: str) -> datetime:
    """A moment in November 2026; the 25th is a Wednesday, the 28th a Saturday."""
    return datetime.fromisoformat(f"2026-11-{day:02d}T{clock}").replace(tzinfo=TEHRAN)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (at(25, "10:00"), 60, at(25, "11:00")),
        (at(25, "10:00"), 0, at(25, "10:00")),
        (at(25, "10:00"), -5, at(25, "10:00")),
        (at(25, "16:30"), 60, at(26, "09:00")),  # into Thursday
        (at(25, "16:00"), 60, at(25, "17:00")),  # exactly at closing
        (at(25, "20:00"), 30, at(26, "09:00")),  # at night
        (at(25, "03:00"), 30, at(25, "09:00")),  # before opening
        (at(26, "12:00"), 120, at(28, "09:30")),  # Thursday is half a day, Friday free
        (at(27, "12:00"), 30, at(28, "09:00")),  # on Friday
        (at(28, "16:30"), 60, at(30, "09:00")),  # over the holiday
        (at(25, "08:30"), 510 + 270 + 510 + 1, at(30, "08:31")),
    ],
)
def test_minutes_pass_while_the_desk_is_open(start, minutes, end):
    assert add_minutes(CALENDAR, start, minutes) == end


def test_a_day_may_have_two_stretches_in_any_order():
    assert add_minutes(SPLIT, at(28, "11:00"), 90) == at(28, "14:30")
    assert minutes_between(SPLIT, at(28, "11:00"), at(28, "15:00")) == 120


def test_without_hours_the_clock_always_runs():
    always = WorkCalendar()
    assert add_minutes(always, at(27, "03:00"), 90) == at(27, "04:30")
    assert minutes_between(always, at(27, "03:00"), at(27, "04:30")) == 90
    assert is_working(always, at(27, "03:00"))


def test_a_calendar_of_holidays_only_ends_somewhere():
    holidays = frozenset(date(2026, 11, 25) + timedelta(days=n) for n in range(FARTHEST.days + 10))
    shut = WorkCalendar(hours=WEEK, holidays=holidays)
    assert add_minutes(shut, at(25, "10:00"), 1) == at(25, "10:00") + FARTHEST
    assert next_opening(shut, at(25, "10:00")) is None


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (at(25, "10:00"), at(25, "10:00")),
        (at(25, "08:30"), at(25, "08:30")),
        (at(25, "17:00"), at(26, "08:30")),
        (at(26, "13:00"), at(28, "08:30")),
        (at(28, "17:00"), at(30, "08:30")),
    ],
)
def test_the_next_opening(moment, opening):
    assert next_opening(CALENDAR, moment) == opening
    assert is_working(CALENDAR, moment) == (moment == opening)


days = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))
moments = days.map(lambda moment: moment.replace(tzinfo=TEHRAN, microsecond=0))
lengths = st.integers(0, 6000)


@given(moments, lengths)
def test_what_was_added_lies_between(start, minutes):
    end = add_minutes(CALENDAR, start, minutes)
    assert end >= start
    # Seconds before the first opening minute are no minute yet.
    assert minutes_between(CALENDAR, start, end) == minutes


@given(moments, lengths, lengths)
def test_adding_twice_is_adding_the_sum(start, first, second):
    twice = add_minutes(CALENDAR, add_minutes(CALENDAR, start, first), second)
    assert twice == add_minutes(CALENDAR, start, first + second)


@given(moments, moments)
def test_there_and_back_is_the_same(one, other):
    assert minutes_between(CALENDAR, one, other) == -minutes_between(CALENDAR, other, one)
    assert abs(minutes_between(CALENDAR, one, other)) <= abs(other - one).total_seconds() / 60


# --- the clock of a ticket -------------------------------------------------------------------------------------------


def test_a_new_ticket_has_both_promises_running():
    clock = started(CALENDAR, PROMISE, now=at(25, "10:00"))
    assert clock == Clock(
        answer_due_at=at(25, "11:00"), resolution_due_at=at(26, "10:00"), resolution_left_minutes=None
    )
    assert clock.due_at == at(25, "11:00")


def test_waiting_for_the_buyer_costs_nothing():
    clock = started(CALENDAR, PROMISE, now=at(25, "10:00"))
    still = paused(CALENDAR, clock, now=at(25, "10:30"))
    assert (still.due_at, still.resolution_left_minutes) == (None, 480)
    assert paused(CALENDAR, still, now=at(28, "10:30")) == still
    again = resumed(CALENDAR, still, PROMISE, now=at(30, "09:00"))
    assert (again.answer_due_at, again.resolution_due_at) == (at(30, "10:00"), at(30, "17:00"))
    assert again.resolution_left_minutes is None
    assert resumed(CALENDAR, again, PROMISE, now=at(30, "09:30")) == again


def test_what_was_overdue_stays_overdue_through_a_pause():
    clock = started(CALENDAR, PROMISE, now=at(25, "10:00"))
    late = paused(CALENDAR, clock, now=at(28, "10:00"))
    assert late.resolution_left_minutes == -270
    assert resumed(CALENDAR, late, PROMISE, now=at(28, "11:00")).resolution_due_at == at(28, "11:00")


def test_a_reopened_ticket_gets_the_whole_promise():
    clock = resumed(CALENDAR, STOPPED, PROMISE, now=at(25, "10:00"))
    assert clock == started(CALENDAR, PROMISE, now=at(25, "10:00"))


def test_another_importance_holds_as_if_from_the_beginning():
    clock = started(CALENDAR, PROMISE, now=at(25, "10:00"))
    longer = Promise(answer_minutes=120, resolution_minutes=780)
    changed = repromised(CALENDAR, clock, before=PROMISE, after=longer, waiting_since=at(25, "10:00"))
    assert changed == started(CALENDAR, longer, now=at(25, "10:00"))
    still = paused(CALENDAR, clock, now=at(25, "10:30"))
    assert (
        repromised(CALENDAR, still, before=PROMISE, after=longer, waiting_since=None).resolution_left_minutes
        == 480 + 270
    )
