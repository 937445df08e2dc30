"""Many transactions booked by one verb: rows, parts and balances, or nothing."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.room import Room

from finance.domain.amounts import MOST_BALANCE
from finance.domain.transactions.transactions import (
    Split,
    Transaction,
    TransactionOrigin,
    TransactionType,
)
from finance.refusals import BalanceOutOfRange
from finance.repository import Books
from finance.service.transactions.bookings import book, unbook
from kit.ids import new_id


def one(room: Room, account_id: str, minor: int, **more: Any) -> Transaction:
    """Return an imported transaction that is not yet booked."""
    now = room.clock.now()
    return Transaction(
        id=new_id(),
        user_id=room.user,
        account_id=UUID(account_id),
        type=TransactionType.INCOME if minor > 0 else TransactionType.EXPENSE,
        amount_minor=minor,
        currency="RUB",
        day=now.date(),
        origin=TransactionOrigin.IMPORT,
        created_at=now,
        updated_at=now,
        **more,
    )


@pytest.mark.parametrize("count", [3, 300])
async def test_any_number_is_booked_at_once(room: Room, count: int) -> None:
    cash, card = await room.account(), await room.account("Card")
    food = UUID(await room.category("Food"))
    many = [
        one(
            room,
            card if number % 3 == 0 else cash,
            -100,
            tags=(f"tag {number}", "a, {b}"),
            splits=(Split(food, -60, "bread"), Split(food, -40)),
        )
        for number in range(count)
    ]
    async with room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        await book(uow, many)
    assert await room.balance(card) == f"-{count // 3}.00"
    assert await room.balance(cash) == f"-{count - count // 3}.00"
    shown = await room.get(f"/transactions/{many[-1].id}")
    assert (shown["tags"], shown["origin"]) == ([f"tag {count - 1}", "a, {b}"], "import")
    assert [part["amount"] for part in shown["splits"]] == ["0.60", "0.40"]
    async with room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        await unbook(uow, many)
    assert [await room.balance(account) for account in (cash, card)] == ["0.00", "0.00"]
    assert await room.rows("SELECT * FROM split") == []


@pytest.mark.parametrize("count", [2, 3, 9_300])
async def test_more_than_an_account_can_hold_is_not_booked_at_all(room: Room, count: int) -> None:
    cash = await room.account()
    many = [one(room, cash, MOST_BALANCE) for _ in range(count)]
    with pytest.raises(BalanceOutOfRange):
        async with room.database.unit_of_work() as uow:
            await Books(uow).lock(room.owner, uow.clock.now())
            await book(uow, many)
    assert await room.rows("SELECT * FROM transaction") == []


async def test_what_adds_up_to_nothing_moves_no_balance(room: Room) -> None:
    cash = await room.account()
    async with room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        await book(uow, [one(room, cash, 100), one(room, cash, -100)])
        await book(uow, [])
    assert await room.balance(cash) == "0.00"
