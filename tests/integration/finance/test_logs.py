"""What finance logs of what happens in a book: a line each, once it is stored."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.integration.finance.room import Room, opened

from finance.loops.recurrences import sweep_once
from testkit.clock import FakeClock
from testkit.databases import Cluster

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, clock=FakeClock(NOON)) as room:
        yield room


def lines(logs: list[Any], *events: str) -> list[dict[str, Any]]:
    """Return what was logged of some events, in order."""
    return [one for one in logs if one["event"] in events]


async def test_what_is_booked_changed_and_deleted_is_a_line_each_without_amounts(
    room: Room,
) -> None:
    cash = await room.account()
    with capture_logs() as logs:
        path = f"/transactions/{(await room.book(cash, '77.25'))['id']}"
        await room.patch(path, description="Bread")
        await room.delete(path)
    events = ("transactions_booked", "transactions_changed", "transactions_deleted")
    known = {"user_id": str(room.user), "origin": "manual", "count": 1, "log_level": "info"}
    assert lines(logs, *events) == [{"event": event, **known} for event in events]
    assert "77" not in str(lines(logs, *events)).replace(str(room.user), "")


async def test_both_sides_of_a_transfer_are_one_line(room: Room) -> None:
    ends = {"from_account_id": await room.account(), "to_account_id": await room.account("Card")}
    with capture_logs() as logs:
        await room.make("/transfers", **ends, amount="1.00")
    [line] = lines(logs, "transactions_booked")
    assert line["count"] == 2


async def test_what_is_refused_is_no_line(room: Room) -> None:
    cash = await room.account(opening_balance="9999999999999.00")
    body = {"account_id": cash, "type": "income", "amount": "9000000000.00"}
    with capture_logs() as logs:
        answer = await room.ask("POST", "/transactions", json=body)
    assert answer.status_code == 422
    assert lines(logs, "transactions_booked") == []


async def test_a_budget_that_is_reached_is_a_line(room: Room) -> None:
    cash, food = await room.account(), await room.category()
    budget = await room.make("/budgets", category_id=food, amount="100.00", month="2026-01")
    with capture_logs() as logs:
        await room.book(cash, "80.00", category_id=food, date="2026-01-05")
    [line] = lines(logs, "finance.budget_reached.v1")
    assert (line["user_id"], line["budget_id"]) == (str(room.user), budget["id"])
    assert line["threshold"] == 80


async def test_what_recurs_and_can_not_be_booked_is_a_warning(room: Room) -> None:
    cash = await room.account(opening_balance="-9999999999999.00")
    full = await room.plan(cash, "1.00", every="day", next_date="2026-01-30")
    with capture_logs() as logs:
        await sweep_once(room.database, "UTC")
    [warning] = lines(logs, "recurring_paused")
    assert (warning["log_level"], warning["recurring_id"]) == ("warning", full["id"])
