"""What `rules.derive_standing` has to know of a device, as the database tells it for a whole list."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import CharField, DateField, F, IntegerField, Value

from kernel.subselect import SubSelect

_OF_PERIODS = "SELECT {what} FROM customer_serviceperiod p WHERE p.device_id = {{}}"
_RUNNING = _OF_PERIODS + " AND p.starts_on <= {{}} AND p.ends_on >= {{}} LIMIT 1"
# A former owner's choice does not bind the new one.
_OF_LAST_MODE = (
    "SELECT {what} FROM customer_servicechoice c WHERE c.device_id = {{}} AND c.buyer_id = {{}} "
    "AND c.choice IN ('pay_per_case', 'withdraw') ORDER BY c.made_at DESC, c.id DESC LIMIT 1"
)
_URGENCY = (
    "SELECT CASE WHEN MAX(CASE WHEN p.starts_on <= {} AND p.ends_on >= {} THEN 1 ELSE 0 END) = 1 THEN 1 "
    "WHEN MIN(p.starts_on) <= {} THEN CASE WHEN {} > MAX(p.ends_on) THEN 3 ELSE 0 END ELSE 2 END "
    "FROM customer_serviceperiod p WHERE p.device_id = {}"
)


def facts_on(today: date) -> dict[str, Any]:
    """Annotations of a device: the fields of `rules.PeriodFacts`, and the day asked for as `standing_on`."""
    day, device = Value(today, output_field=DateField()), F("pk")

    def running(what: str, field: Any) -> SubSelect:
        return SubSelect(_RUNNING.format(what=what), device, day, day, output_field=field)

    def of_periods(what: str) -> SubSelect:
        return SubSelect(_OF_PERIODS.format(what=what), device, output_field=DateField())

    def of_last_mode(what: str, field: Any) -> SubSelect:
        return SubSelect(_OF_LAST_MODE.format(what=what), device, F("owner"), output_field=field)

    return {
        "standing_on": day,
        "running_origin": running("p.origin", CharField()),
        "running_starts_on": running("p.starts_on", DateField()),
        "first_starts_on": of_periods("MIN(p.starts_on)"),
        "last_ends_on": of_periods("MAX(p.ends_on)"),
        "last_mode": of_last_mode("c.choice", CharField()),
        "last_mode_on": of_last_mode("c.made_on", DateField()),
    }


def urgency() -> SubSelect:
    """After `facts_on`: 0 over and undecided, 1 running, 2 waits for its sign-off, 3 over and decided.

    In one go: an expression over the facts would have the database look each of them up again.
    """
    day = F("standing_on")
    return SubSelect(_URGENCY, day, day, day, F("last_mode_on"), F("pk"), output_field=IntegerField())
