"""What books itself: on its days, each once, and no more than its account can hold."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from tests.integration.finance.room import Json, Room, code, opened

from finance.loops.recurrences import OWNERS, sweep_once
from kit.ids import LAST_ID, new_id
from testkit.clock import FakeClock
from testkit.databases import Cluster

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = 86_400


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, clock=FakeClock(NOON)) as room:
        yield room


async def sweep(room: Room) -> int:
    """Look for what is due until nothing is; return how much that was."""
    found = 0
    while booked := await sweep_once(room.database, "UTC"):
        found += booked
    return found


async def days(room: Room) -> list[str]:
    """Return the days that are booked, in order."""
    shown = (await room.get("/transactions", limit=100))["items"]
    return sorted(one["date"] for one in shown)


async def test_what_recurs_is_shown_as_it_was_written(room: Room) -> None:
    cash, rent = await room.account(), await room.category("Rent")
    answer = await room.ask(
        "POST",
        "/recurring",
        json={
            "account_id": cash,
            "amount": "450",
            "category_id": rent,
            "description": "Flat",
            "tags": ["home"],
            "next_date": "2026-02-28",
            "anchor_day": 31,
        },
    )
    made = answer.json()
    assert answer.headers["location"] == f"/v1/finance/recurring/{made['id']}"
    assert made == {
        "id": made["id"],
        "account_id": cash,
        "type": "expense",
        "amount": "450.00",
        "currency": "RUB",
        "category_id": rent,
        "description": "Flat",
        "tags": ["home"],
        "every": "month",
        "interval": 1,
        "anchor_day": 31,
        "next_date": "2026-02-28",
        "end_date": None,
        "is_active": True,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    shown = await room.ask("GET", f"/recurring/{made['id']}")
    assert (shown.json(), shown.headers["etag"]) == (made, '"1"')
    assert (await room.get("/recurring"))["items"] == [made]


async def test_it_books_itself_on_its_day_and_only_then(room: Room) -> None:
    cash, rent = await room.account(), await room.category("Rent")
    made = await room.plan(cash, "450.00", category_id=rent, next_date="2026-02-01", tags=["home"])
    assert await sweep(room) == 0
    room.clock.advance(DAY)
    assert await sweep(room) == 1
    assert await sweep(room) == 0
    [booked] = (await room.get("/transactions"))["items"]
    assert (booked["date"], booked["origin"], booked["tags"]) == (
        "2026-02-01",
        "recurring",
        ["home"],
    )
    assert (booked["amount"], booked["category_id"]) == ("450.00", rent)
    assert await room.balance(cash) == "-450.00"
    assert (await room.get(f"/recurring/{made['id']}"))["next_date"] == "2026-03-01"


async def test_missed_days_follow_each_once_though_many_look_at_once(room: Room) -> None:
    cash = await room.account()
    await room.plan(cash, "1.00", every="day", next_date="2026-01-01")
    await asyncio.gather(*(sweep(room) for _ in range(6)))
    assert await days(room) == [f"2026-01-{day:02}" for day in range(1, 32)]
    assert await room.balance(cash) == "-31.00"


async def test_a_day_that_was_moved_or_deleted_is_not_booked_again(room: Room) -> None:
    cash = await room.account()
    await room.plan(cash, every="day", next_date="2026-01-30")
    await sweep(room)
    first, second = await room.ids("/transactions")
    await room.patch(f"/transactions/{first}", date="2026-01-30")
    await room.delete(f"/transactions/{second}")
    assert await sweep(room) == 0
    assert await days(room) == ["2026-01-30"]


async def test_a_next_day_that_was_put_back_books_no_day_twice(room: Room) -> None:
    cash = await room.account()
    made = await room.plan(cash, every="day", next_date="2026-01-30")
    assert await sweep(room) == 2
    back = await room.patch(f"/recurring/{made['id']}", next_date="2026-01-29")
    assert back.status_code == 200
    assert await sweep(room) == 1
    assert await days(room) == ["2026-01-29", "2026-01-30", "2026-01-31"]
    assert (await room.get(f"/recurring/{made['id']}"))["next_date"] == "2026-02-01"


async def crowd(room: Room) -> None:
    """Let more owners than are looked for at once have something due, each on an account."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
