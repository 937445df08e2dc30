"""What changes more rows than one statement may: it changes all of them."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.room import Room, changed

from finance.repository.batches import ROWS
from kit.db import UnitOfWork

MANY = """
INSERT INTO transaction (id, user_id, account_id, type, amount_minor, currency, category_id, date,
    at, origin, version, created_at, updated_at)
SELECT gen_random_uuid(), $1, $2, 'expense', -1, 'RUB', $3,
    date '2020-01-01' + n / 700, (date '2020-01-01' + n / 700) + time '12:00', 'manual', 1, now(),
    now()
FROM generate_series(1, $4::int) AS n
"""
COUNT = ROWS + 50


async def test_all_rows_of_a_large_book_are_dated_handed_over_and_forgotten(room: Room) -> None:
    cash, card = await room.account(), await room.account("Card")
    food, rent = await room.category("Food"), await room.category("Rent")
    async with room.database.unit_of_work() as uow:
        await uow.execute(MANY, room.user, UUID(cash), UUID(food), COUNT)
        await uow.execute("UPDATE account SET balance_minor = -$1::int WHERE name = 'Cash'", COUNT)
    await room.ask("PATCH", "/settings", json={"time_zone": "Pacific/Kiritimati"})
    assert (await room.delete(f"/accounts/{cash}", move_to=card)).status_code == 204
    assert (await room.delete(f"/categories/{food}", move_to=rent)).status_code == 204
    [found] = await room.rows(
        "SELECT count(*) AS rows, min(version) AS version FROM transaction WHERE account_id = $1"
        " AND category_id = $2 AND date = (at AT TIME ZONE 'Pacific/Kiritimati')::date",
        UUID(card),
        UUID(rent),
    )
    assert (found["rows"], found["version"]) == (COUNT, 4)  # dated, and handed over twice
    assert await room.balance(card) == "-200.50"
    await room.told(changed(room.user, None, "deleted"))
    assert await room.rows("SELECT id FROM transaction LIMIT 1") == []


async def test_parts_are_handed_over_in_batches_and_what_they_are_of_is_edited(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    cash = await room.account()
    food, rent = await room.category("Food"), await room.category("Rent")
    async with room.database.unit_of_work() as uow:
        await uow.execute(MANY, room.user, UUID(cash), None, COUNT)
        await uow.execute("UPDATE transaction SET is_split = true")
        await uow.execute(
            "INSERT INTO split (transaction_id, position, category_id, amount_minor, user_id, date,"
            " currency) SELECT id, 1, $1, -1, user_id, date, currency FROM transaction",
            UUID(food),
        )
    touched: list[int] = []
    execute = UnitOfWork.execute

    async def counted(uow: UnitOfWork, *args: Any) -> int:
        touched.append(await execute(uow, *args))
        return touched[-1]

    monkeypatch.setattr(UnitOfWork, "execute", counted)
    assert (await room.delete(f"/categories/{food}", move_to=rent)).status_code == 204
    assert max(touched) == ROWS
    [found] = await room.rows(
        "SELECT count(*) AS rows, min(version) AS version FROM transaction"
        " JOIN split ON transaction_id = id WHERE split.category_id = $1",
        UUID(rent),
    )
    assert (found["rows"], found["version"]) == (COUNT, 2)
