"""Many write in one book at once: balances are exact, and nothing waits for ever."""

import asyncio
from random import Random

from tests.integration.finance.room import Room

from finance.repository import Books
from kit.ids import new_id


async def test_a_balance_is_exact_under_forty_parallel_inserts_and_deletes(room: Room) -> None:
    cash = await room.account(opening_balance="1000.00")
    old = [(await room.book(cash, "1.00"))["id"] for _ in range(40)]
    answers = await asyncio.gather(
        *(room.book(cash, "3.00") for _ in range(40)),
        *(room.delete(f"/transactions/{one}") for one in old),
    )
    assert len(answers) == 80
    assert await room.balance(cash) == "880.00"
    assert len(await room.ids("/transactions", limit=100)) == 40


async def test_one_deletion_of_many_at_once_takes_the_amount_back(room: Room) -> None:
    cash = await room.account()
    path = f"/transactions/{(await room.book(cash, '10.00'))['id']}"
    answers = await asyncio.gather(*(room.delete(path) for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [204, *[404] * 7]
    assert await room.balance(cash) == "0.00"


async def test_transfers_both_ways_and_edits_of_both_accounts_never_deadlock(room: Room) -> None:
    random = Random(7)
    ends = [await room.account(), await room.account("Card")]
    work = []
    for _ in range(15):
        random.shuffle(ends)
        ways = {"from_account_id": ends[0], "to_account_id": ends[1]}
        work += [
            room.make("/transfers", **ways, amount="1.00"),
            room.patch(f"/accounts/{ends[0]}", opening_balance="5.00"),
            room.book(ends[1], "2.00"),
        ]
    await asyncio.gather(*work)
    sums = "sum(balance_minor)::int AS held, sum(opening_minor)::int AS opened"
    [found] = await room.rows(f"SELECT {sums} FROM account")
    assert found["held"] == found["opened"] - 3000


async def test_whoever_waits_for_their_own_book_leaves_connections_to_others(room: Room) -> None:
    cash, other = await room.account(), new_id()
    async with asyncio.TaskGroup() as group, room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())  # as another zone does, for long
        waiting = [group.create_task(room.book(cash)) for _ in range(30)]
        async with asyncio.timeout(2):
            for _ in range(5):
                assert (await room.ask("GET", "/accounts", by=other)).status_code == 200
        assert not any(one.done() for one in waiting)
    assert await room.balance(cash) == "-300.00"


async def test_an_account_is_not_deleted_under_a_booking(room: Room) -> None:
    for _ in range(10):
        cash = await room.account()
        body = {"account_id": cash, "type": "income", "amount": "1.00"}
        booked, deleted = await asyncio.gather(
            room.ask("POST", "/transactions", json=body), room.delete(f"/accounts/{cash}")
        )
        assert (booked.status_code, deleted.status_code) in {(201, 409), (422, 204)}


async def test_two_who_make_the_same_category_make_one(room: Room) -> None:
    body = {"name": "Food", "type": "expense"}
    answers = await asyncio.gather(*(room.ask("POST", "/categories", json=body) for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 5]
