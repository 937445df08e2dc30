"""Movements of wallets as a book takes them: of any amount, and of nobody who is gone."""

import asyncio

from tests.integration.finance.movements import Purse
from tests.integration.finance.room import Room, code

from finance.domain.people import Person
from finance.repository import Books
from finance.service.feed.movements import book_movements
from finance.service.people import remember_people
from testkit.conditions import until, waits

LARGEST = 10**18


async def test_a_movement_may_be_as_large_as_a_balance_and_is_sorted_like_any(room: Room) -> None:
    purse, debts = Purse(room, room.user), await room.category("Debts", type="income")
    booked = await purse.moves(LARGEST, kind="debt_repayment")
    assert booked["amount"] == "10000000000000000.00"
    path, labels = f"/transactions/{booked['id']}", {"category_id": debts, "note": "at last"}
    answer = await room.patch(path, **labels)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {**booked, **labels, "updated_at": answer.json()["updated_at"]}
    larger = {"category_id": debts, "amount": "10000000000000000.01"}
    refused = await room.patch(path, splits=[larger])
    assert (refused.status_code, code(refused)) == (422, "amount_invalid")
    parts = [("9999999999999999.99", "all of it"), ("0.01", "a coin")]
    split = [
        {"category_id": debts, "amount": amount, "description": name} for amount, name in parts
    ]
    answer = await room.patch(path, splits=split)
    assert (answer.status_code, answer.json()["splits"]) == (200, split)
    assert (await room.patch(path, tags=["x"])).status_code == 200  # it is decided anew as a whole
    await purse.moves(-LARGEST)
    assert await room.balance(booked["account_id"]) == "0.00"
    summary = await room.get("/reports/summary", **{"from": "2026-01-01", "to": "2026-02-28"})
    [rubles] = summary["currencies"]
    assert [rubles[side]["amount"] for side in ("income", "expense")] == [booked["amount"]] * 2


async def test_who_is_deleted_at_their_first_movement_gets_no_book(room: Room) -> None:
    movement = Purse(room, room.user).movement(500)

    async def book() -> int:
        async with room.database.unit_of_work() as uow:
            return await book_movements(uow, [movement], "UTC")

    async def book_too_late() -> None:
        assert await book() == 0

    async with asyncio.TaskGroup() as others, room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        others.create_task(book_too_late())
        await until(waits(room.database))
        await remember_people(uow, [Person(room.user, None, "deleted", 2)])
    assert await book() == 0
    for table in ("account", "book", "transaction"):
        assert await room.rows(f"SELECT FROM {table}") == []
