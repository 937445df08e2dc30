"""Wallet and finance together: what moves there is booked here, in order and exactly once."""

from random import Random
from uuid import UUID

import pytest
from asyncpg import LockNotAvailableError, UniqueViolationError
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.contract.finance.ledger import Ledger
from tests.integration.finance.room import changed
from tests.integration.wallet.world import transfer

from contracts.wallet import HOUSE, SHOP, AccountRef
from finance.domain.books import BookOwner
from finance.loops.feed import MOST_STUCK, Feed, stuck_wallets
from finance.repository import Books, FeedPositions
from finance.repository.feed.position import FeedPosition
from finance.service.feed.reconciliation import reconcile
from kit.refusals import Unavailable
from testkit.cuts import is_cut_at


async def test_what_wallets_move_is_booked_and_balances_agree(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.wallet.ask(
        transfer(alice, bob, 300, description="Tea", purpose=f"service:{UUID(int=7)}")
    )
    await ledger.read()
    await ledger.agree()
    topped_up, paid = await ledger.booked(alice)
    [earned] = await ledger.booked(bob)
    assert [one["type"] for one in (topped_up, paid, earned)] == ["income", "expense", "income"]
    assert [one["movement_kind"] for one in (topped_up, paid)] == ["top_up", "payment"]
    assert (paid["counterparty_id"], earned["counterparty_id"]) == (bob, alice)
    assert (paid["description"], paid["purpose"]) == ("Tea", f"service:{UUID(int=7)}")
    assert (paid["origin"], paid["currency"], paid["category_id"]) == ("wallet", "RUB", None)
    assert topped_up["counterparty_id"] is None


async def test_a_transfer_between_ones_own_wallets_is_one_linked_pair(ledger: Ledger) -> None:
    alice = ledger.wallet.caller()
    await alice.top_up("10.00")
    opened = await alice.post("/v1/wallets", {"currency": "RUB", "name": "Savings"})
    savings = AccountRef(owner_id=alice.user_id, account_id=opened.json()["id"])
    made = replace(transfer(alice.user_id, alice.user_id, 400), payee=savings)
    await ledger.wallet.ask(made)
    await ledger.read()
    await ledger.agree()
    pair = [one for one in await ledger.booked(alice.user_id) if one["type"] == "transfer"]
    assert sorted(one["amount_minor"] for one in pair) == [-400, 400]
    assert {one["transfer_id"] for one in pair} == {made.transfer_id}


async def test_merchants_and_the_house_keep_no_book(ledger: Ledger) -> None:
    alice = await ledger.wallet.person("10.00")
    await ledger.wallet.ask(transfer(alice, SHOP, 300), transfer(alice, HOUSE, 200))
    await ledger.read()
    assert [one["user_id"] for one in await ledger.room.rows("SELECT user_id FROM book")] == [alice]
    found = await reconcile(ledger.room.database, ledger.client)
    assert (found.wallets, found.differences) == (1, [])


async def test_reading_on_goes_where_it_was_left_and_books_nothing_twice(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.read()
    [position] = await ledger.room.rows("SELECT after FROM feed_position")
    assert position["after"] == await ledger.wallet.count("entry")
    feed = ledger.feed()
    await ledger.wallet.ask(transfer(alice, bob))
    await ledger.read(feed)
    await ledger.read(ledger.feed())
    await ledger.agree()
    before = ledger.room.database.statements
    assert not await feed.once()
    assert ledger.room.database.statements == before  # where nothing moves nothing is written


async def test_movements_that_are_missing_are_fetched_by_their_numbers(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.wallet.ask(*(transfer(alice, bob, 10) for _ in range(20)))
    last = await ledger.wallet.count("entry")
    async with ledger.room.database.unit_of_work() as uow:
        await FeedPositions(uow).move(FeedPosition(0, 0), last - 4)
    await ledger.read()
    await ledger.agree()
    assert sum("wallets/" in url.path for url in ledger.line.asked) >= 2


async def test_where_wallet_is_away_nothing_is_lost(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    feed = ledger.feed()
    await ledger.read(feed)
    await ledger.wallet.ask(transfer(alice, bob))
    ledger.line.is_cut = True
    with pytest.raises(Unavailable):
        await feed.once()
    ledger.line.is_cut = False
    await ledger.read(feed)
    await ledger.agree()


async def test_of_two_processes_one_reads_and_nothing_is_booked_twice(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    one, two = ledger.feed(), ledger.feed()
    for _ in range(5):
        await ledger.wallet.ask(*(transfer(alice, bob, 10) for _ in range(3)))
        await one.once()
        await two.once()
    await ledger.read(two)
    await ledger.read(one)
    await ledger.agree()


async def test_a_deleted_persons_late_movements_open_no_book(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.read()
    await ledger.room.told(changed(alice, None, "deleted"), sequence=2)
    await ledger.wallet.ask(transfer(alice, bob))
    await ledger.read()
    assert await ledger.booked(alice) == []
    assert len(await ledger.booked(bob)) == 1
    assert [one["user_id"] for one in await ledger.room.rows("SELECT user_id FROM book")] == [bob]
    found = await reconcile(ledger.room.database, ledger.client)
    assert (found.wallets, found.differences) == (1, [])


async def test_a_page_costs_the_same_for_one_movement_and_for_many(ledger: Ledger) -> None:
    people = [await ledger.wallet.person("10.00") for _ in range(30)]
    await ledger.read(feed := ledger.feed())

    async def cost(number: int) -> int:
        await ledger.wallet.ask(*(transfer(one, people[0], 10) for one in people[1 : number + 1]))
        before = ledger.room.database.statements
        await feed.once()
        return ledger.room.database.statements - before

    assert await cost(1) == await cost(29) == 8
    await ledger.agree()


async def test_a_balance_that_differs_is_booked_as_told_and_named(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.read()
    async with ledger.room.database.unit_of_work() as uow:
        await uow.execute("UPDATE account SET balance_minor = 999 WHERE user_id = $1", alice)
    await ledger.wallet.ask(transfer(alice, bob, 100))
    with capture_logs() as logs:
        await ledger.read()
    [alarm] = [one for one in logs if one["event"] == "movement_balance_differs"]
    assert (alarm["log_level"], alarm["seq"]) == ("error", "2")
    assert (alarm["expected_minor"], alarm["told_minor"]) == ("899", "900")
    await ledger.agree()


async def spoil(ledger: Ledger, owner: UUID, seq: int) -> None:
    """Let the next movement of somebody's be refused by the database: its number is taken."""
    [first] = await ledger.booked(owner)
    async with ledger.room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO transaction (id, user_id, account_id, type, amount_minor, currency, date,"
            " origin, movement_seq, version, created_at, updated_at)"
            " SELECT gen_random_uuid(), user_id, account_id, type, amount_minor, currency, date,"
            " origin, $2, 1, created_at, updated_at FROM transaction WHERE id = $1",
            first["id"],
            seq,
        )


async def heal(ledger: Ledger, owner: UUID, seq: int) -> None:
    async with ledger.room.database.unit_of_work() as uow:
        await uow.execute(
            "DELETE FROM transaction WHERE user_id = $1 AND movement_seq = $2", owner, seq
        )


async def stuck(ledger: Ledger) -> list[UUID]:
    [row] = await ledger.room.rows("SELECT stuck FROM feed_position")
    found: list[UUID] = row["stuck"]
    return found


async def test_a_wallet_that_can_not_be_booked_holds_up_nobody_else(ledger: Ledger) -> None:
    people = [await ledger.wallet.person("10.00") for _ in range(5)]
    alice, bob, *_ = people
    feed = ledger.feed()
    await ledger.read(feed)
    [first] = await ledger.booked(alice)
    await spoil(ledger, alice, 2)
    await ledger.wallet.ask(*(transfer(one, bob, 10) for one in people if one != bob))
    with capture_logs() as logs:
        await ledger.read(feed)
        await ledger.wallet.ask(transfer(alice, bob, 5), transfer(bob, people[2], 7))
        await ledger.read(feed)
    [alarm] = [one for one in logs if one["event"] == "wallet_stuck"]
    assert (alarm["log_level"], alarm["wallet_id"]) == ("error", str(first["wallet_id"]))
    assert await stuck(ledger) == [first["wallet_id"]]
    assert len(await ledger.booked(bob)) == 1 + 4 + 1 + 1
    found = await reconcile(ledger.room.database, ledger.client)
    assert (found.behind, {one.user_id for one in found.differences}) == (1, {alice})
    await feed.retry()  # in vain
    assert await stuck(ledger) == [first["wallet_id"]]
    await heal(ledger, alice, 2)
    await ledger.feed().retry()  # by any process
    assert await stuck(ledger) == []
    await ledger.read(feed)
    await ledger.agree()


async def test_a_wallet_whose_gap_can_not_be_filled_is_stuck_alone(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.read()
    await ledger.wallet.ask(transfer(alice, bob, 10), transfer(alice, bob, 10))
    await spoil(ledger, alice, 2)
    last = await ledger.wallet.count("entry")
    async with ledger.room.database.unit_of_work() as uow:  # the first of the two is passed over
        place = await FeedPositions(uow).find()
        assert await FeedPositions(uow).move(place, last - 2)
    await ledger.read()
    assert len(await stuck(ledger)) == 1
    assert len(await ledger.booked(bob)) == 2
    await heal(ledger, alice, 2)
    await ledger.feed().retry()
    await ledger.agree()


@pytest.mark.parametrize("is_new", [False, True])
async def test_a_book_that_somebody_writes_in_for_long_holds_up_nobody_else(
    ledger: Ledger, *, is_new: bool
) -> None:
    people = [await ledger.wallet.person("10.00") for _ in range(5)]
    alice, bob, *_ = people
    feed, database = ledger.feed(), ledger.room.database
    if not is_new:
        await ledger.read(feed)
    await ledger.wallet.ask(*(transfer(one, bob, 10) for one in people if one != bob))
    with capture_logs() as logs:
        async with database.unit_of_work() as uow:
            await Books(uow).lock(BookOwner(alice, "UTC"), database.clock.now())
            assert [await feed.once(), await feed.once()] == [False, False]
            assert len(await ledger.booked(bob)) == 1 + 4
            assert len(await ledger.booked(alice)) == (0 if is_new else 1)
            [waiting] = await stuck(ledger)
            assert stuck_wallets.collect()[0].samples[0].value == 0
        await ledger.read(feed)
    assert [one for one in logs if one["log_level"] == "error"] == []
    assert await stuck(ledger) == []
    assert {one["wallet_id"] for one in await ledger.booked(alice)} == {waiting}
    await ledger.agree()


async def test_what_waits_for_a_book_is_read_by_any_process(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    feed, database = ledger.feed(), ledger.room.database
    await ledger.read(feed)
    await ledger.wallet.ask(transfer(alice, bob))
    async with database.unit_of_work() as uow:
        await Books(uow).lock(BookOwner(alice, "UTC"), database.clock.now())
        await feed.once()
    await ledger.wallet.ask(transfer(alice, bob))
    other = ledger.feed()
    await ledger.read(other)
    await other.retry()
    assert await stuck(ledger) == []
    await ledger.read(feed)  # for which the wallet waits no longer
    await ledger.agree()


async def test_where_a_whole_table_is_taken_no_wallet_is_stuck(ledger: Ledger) -> None:
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.read(feed := ledger.feed())
    await ledger.wallet.ask(transfer(alice, bob))
    async with ledger.room.database.unit_of_work() as uow:
        await uow.execute("LOCK TABLE transaction IN SHARE MODE")
        with pytest.raises(LockNotAvailableError):
            await feed.once()
    assert await stuck(ledger) == []
    await ledger.read(feed)
    await ledger.agree()


async def test_an_error_that_is_no_wallets_fault_makes_none_stuck(ledger: Ledger) -> None:
    people = [await ledger.wallet.person("10.00") for _ in range(MOST_STUCK + 2)]
    await ledger.read()
    for one in people:
        await spoil(ledger, one, 2)
    await ledger.wallet.ask(*(transfer(one, people[0], 10) for one in people[1:]))
    with pytest.raises(UniqueViolationError):
        await ledger.read()
    assert await stuck(ledger) == []
    for one in people:
        await heal(ledger, one, 2)
    await ledger.read()
    await ledger.agree()


async def test_a_reader_that_is_cut_off_anywhere_loses_nothing_and_repeats_nothing(
    ledger: Ledger,
) -> None:
    alice, bob = await ledger.wallet.person("1000.00"), await ledger.wallet.person()
    feed = ledger.feed()

    async def life() -> None:
        await feed.once()

    position = 1
    while True:
        await ledger.wallet.ask(transfer(alice, bob, 10), transfer(bob, alice, 5))
        if not await is_cut_at(life(), position):
            break
        position += 1
    assert position > 10
    await ledger.agree()  # the last life was not cut, and read what the others had left


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_moves_and_whoever_dies_books_agree_at_every_number(
    ledger: Ledger, seed: int
) -> None:
    chance = Random(seed)
    people = [await ledger.wallet.person("50.00") for _ in range(4)]
    feeds = [ledger.feed(chance.randint(1, 7)) for _ in range(2)]
    for _ in range(25):
        pairs = [chance.sample(people, 2) for _ in range(chance.randint(0, 4))]
        moves = [transfer(payer, payee, chance.randint(1, 3000)) for payer, payee in pairs]
        if moves:
            await ledger.wallet.ask(*moves)
        feed = chance.choice(feeds)

        async def life(feed: Feed = feed) -> None:
            await feed.once()

        await is_cut_at(life(), chance.randint(1, 60))
    for feed in feeds:
        await ledger.read(feed)
    await ledger.agree()
    assert (await reconcile(ledger.room.database, ledger.client)).differences == []
