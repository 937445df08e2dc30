"""What holds of books: they are one's own, locked as a whole, and end with their owner."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from tests.integration.finance.room import Room, changed, code

from finance.domain.books import BookOwner, FinanceBook
from finance.domain.dates.days import day_of
from finance.domain.dates.zones import is_unambiguous
from finance.refusals import ZoneUnknown
from finance.repository import Books
from finance.service.settings import change_zone
from kit.ids import new_id


async def test_a_book_begins_in_the_zone_of_the_house_and_moves_to_ones_own(room: Room) -> None:
    assert await room.get("/settings") == {"time_zone": "UTC"}
    answer = await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    assert (answer.status_code, answer.json()) == (200, {"time_zone": "Europe/Moscow"})
    assert await room.get("/settings") == {"time_zone": "Europe/Moscow"}
    answer = await room.ask("GET", "/settings", by=new_id())
    assert answer.json() == {"time_zone": "UTC"}


@pytest.mark.parametrize("zone", ["Mars/Olympus", "europe/moscow", "CET", "EST5EDT", ""])
async def test_an_unknown_zone_is_refused(room: Room, zone: str) -> None:
    answer = await room.ask("PATCH", "/settings", json={"time_zone": zone})
    assert (answer.status_code, code(answer)) == (422, "zone_unknown")
    assert await room.rows("SELECT * FROM book") == []


async def test_a_zone_that_postgresql_does_not_know_is_refused(room: Room) -> None:
    with pytest.raises(ZoneUnknown):
        async with room.database.unit_of_work() as uow:
            await change_zone(uow, room.owner, "Mars/Olympus")


async def test_a_day_is_the_same_for_us_and_for_postgresql_in_every_zone(room: Room) -> None:
    zones = sorted(filter(is_unambiguous, available_timezones()))
    hours = [(month, hour) for month in (1, 7) for hour in (10, 11, 22)]
    moments = [datetime(2026, month, 15, hour, 30, tzinfo=UTC) for month, hour in hours]
    for moment in moments:
        asked = "SELECT zone, ($1::timestamptz AT TIME ZONE zone)::date AS day"
        rows = await room.rows(f"{asked} FROM unnest($2::text[]) AS zone", moment, zones)
        assert [row["zone"] for row in rows if row["day"] != day_of(moment, row["zone"])] == []
    assert len(zones) > 300


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
