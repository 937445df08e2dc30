"""What holds of books: they are one's own, locked as a whole, and end with their owner."""

import asyncio

from tests.integration.finance.room import Room, changed, code

from finance.domain.books import BookOwner, FinanceBook
from finance.repository import Books
from kit.ids import new_id


async def test_a_book_begins_in_the_zone_of_the_house_and_moves_to_ones_own(room: Room) -> None:
    assert await room.get("/settings") == {"time_zone": "UTC"}
    answer = await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    assert (answer.status_code, answer.json()) == (200, {"time_zone": "Europe/Moscow"})
    assert await room.get("/settings") == {"time_zone": "Europe/Moscow"}
    answer = await room.ask("GET", "/settings", by=new_id())
    assert answer.json() == {"time_zone": "UTC"}


async def test_an_unknown_zone_is_refused(room: Room) -> None:
    answer = await room.ask("PATCH", "/settings", json={"time_zone": "Mars/Olympus"})
    assert (answer.status_code, code(answer)) == (422, "zone_unknown")
    assert await room.rows("SELECT * FROM book") == []


async def test_writes_of_one_book_wait_for_each_other_and_count_on(room: Room) -> None:
    async def write() -> FinanceBook:
        async with room.database.unit_of_work() as uow:
            return await Books(uow).lock(room.owner, uow.clock.now())

    books = await asyncio.gather(*(write() for _ in range(8)))
    assert sorted(book.version for book in books) == list(range(1, 9))


async def test_books_locked_many_at_once_never_deadlock(room: Room) -> None:
    owners = [BookOwner(new_id(), "UTC") for _ in range(6)]

    async def write(step: int) -> None:
        async with room.database.unit_of_work() as uow:
            await Books(uow).lock_many(owners[::step], uow.clock.now())

    await asyncio.gather(*(write(step) for step in (1, -1) * 8))
    assert [row["version"] for row in await room.rows("SELECT version FROM book")] == [16] * 6


async def test_the_same_zone_again_changes_nothing(room: Room) -> None:
    for _ in range(2):
        answer = await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
        assert answer.json() == {"time_zone": "Europe/Moscow"}


async def test_a_deleted_users_book_goes_with_all_that_is_in_it(room: Room) -> None:
    other = await room.ask("POST", "/accounts", by=new_id(), json={"name": "Hers"})
    cash, card = await room.account(), await room.account("Card")
    food = await room.category("Food")
    await room.category("Bread", parent_id=food)
    await room.book(cash, splits=[{"category_id": food, "amount": "10.00"}])
    await room.make("/transfers", from_account_id=cash, to_account_id=card, amount="1.00")
    await room.plan(cash, category_id=food)
    await room.told(changed(room.user, None, "deleted"))
    for table in ("split", "transaction", "recurring", "category"):
        assert await room.rows(f"SELECT * FROM {table}") == [], table
    assert [str(row["id"]) for row in await room.rows("SELECT id FROM account")] == [
        other.json()["id"]
    ]
    assert [row["status"] for row in await room.rows("SELECT * FROM person")] == ["deleted"]


async def test_who_is_deleted_gets_no_book_again(room: Room) -> None:
    await room.told(changed(room.user, None, "deleted"))
    answer = await room.ask("POST", "/accounts", json={"name": "Cash"})
    assert (answer.status_code, code(answer)) == (401, "token_invalid")
    assert await room.rows("SELECT * FROM book") == []


async def test_the_newest_news_of_a_person_counts_whatever_comes_first(room: Room) -> None:
    for name, sequence in (("bob", 3), ("bo", 2)):
        await room.told(changed(room.user, name), sequence=sequence)
    alice = new_id()
    await room.told(changed(alice, "alice"), changed(alice, "alicia"))  # of one version
    found = await room.rows("SELECT username FROM person ORDER BY username")
    assert [row["username"] for row in found] == ["alice", "bob"]
