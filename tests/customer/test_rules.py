"""The service matrix: what periods and choices say on a day, and which choices are open then."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer import rules
from customer.rules import PeriodFacts, ServiceMode, ServiceStatus, derive_standing
from kernel.refused import Refused

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def facts(**values) -> PeriodFacts:
    return PeriodFacts(today=TODAY, **values)


NEW = facts()
FUTURE = facts(first_starts_on=TODAY + DAY, last_ends_on=TODAY + 365 * DAY)
ACTIVE = facts(
    running_origin="included",
    running_starts_on=TODAY - 100 * DAY,
    first_starts_on=TODAY - 100 * DAY,
    last_ends_on=TODAY + 264 * DAY,
)
LEGACY = facts(
    running_origin="legacy",
    running_starts_on=TODAY - 364 * DAY,
    first_starts_on=TODAY - 364 * DAY,
    last_ends_on=TODAY,
)
RENEWED = facts(
    running_origin="renewal",
    running_starts_on=TODAY,
    first_starts_on=TODAY - 400 * DAY,
    last_ends_on=TODAY + 364 * DAY,
)
ENDED = {"first_starts_on": TODAY - 376 * DAY, "last_ends_on": TODAY - 12 * DAY}
EXPIRED = facts(**ENDED)
PER_CASE = facts(**ENDED, last_mode="pay_per_case", last_mode_on=TODAY - 3 * DAY)
WITHDRAWN = facts(**ENDED, last_mode="withdraw", last_mode_on=TODAY)
OLD_CHOICE = facts(**ENDED, last_mode="pay_per_case", last_mode_on=TODAY - 500 * DAY)
CHOSEN_ON_LAST_DAY = facts(**ENDED, last_mode="withdraw", last_mode_on=TODAY - 12 * DAY)
COVERED_AGAIN = facts(
    running_origin="renewal",
    running_starts_on=TODAY - DAY,
    first_starts_on=TODAY - 400 * DAY,
    last_ends_on=TODAY + 5 * DAY,
    last_mode="withdraw",
    last_mode_on=TODAY - 20 * DAY,
)

MATRIX = [
    # what happened         status                            mode                      left  open choices
    (NEW, ServiceStatus.AWAITING_SIGN_OFF, ServiceMode.UNDECIDED, None, set()),
    (FUTURE, ServiceStatus.AWAITING_SIGN_OFF, ServiceMode.UNDECIDED, None, set()),
    (ACTIVE, ServiceStatus.ACTIVE, ServiceMode.CONTRACT, 264, {"renew"}),
    (LEGACY, ServiceStatus.ACTIVE, ServiceMode.CONTRACT, 0, {"renew"}),
    (RENEWED, ServiceStatus.RENEWED, ServiceMode.CONTRACT, 364, {"renew"}),
    (COVERED_AGAIN, ServiceStatus.RENEWED, ServiceMode.CONTRACT, 5, {"renew"}),
    (EXPIRED, ServiceStatus.EXPIRED, ServiceMode.UNDECIDED, 0, {"renew", "pay_per_case", "withdraw"}),
    (PER_CASE, ServiceStatus.EXPIRED, ServiceMode.PAY_PER_CASE, 0, {"renew", "withdraw"}),
    (WITHDRAWN, ServiceStatus.EXPIRED, ServiceMode.WITHDRAWN, 0, {"renew", "pay_per_case"}),
    (OLD_CHOICE, ServiceStatus.EXPIRED, ServiceMode.UNDECIDED, 0, {"renew", "pay_per_case", "withdraw"}),
    (CHOSEN_ON_LAST_DAY, ServiceStatus.EXPIRED, ServiceMode.UNDECIDED, 0, {"renew", "pay_per_case", "withdraw"}),
]


@pytest.mark.parametrize(("given_facts", "status", "mode", "left", "choices"), MATRIX)
def test_standing_and_open_choices(given_facts, status, mode, left, choices):
    standing = derive_standing(given_facts)

    assert (standing.status, standing.mode, standing.days_left) == (status, mode, left)
    assert open_choices(standing) == choices


def open_choices(standing) -> set[str]:
    found = {"renew"} if rules.can_renew(standing) else set()
    return found | {choice for choice in ("pay_per_case", "withdraw") if rules.can_choose(standing, choice)}


@pytest.mark.parametrize(
    ("given_facts", "choice", "code"),
    [
        (NEW, "pay_per_case", "service.awaiting_sign_off"),
        (ACTIVE, "withdraw", "service.still_running"),
        (RENEWED, "pay_per_case", "service.still_running"),
        (PER_CASE, "pay_per_case", "service.already_chosen"),
        (WITHDRAWN, "withdraw", "service.already_chosen"),
    ],
)
def test_closed_choice_is_refused_with_its_reason(given_facts, choice, code):
    with pytest.raises(Refused) as refused:
        rules.require_choosable(derive_standing(given_facts), choice)
    assert refused.value.code == code


def test_meter_spans_from_the_running_start_to_the_last_end():
    assert derive_standing(ACTIVE).total_days == 365
    assert derive_standing(EXPIRED).total_days == 0
    assert derive_standing(EXPIRED).days_since_end == 12


@given(
    ended=st.integers(-800, 800),
    length=st.integers(1, 1100),
    origin=st.sampled_from(["included", "legacy", "renewal"]),
    mode=st.sampled_from([None, "pay_per_case", "withdraw"]),
    chosen=st.integers(-900, 0),
)
def test_a_covered_device_is_under_contract_and_no_other(ended, length, origin, mode, chosen):
    ends_on, starts_on = TODAY + ended * DAY, TODAY + (ended - length) * DAY
    runs = starts_on <= TODAY <= ends_on
    standing = derive_standing(
        facts(
            running_origin=origin if runs else None,
            running_starts_on=starts_on if runs else None,
            first_starts_on=starts_on,
            last_ends_on=ends_on,
            last_mode=mode,
            last_mode_on=TODAY + chosen * DAY if mode else None,
        )
    )

    assert standing.is_covered == runs == (standing.mode == ServiceMode.CONTRACT)
    assert (standing.days_left or 0) >= 0
    assert not (standing.is_covered and standing.is_expired)
