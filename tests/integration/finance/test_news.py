"""What other services tell, a batch at once: users, wallets, purchases."""

import asyncio
from uuid import UUID

from tests.integration.finance.movements import Purse, order_paid
from tests.integration.finance.room import Room, changed

from contracts.wallet import HOUSE, SHOP, WalletOpened
from finance.domain.people import Person
from finance.repository import Books
from finance.service.people import remember_people
from kit.ids import new_id
from testkit.conditions import until, waits


def opened(owner: UUID, name: str = "Main", wallet_id: UUID | None = None) -> WalletOpened:
    return WalletOpened(
        account_id=wallet_id or new_id(),
        number=1001,
        owner_id=owner,
        currency="RUB",
        name=name,
        is_default=True,
    )


async def test_a_new_wallet_is_an_account_before_it_moves_anything(room: Room) -> None:
    told = opened(room.user)
    await room.told(told, told)
    [account] = (await room.get("/accounts"))["items"]
    assert (account["wallet_id"], account["name"]) == (str(told.account_id), "Main")
    assert (account["kind"], account["is_linked"]) == ("wallet", True)
    assert account["balance"] == {"amount": "0.00", "currency": "RUB"}


async def test_a_wallet_that_is_told_late_stays_as_it_was_booked(room: Room) -> None:
    purse = Purse(room, room.user)
    await purse.moves(500)
    await room.told(opened(room.user, "Other", purse.wallet_id))
    [account] = (await room.get("/accounts"))["items"]
    assert (account["name"], account["balance"]["amount"]) == ("Main", "5.00")


async def test_merchants_and_the_deleted_get_no_account(room: Room) -> None:
    gone = new_id()
    await room.told(changed(gone, None, "deleted"))
    await room.told(
        opened(SHOP), opened(HOUSE), opened(gone), order_paid(gone, new_id(), ("Tea", (), 100))
    )
    for table in ("account", "book", "purchase"):
        assert await room.rows(f"SELECT FROM {table}") == []


async def test_who_is_deleted_while_their_book_is_waited_for_gets_none(room: Room) -> None:
    await room.account()
    async with asyncio.TaskGroup() as others, room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        others.create_task(room.told(opened(room.user)))
        await until(waits(room.database))
        await remember_people(uow, [Person(room.user, None, "deleted", 2)])
    for table in ("account", "book", "letter"):
        assert await room.rows(f"SELECT FROM {table}") == []


async def test_batches_of_news_movements_and_writers_never_deadlock(room: Room) -> None:
    people = [new_id() for _ in range(6)]
    purses = [Purse(room, one) for one in people]
    cash = await room.account()

    async def news() -> None:
        for _ in range(5):
            await room.told(
                *(opened(one) for one in reversed(people)),
                *(order_paid(one, new_id(), ("Tea", (), 100)) for one in people),
            )

    async def moves(purse: Purse) -> None:
        for _ in range(5):
            await purse.moves(100)

    async def writes() -> None:
        for _ in range(5):
            await room.book(cash, "1.00")

    async with asyncio.timeout(60):
        await asyncio.gather(news(), writes(), *(moves(one) for one in purses[:4]))
    assert await room.rows("SELECT FROM letter") == []
    balances = await room.rows("SELECT balance_minor FROM account WHERE seq > 0")
    assert [one["balance_minor"] for one in balances] == [500] * 4
