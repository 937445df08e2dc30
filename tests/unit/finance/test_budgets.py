"""What is left of a budget, month after month."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.domain.dates.calendar import months_later
from finance.domain.reports.budgets import (
    Budget,
    BudgetAlert,
    Grant,
    Standing,
    alerts_of,
    grant_of,
    standing,
    worst_of,
)

NOBODY = UUID(int=9)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = date(2026, 1, 1)


def budget(month: int, minor: int, *, is_carried: bool = False) -> Budget:
    """Return a budget of the month so many after January 2026."""
    return Budget(
        id=UUID(int=month),
        user_id=NOBODY,
        category_id=NOBODY,
        currency="RUB",
        month=months_later(FIRST, month),
        amount_minor=minor,
        is_carried=is_carried,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def granted(line: list[Budget], month: int) -> tuple[int, int, int] | None:
    """Return amount, months carried from, and what these were granted."""
    found = grant_of(line, months_later(FIRST, month))
    if found is None:
        return None
    since = (found.month.year - found.since.year) * 12 + found.month.month - found.since.month
    return found.budget.amount_minor, since, found.earlier_minor


@pytest.mark.parametrize(
    ("line", "month", "expected"),
    [
        ([], 0, None),
        ([budget(1, 100)], 0, None),
        ([budget(1, 100)], 1, (100, 0, 0)),
        ([budget(1, 100)], 8, (100, 0, 0)),
        ([budget(1, 100), budget(3, 200)], 2, (100, 0, 0)),
        ([budget(1, 100), budget(3, 200)], 3, (200, 0, 0)),
        ([budget(1, 100), budget(3, 0)], 3, None),
        ([budget(1, 100), budget(3, 0), budget(5, 70)], 5, (70, 0, 0)),
        ([budget(1, 100, is_carried=True)], 1, (100, 0, 0)),
        ([budget(1, 100, is_carried=True)], 4, (100, 3, 300)),
        ([budget(1, 100), budget(3, 200, is_carried=True)], 3, (200, 1, 100)),
        ([budget(1, 100), budget(3, 200, is_carried=True)], 5, (200, 3, 500)),
        ([budget(1, 100, is_carried=True), budget(3, 200)], 5, (200, 0, 0)),
        ([budget(1, 100, is_carried=True), budget(3, 200, is_carried=True)], 4, (200, 3, 400)),
        ([budget(1, 100, is_carried=True), budget(3, 0), budget(4, 9, is_carried=True)], 5,
         (9, 1, 9)),
    ],
)  # fmt: skip
def test_a_month_is_granted_what_the_months_before_hand_on(
    line: list[Budget], month: int, expected: tuple[int, int, int] | None
) -> None:
    assert granted(line, month) == expected


LINES = st.dictionaries(
    st.integers(0, 12), st.tuples(st.sampled_from([0, 40, 100]), st.booleans()), max_size=5
).map(
    lambda by_month: [
        budget(month, minor, is_carried=carried)
        for month, (minor, carried) in sorted(by_month.items())
    ]
)


@given(LINES, st.lists(st.integers(0, 200), min_size=16, max_size=16))
def test_carrying_over_equals_going_month_by_month(line: list[Budget], used: list[int]) -> None:
    left: int | None = None  # of the month before, None where nothing held in it
    for month in range(16):
        day = months_later(FIRST, month)
        begun = [one for one in line if one.month <= day]
        found = grant_of(line, day)
        if not begun or not begun[-1].amount_minor:
            assert found is None
            left = None
            continue
        assert found is not None
        carried = left or 0 if begun[-1].is_carried else 0
        before = (found.since.year - 2026) * 12 + found.since.month - 1
        stands = standing(found, sum(used[before:month]), used[month])
        assert stands.carried_minor == carried
        left = stands.left_minor


@pytest.mark.parametrize(
    ("amount", "carried", "used", "reached", "share"),
    [
        (100, 0, 0, (), "0.00"),
        (100, 0, 79, (), "79.00"),
        (100, 0, 80, (80,), "80.00"),
        (100, 0, 99, (80,), "99.00"),
        (100, 0, 100, (80, 100), "100.00"),
        (100, 0, 250, (80, 100), "250.00"),
        (100, 100, 150, (), "75.00"),
        (100, -50, 40, (80,), "80.00"),
        (100, -100, 0, (), None),
        (100, -100, 1, (80, 100), None),
        (100, -200, 1, (80, 100), None),
    ],
)
def test_a_threshold_is_reached_by_what_was_spent(
    amount: int, carried: int, used: int, reached: tuple[int, ...], share: str | None
) -> None:
    of = Standing(budget(0, amount), FIRST, carried, used)
    assert (of.reached, of.share) == (reached, share)
    assert of.left_minor == amount + carried - used


def test_of_two_thresholds_reached_at_once_the_higher_is_told() -> None:
    one = standing(Grant(budget(0, 100), FIRST, FIRST, 0), 0, 120)
    other = standing(Grant(budget(1, 100), FIRST, FIRST, 0), 0, 85)
    told = worst_of([*alerts_of(one), *alerts_of(other)])
    assert {(alert.budget.id.int, alert.threshold) for alert in told} == {(0, 100), (1, 80)}
    assert BudgetAlert(budget(0, 100), FIRST, 100, 120, 100) in told
