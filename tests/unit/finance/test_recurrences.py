"""On which days something recurs, and what is due of it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from finance.domain.amounts import MOST_BALANCE
from finance.domain.transactions.recurrence_drafts import decide_recurrence_change
from finance.domain.transactions.recurrences import MOST_DUE, Every, Recurrence, decide_due
from finance.domain.transactions.transactions import TransactionOrigin, TransactionType
from kit.ids import new_id

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def entry(every: Every, day: date, **more: Any) -> Recurrence:
    """Return an entry whose next day this is."""
    fields = {
        "id": new_id(),
        "user_id": new_id(),
        "account_id": new_id(),
        "category_id": None,
        "type": TransactionType.EXPENSE,
        "amount_minor": -100,
        "currency": "RUB",
        "description": "Rent",
        "tags": ("home",),
        "every": every,
        "interval": 1,
        "anchor_day": day.day,
        "next_date": day,
        "end_date": None,
        "is_active": True,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Recurrence(**{**fields, **more})


def days(one: Recurrence, count: int) -> list[str]:
    """Return the next days of an entry."""
    found = [one.next_date]
    while len(found) < count:
        found.append(one.after(found[-1]))
    return [day.isoformat() for day in found]


@pytest.mark.parametrize(
    ("every", "interval", "first", "expected"),
    [
        (Every.DAY, 1, "2024-02-28", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        (Every.DAY, 10, "2025-12-25", ["2025-12-25", "2026-01-04", "2026-01-14"]),
        (Every.WEEK, 2, "2026-12-24", ["2026-12-24", "2027-01-07", "2027-01-21"]),
        (Every.MONTH, 1, "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (Every.MONTH, 1, "2024-01-30", ["2024-01-30", "2024-02-29", "2024-03-30"]),
        (Every.MONTH, 3, "2025-11-30", ["2025-11-30", "2026-02-28", "2026-05-30"]),
        (Every.MONTH, 12, "2025-12-31", ["2025-12-31", "2026-12-31"]),
        (
            Every.YEAR,
            1,
            "2024-02-29",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        ),
        (Every.YEAR, 4, "2024-02-29", ["2024-02-29", "2028-02-29"]),
        (Every.YEAR, 100, "2000-02-29", ["2000-02-29", "2100-02-28"]),
    ],
)
def test_days_follow_each_other_by_the_calendar(
    every: Every, interval: int, first: str, expected: list[str]
) -> None:
    one = entry(every, date.fromisoformat(first), interval=interval)
    assert days(one, len(expected)) == expected


def test_an_anchor_beyond_the_first_day_counts_from_the_second_on() -> None:
    one = entry(Every.MONTH, date(2026, 2, 28), anchor_day=31)
    assert days(one, 3) == ["2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    ("more", "is_due"),
    [
        ({}, True),
        ({"next_date": date(2026, 2, 1)}, False),
        ({"is_active": False}, False),
        ({"end_date": date(2026, 1, 30)}, False),
        ({"end_date": date(2026, 1, 31)}, True),
    ],
)
def test_it_is_due_from_its_day_on_until_its_last(more: dict[str, Any], is_due: bool) -> None:  # noqa: FBT001
    assert entry(Every.DAY, date(2026, 1, 31), **more).is_due(date(2026, 1, 31)) is is_due


def test_what_is_due_is_booked_day_by_day() -> None:
    one = entry(Every.DAY, date(2026, 1, 30))
    due = decide_due(one, 0, today=date(2026, 1, 31), now=NOW)
    assert [booked.day.day for booked in due.transactions] == [30, 31]
    assert (due.entry.next_date, due.entry.version) == (date(2026, 2, 1), one.version + 1)
    first = due.transactions[0]
    assert (first.due_date, first.recurring_id) == (date(2026, 1, 30), one.id)
    assert (first.origin, first.amount_minor) == (TransactionOrigin.RECURRING, -100)
    assert (first.tags, first.description, first.is_category_own) == (("home",), "Rent", False)


def test_what_is_not_due_yet_stays_as_it_is() -> None:
    one = entry(Every.MONTH, date(2026, 2, 1))
    due = decide_due(one, 0, today=date(2026, 1, 31), now=NOW)
    assert (due.entry, due.transactions) == (one, ())


def test_days_that_are_booked_are_passed_over() -> None:
    one = entry(Every.DAY, date(2026, 1, 29))
    booked = {date(2026, 1, 29), date(2026, 1, 30)}
    due = decide_due(one, 0, today=date(2026, 1, 31), now=NOW, booked=booked)
    assert [booked.day.day for booked in due.transactions] == [31]
    assert due.entry.next_date == date(2026, 2, 1)


def test_a_long_absence_is_made_up_for_in_steps() -> None:
    due = decide_due(entry(Every.DAY, date(2025, 3, 1)), 0, today=date(2026, 1, 31), now=NOW)
    assert len(due.transactions) == MOST_DUE
    assert due.entry.is_due(date(2026, 1, 31))


def test_an_account_that_can_hold_no_more_pauses_it() -> None:
    one = entry(Every.DAY, date(2026, 1, 30))
    due = decide_due(one, -MOST_BALANCE + 150, today=date(2026, 1, 31), now=NOW)
    assert len(due.transactions) == 1
    assert (due.entry.is_active, due.entry.next_date) == (False, date(2026, 1, 31))


def test_nothing_is_booked_after_the_last_day_of_all() -> None:
    one = entry(Every.YEAR, date(2999, 12, 31))
    due = decide_due(one, 0, today=date(3001, 1, 1), now=NOW)
    assert [booked.day.year for booked in due.transactions] == [2999]
    assert not due.entry.is_due(date(3001, 1, 1))


def test_one_that_goes_on_leaves_out_what_was_missed() -> None:
    paused = entry(Every.WEEK, date(2026, 1, 1), is_active=False)
    changed = decide_recurrence_change(
        paused, {"is_active": True}, today=date(2026, 1, 31), now=NOW
    )
    assert (changed.next_date, changed.version) == (date(2026, 2, 5), 2)
    assert decide_recurrence_change(changed, {}, today=date(2026, 3, 1), now=NOW) is changed