WITH owner AS (INSERT INTO book SELECT gen_random_uuid(), 'UTC', 1, $1
        FROM generate_series(1, $2) RETURNING user_id),
    had AS (INSERT INTO account SELECT user_id, user_id, 'Cash', 'cash', 'RUB', 0, 0, NULL, 0, 1,
        $1, $1 FROM owner RETURNING user_id)
INSERT INTO recurring SELECT user_id, user_id, user_id, NULL, 'expense', -100, NULL, '{}', 'month',
    1, 1, '2026-01-01', NULL, true, 1, $1, $1 FROM had
            """,
            NOON,
            OWNERS + 3,
        )


async def test_a_crowd_whose_days_can_not_be_booked_hinders_nobody(room: Room) -> None:
    await crowd(room)
    last = replace(room, user=LAST_ID)
    await last.plan(cash := await last.account(), next_date="2026-01-31")
    async with room.database.unit_of_work() as uow:
        stolen = "UPDATE account SET user_id = $2 WHERE id <> $1"
        await uow.execute(stolen, UUID(cash), last.user)
    assert await sweep(room) == 1


async def test_one_owner_whose_day_can_not_be_booked_hinders_nobody(room: Room) -> None:
    await room.plan(cash := await room.account(), next_date="2026-01-31")
    last = replace(room, user=LAST_ID)
    await last.plan(await last.account(), next_date="2026-01-31")
    async with room.database.unit_of_work() as uow:
        stolen = "UPDATE account SET user_id = $2 WHERE id = $1"
        await uow.execute(stolen, UUID(cash), last.user)
    with capture_logs() as logs:
        assert await sweep(room) == 1
    alarms = [one for one in logs if one["event"] == "recurring_failed"]
    assert {(one["log_level"], one["user_id"]) for one in alarms} == {("error", str(room.user))}


async def test_the_day_is_that_of_the_books_zone(room: Room) -> None:
    cash = await room.account()
    await room.plan(cash, next_date="2026-02-01")
    await room.ask("PATCH", "/settings", json={"time_zone": "Pacific/Pago_Pago"})  # UTC-11
    room.clock.advance(DAY - 2 * 3600)  # 10:00 in UTC, still the day before there
    assert await sweep(room) == 0
    await room.ask("PATCH", "/settings", json={"time_zone": "Pacific/Kiritimati"})
    assert await sweep(room) == 1


async def test_it_ends_after_its_last_day(room: Room) -> None:
    cash = await room.account()
    made = await room.plan(cash, every="week", next_date="2026-01-01", end_date="2026-01-15")
    assert await sweep(room) == 3
    assert await days(room) == ["2026-01-01", "2026-01-08", "2026-01-15"]
    longer = await room.patch(f"/recurring/{made['id']}", end_date="2026-01-22")
    assert longer.status_code == 200
    assert await sweep(room) == 1


async def test_a_paused_one_books_nothing_and_goes_on_from_today(room: Room) -> None:
    cash = await room.account()
    path = f"/recurring/{(await room.plan(cash, every='day', next_date='2026-01-31'))['id']}"
    assert (await room.patch(path, is_active=False)).json()["is_active"] is False
    room.clock.advance(5 * DAY)
    assert await sweep(room) == 0
    assert (await room.patch(path, is_active=True)).json()["next_date"] == "2026-02-05"
    assert await sweep(room) == 1


async def test_one_whose_account_can_hold_no_more_is_paused_and_hinders_nobody(
    room: Room,
) -> None:
    cash, card = await room.account(opening_balance="-9999999999999.00"), await room.account("Card")
    full = await room.plan(cash, "1.00", every="day", next_date="2026-01-30")
    await room.plan(card, "1.00", next_date="2026-01-30")
    assert await sweep(room) == 2
    shown = await room.get(f"/recurring/{full['id']}")
    assert (shown["is_active"], shown["next_date"]) == (False, "2026-01-31")
    assert await room.balance(cash) == "-10000000000000.00"
    assert await room.balance(card) == "-1.00"


async def test_more_owners_than_are_looked_for_at_once_are_all_served(room: Room) -> None:
    await crowd(room)
    assert await sweep(room) == OWNERS + 3


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": None}, "type_not_said"),
        ({"next_date": None}, "malformed"),
        ({"next_date": "2026-02-01T12:00:00Z"}, "malformed"),
        ({"next_date": "2025-01-29"}, "recurring_too_early"),
        ({"next_date": "3000-01-01"}, "date_out_of_range"),
        ({"end_date": "2026-01-31"}, "recurring_ends_early"),
        ({"every": "hour"}, "not_allowed"),
        ({"interval": 0}, "too_small"),
        ({"interval": 101}, "too_large"),
        ({"anchor_day": 32}, "too_large"),
        ({"account_id": str(new_id())}, "account_unknown"),
        ({"category_id": str(new_id())}, "category_unknown"),
        ({"amount": "0.00"}, "amount_invalid"),
    ],
)
async def test_what_can_not_recur_is_refused(room: Room, more: Json, reason: str) -> None:
    cash = await room.account()
    good: dict[str, Any] = {"account_id": cash, "amount": "1.00", "type": "expense"}
    body = {**good, "next_date": "2026-02-01", **more}
    answer = await room.ask("POST", "/recurring", json=body)
    assert (answer.status_code, code(answer)) == (422, reason)
    assert await room.ids("/recurring") == []


async def test_nothing_recurs_on_a_wallets_account(room: Room) -> None:
    wallet = await room.account("Wallet")
    await room.link(wallet)
    body = {"account_id": wallet, "amount": "1.00", "type": "expense", "next_date": "2026-02-01"}
    answer = await room.ask("POST", "/recurring", json=body)
    assert (answer.status_code, code(answer)) == (409, "account_linked")


async def test_a_change_names_what_changes_and_minds_what_was_read(room: Room) -> None:
    cash, pay = await room.account(), await room.category("Pay", type="income")
    path = f"/recurring/{(await room.plan(cash, next_date='2026-02-10'))['id']}"
    moved = await room.patch(path, '"1"', next_date="2026-02-12", amount="5.00", tags=["x"])
    shown = moved.json()
    assert (shown["anchor_day"], shown["amount"], shown["tags"]) == (12, "5.00", ["x"])
    for changes, status, reason in (
        ({"amount": "6.00"}, 412, "edit_stale"),
        ({"category_id": pay}, 422, "category_type_differs"),
        ({"next_date": "2024-01-01"}, 422, "recurring_too_early"),
        ({"end_date": "2026-02-01"}, 422, "recurring_ends_early"),
    ):
        tag = '"1"' if status == 412 else moved.headers["etag"]
        answer = await room.patch(path, tag, **changes)
        assert (answer.status_code, code(answer)) == (status, reason)
    same = await room.patch(path, amount="5.00")
    assert same.headers["etag"] == moved.headers["etag"]


async def test_a_deleted_one_leaves_what_it_has_booked(room: Room) -> None:
    cash = await room.account()
    path = f"/recurring/{(await room.plan(cash, next_date='2026-01-31'))['id']}"
    await sweep(room)
    assert (await room.delete(path)).status_code == 204
    assert await days(room) == ["2026-01-31"]
    gone = await room.delete(path)
    assert (gone.status_code, code(gone)) == (404, "recurring_not_found")


async def test_two_hundred_are_the_most(room: Room) -> None:
    cash = await room.account()
    await room.plan(cash)
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO recurring SELECT (r).* FROM (SELECT jsonb_populate_record(recurring,"
            " jsonb_build_object('id', gen_random_uuid())) AS r"
            " FROM recurring, generate_series(2, 200)) AS more"
        )
    body = {"account_id": cash, "amount": "1.00", "type": "expense", "next_date": "2026-02-01"}
    answer = await room.ask("POST", "/recurring", json=body)
    assert (answer.status_code, code(answer)) == (409, "too_many_recurring")


async def test_nobody_sees_or_changes_what_recurs_for_another(room: Room) -> None:
    cash, stranger = await room.account(), new_id()
    path = f"/recurring/{(await room.plan(cash))['id']}"
    for method, body in (("GET", None), ("PATCH", {"amount": "1.00"}), ("DELETE", None)):
        answer = await room.ask(method, path, by=stranger, json=body)
        assert (answer.status_code, code(answer)) == (404, "recurring_not_found")
