"""What the reports count: tickets opened in a period, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import TruncDate

from kernel.jalali import TEHRAN, format_date, jalali_iso
from support.models import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days in Tehran, both included."""

    since: date
    until: date

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.since, time.min, tzinfo=TEHRAN)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time.min, tzinfo=TEHRAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One line: of the whole, of an agent or of a model. `answer_time` is plain time, nights included."""

    name: str
    opened: int
    closed: int
    answered: int
    kept: int
    broken: int
    reopened: int
    rated: int
    rating: float | None
    answer_time: timedelta | None

    @property
    def kept_percent(self) -> int | None:
        """Of the first answers that were due; None while none was."""
        due = self.kept + self.broken
        return round(100 * self.kept / due) if due else None

    @property
    def reopened_percent(self) -> int | None:
        return round(100 * self.reopened / self.closed) if self.closed else None


def tickets_of(period: Period) -> QuerySet[Ticket]:
    """Opened in the period; what was merged into another ticket is counted there."""
    opened = Ticket.objects.filter(created_at__gte=period.begins_at, created_at__lt=period.ends_at)
    return opened.filter(merged_into__isnull=True)


def _measures(now: datetime) -> dict[str, Any]:
    never = Q(first_answered_at__isnull=True, closed_at__isnull=True, first_answer_due_at__lt=now)
    length = ExpressionWrapper(F("first_answered_at") - F("created_at"), output_field=DurationField())
    # Closed or reopened: whoever was reopened had been closed before.
    was_closed = Q(closed_at__isnull=False) | Q(reopened_count__gt=0)
    return {
        "opened": Count("pk"),
        "closed": Count("pk", filter=was_closed),
        "answered": Count("pk", filter=Q(first_answered_at__isnull=False)),
        "kept": Count("pk", filter=Q(first_answered_at__lte=F("first_answer_due_at"))),
        "broken": Count("pk", filter=Q(first_answered_at__gt=F("first_answer_due_at")) | never),
        "reopened": Count("pk", filter=Q(reopened_count__gt=0)),
        "rated": Count("rating"),
        "rating": Avg("rating"),
        "answer_time": Avg(length),
    }


def whole(period: Period, *, now: datetime) -> Figures:
    """All of the period. One query."""
    return Figures(name="", **tickets_of(period).aggregate(**_measures(now)))


def by_agent(period: Period, *, nobody: str, now: datetime) -> Sequence[Figures]:
    """By whose the tickets are now; most first. One query."""
    fields = ("assignee__first_name", "assignee__last_name", "assignee__username")
    rows = tickets_of(period).order_by().values("assignee", *fields).annotate(**_measures(now)).order_by("-opened")
    return [
        _figures(row, " ".join(filter(None, (row[fields[0]], row[fields[1]]))) or row[fields[2]] or nobody)
        for row in rows
    ]


def by_model(period: Period, *, now: datetime) -> Sequence[Figures]:
    """By the model of the device; most first. One query."""
    fields = ("device__model__brand__name", "device__model__name")
    rows = tickets_of(period).order_by().values("device__model", *fields).annotate(**_measures(now))
    return [_figures(row, f"{row[fields[0]]} {row[fields[1]]}") for row in rows.order_by("-opened")]


def _figures(row: dict[str, Any], name: str) -> Figures:
    names = Figures.__slots__
    return Figures(name=name, **{key: value for key, value in row.items() if key in names and key != "name"})


def by_month(period: Period) -> Sequence[tuple[str, int]]:
    """How many were opened in each Jalali month. One query, with a row for each day."""
    days = tickets_of(period).order_by().annotate(day=TruncDate("created_at", tzinfo=TEHRAN))
    months: dict[str, int] = {}
    names: dict[str, str] = {}
    for day, opened in days.values_list("day").annotate(opened=Count("pk")).order_by("day"):
        key = jalali_iso(day)[:7]
        months[key] = months.get(key, 0) + opened
        names.setdefault(key, format_date(day).partition(" ")[2])  # آذر ۱۴۰۵
    return [(names[key], opened) for key, opened in sorted(months.items())]
