"""Time as the desk counts it: working minutes, of working days, outside holidays. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from kernel.jalali import TEHRAN

Stretch = tuple[time, time]
# Nobody plans a promise further ahead; a calendar of holidays only must not keep us searching for ever.
FARTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """When work is done: stretches of each weekday (as `date.weekday` counts), and the days that are free anyway.

    Without any stretch work is done round the clock: an installation that has set no hours promises plain time.
    """

    hours: Mapping[int, Sequence[Stretch]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    @property
    def is_round_the_clock(self) -> bool:
        return not any(self.hours.values())

    def stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        """The stretches of work on a day, in order, as moments in Tehran."""
        if day in self.holidays:
            return []
        return [
            (datetime.combine(day, opens, tzinfo=TEHRAN), datetime.combine(day, closes, tzinfo=TEHRAN))
            for opens, closes in sorted(self.hours.get(day.weekday(), ()))
        ]


def add_minutes(calendar: WorkCalendar, start: datetime, minutes: int) -> datetime:
    """The moment at which so many working minutes have passed since `start`. Nought or less gives `start` itself."""
    if calendar.is_round_the_clock or minutes <= 0:
        return start + timedelta(minutes=max(0, minutes))
    left = timedelta(minutes=minutes)
    for opens, closes in _from(calendar, start):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return start + FARTHEST


def minutes_between(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """Whole working minutes from `start` to `end`; negative when `end` is the earlier."""
    if end < start:
        return -minutes_between(calendar, end, start)
    if calendar.is_round_the_clock:
        return int((end - start).total_seconds() // 60)
    total = timedelta()
    for opens, closes in _from(calendar, start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return int(total.total_seconds() // 60)


def is_working(calendar: WorkCalendar, moment: datetime) -> bool:
    """Whether somebody is at the desk."""
    if calendar.is_round_the_clock:
        return True
    local = moment.astimezone(TEHRAN)
    return any(opens <= local < closes for opens, closes in calendar.stretches(local.date()))


def next_opening(calendar: WorkCalendar, moment: datetime) -> datetime | None:
    """When the desk opens next; `moment` itself while it is open, None if it never does in the time looked at."""
    if is_working(calendar, moment):
        return moment
    return next((opens for opens, _closes in _from(calendar, moment)), None)


def _from(calendar: WorkCalendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches after `start`, the running one cut to begin with it."""
    local = start.astimezone(TEHRAN)
    for offset in range(FARTHEST.days):
        for opens, closes in calendar.stretches(local.date() + timedelta(days=offset)):
            if closes > local:
                yield max(opens, local), closes


# --- the clock of one ticket -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is promised, in working minutes."""

    answer_minutes: int
    resolution_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What of the promise is running: the fields of a ticket of the same names."""

    answer_due_at: datetime | None
    resolution_due_at: datetime | None
    resolution_left_minutes: int | None

    @property
    def due_at(self) -> datetime | None:
        """The nearest promise that is not kept yet; None while the clock stands still."""
        running = [moment for moment in (self.answer_due_at, self.resolution_due_at) if moment is not None]
        return min(running, default=None)


def started(calendar: WorkCalendar, promise: Promise, *, now: datetime) -> Clock:
    """The clock of a ticket that was opened just now."""
    return Clock(
        answer_due_at=add_minutes(calendar, now, promise.answer_minutes),
        resolution_due_at=add_minutes(calendar, now, promise.resolution_minutes),
        resolution_left_minutes=None,
    )


def paused(calendar: WorkCalendar, clock: Clock, *, now: datetime) -> Clock:
    """The clock while the buyer has the word: it remembers what was left. Pausing twice changes nothing."""
    left = clock.resolution_left_minutes
    if clock.resolution_due_at is not None:
        left = minutes_between(calendar, now, clock.resolution_due_at)
    return Clock(answer_due_at=None, resolution_due_at=None, resolution_left_minutes=left)


def resumed(calendar: WorkCalendar, clock: Clock, promise: Promise, *, now: datetime) -> Clock:
    """The clock when the buyer has written again: an answer is promised anew, the solution gets what was left.

    A clock that runs already is left alone: who writes twice has not to wait longer.
    """
    if clock.answer_due_at is not None:
        return clock
    left = promise.resolution_minutes if clock.resolution_left_minutes is None else clock.resolution_left_minutes
    return Clock(
        answer_due_at=add_minutes(calendar, now, promise.answer_minutes),
        resolution_due_at=clock.resolution_due_at or add_minutes(calendar, now, left),
        resolution_left_minutes=None,
    )


def repromised(
    calendar: WorkCalendar, clock: Clock, *, before: Promise, after: Promise, waiting_since: datetime | None
) -> Clock:
    """The clock under another promise (the importance was changed): as if it had held from the beginning."""
    gained = after.resolution_minutes - before.resolution_minutes
    if waiting_since is None or clock.resolution_due_at is None:
        left = clock.resolution_left_minutes
        return Clock(
            answer_due_at=None,
            resolution_due_at=None,
            resolution_left_minutes=None if left is None else left + gained,
        )
    left = minutes_between(calendar, waiting_since, clock.resolution_due_at) + gained
    return Clock(
        answer_due_at=add_minutes(calendar, waiting_since, after.answer_minutes),
        resolution_due_at=add_minutes(calendar, waiting_since, left),
        resolution_left_minutes=None,
    )


STOPPED = Clock(answer_due_at=None, resolution_due_at=None, resolution_left_minutes=None)
