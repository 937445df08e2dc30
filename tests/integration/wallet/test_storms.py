"""Many workers and callers at once: nothing is lost, doubled, overdrawn or locked for ever."""

import asyncio
import random

import pytest
from tests.integration.wallet.world import World, capture, place, release, transfer

from contracts.wallet import HoldPlaced, HoldRefused, HoldReleased, TransferPosted, WalletOpened
from kit.db import Database
from kit.ids import new_id
from testkit.people import eventually
from testkit.pump import sent


@pytest.mark.check(47)
@pytest.mark.parametrize("batch", [1, 5, 20])
async def test_a_wallet_that_funds_nine_of_twenty_pays_nine(world: World, batch: int) -> None:
    alice, bob = await world.person("90.00"), new_id()
    commands = [transfer(alice, bob, 1_000) for _ in range(20)]
    await world.ask_in_parallel(commands, batch=batch)
    replies = await world.replies(*commands)
    assert sum(isinstance(reply, TransferPosted) for reply in replies) == 9
    refused = [reply for reply in replies if not isinstance(reply, TransferPosted)]
    assert {getattr(reply, "code", None) for reply in refused} == {"insufficient_funds"}
    assert await world.figures(alice) == (0, 0)
    assert await world.figures(bob) == (9_000, 0)
    await world.check_ledger()


async def test_a_wallet_that_funds_nine_of_twenty_holds_gives_nine(world: World) -> None:
    alice, bob = await world.person("95.00"), new_id()
    holds = [place(alice, 1_000) for _ in range(20)]
    await world.ask_in_parallel(holds, batch=2)
    replies = await world.replies(*holds)
    placed = [
        hold for hold, reply in zip(holds, replies, strict=True) if isinstance(reply, HoldPlaced)
    ]
    assert len(placed) == 9
    assert await world.figures(alice) == (9_500, 9_000)
    await world.ask_in_parallel([capture(hold, bob) for hold in placed[:5]], batch=2)
    await world.ask_in_parallel([release(hold) for hold in placed[5:]], batch=2)
    assert await world.figures(alice) == (4_500, 0)
    assert await world.figures(bob) == (5_000, 0)
    await world.check_ledger()


@pytest.mark.parametrize("batch", [1, 10, 50])
async def test_two_who_pay_each_other_at_once_do_not_lock_each_other(
    world: World, batch: int
) -> None:
    alice, bob = await world.person("1000.00"), await world.person("1000.00")
    there = [transfer(alice, bob, 100) for _ in range(200)]
    back = [transfer(bob, alice, 100) for _ in range(200)]
    await asyncio.gather(
        world.ask_in_parallel(there, batch=batch), world.ask_in_parallel(back, batch=batch)
    )
    replies = await world.replies(*there, *back)
    assert all(isinstance(reply, TransferPosted) for reply in replies)
    assert await world.figures(alice) == await world.figures(bob) == (100_000, 0)
    await world.check_ledger()


async def test_four_who_pay_each_other_in_all_directions_settle_exactly(world: World) -> None:
    people = [await world.person("1000.00") for _ in range(4)]
    dice = random.Random(7)
    pairs = [dice.sample(range(4), 2) for _ in range(600)]
    amounts = [dice.randrange(1, 500) for _ in pairs]
    commands = [
        transfer(people[payer], people[payee], amount)
        for (payer, payee), amount in zip(pairs, amounts, strict=True)
    ]
    await world.ask_in_parallel(commands, batch=15)
    replies = await world.replies(*commands)
    expected = dict.fromkeys(range(4), 100_000)
    for (payer, payee), amount, reply in zip(pairs, amounts, replies, strict=True):
        assert isinstance(reply, TransferPosted)
        expected[payer] -= amount
        expected[payee] += amount
    assert [await world.figures(one) for one in people] == [(expected[at], 0) for at in range(4)]
    await world.check_ledger()


async def test_all_who_need_the_same_new_wallets_get_the_same_ones(world: World) -> None:
    alice, strangers = await world.person("1000.00"), [new_id() for _ in range(6)]
    commands = [
        transfer(alice, stranger, 10)
        for order in (strangers, strangers[::-1]) * 4
        for stranger in order
    ]
    await world.ask_in_parallel(commands, batch=6)
    assert [await world.figures(one) for one in strangers] == [(80, 0)] * 6
    assert await world.count("account") == 8  # theirs, alice's, and the outside world's
    opened = await sent(world.database, WalletOpened)
    assert len(opened) == 7
    await world.check_ledger()


async def test_forty_top_ups_at_once_add_up(world: World) -> None:
    alice = world.caller()
    answers = await asyncio.gather(
        *(alice.post("/v1/wallets/top-up", {"amount": "1.00"}) for _ in range(40))
    )
    assert [answer.status_code for answer in answers] == [201] * 40
    assert await world.figures(alice.user_id) == (4_000, 0)
    balances = {answer.json()["wallet"]["balance"]["amount"] for answer in answers}
    assert balances == {f"{rubles}.00" for rubles in range(1, 41)}
    await world.check_ledger()


async def test_the_same_command_in_two_workers_at_once_is_done_once(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    commands = [transfer(alice, bob, 100) for _ in range(20)]
    packs = [world.pack(*commands) for _ in range(4)]  # fresh events each time
    await asyncio.gather(*(world.worker.handle([pack]) for pack in packs))
    assert await world.figures(bob) == (2_000, 0)
    await world.check_ledger()


async def test_the_same_event_in_two_workers_at_once_is_done_once(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    pack = world.pack(*(transfer(alice, bob, 100) for _ in range(20)))
    await asyncio.gather(*(world.worker.handle([pack]) for _ in range(4)))
    assert await world.figures(bob) == (2_000, 0)
    await world.check_ledger()


async def test_action_and_undo_at_once_leave_nothing_held(world: World) -> None:
    alice = await world.person("1000.00")
    holds = [place(alice, 100) for _ in range(40)]
    undos = [release(hold) for hold in holds]
    packs = [world.pack(command) for pair in zip(holds, undos, strict=True) for command in pair]
    await asyncio.gather(*(world.worker.handle([pack]) for pack in packs))
    assert await world.figures(alice) == (100_000, 0)
    replies = await world.replies(*holds)
    assert all(isinstance(reply, HoldPlaced | HoldRefused) for reply in replies)
    assert all(isinstance(reply, HoldReleased) for reply in await world.replies(*undos))
    await world.check_ledger()


async def test_an_undo_never_overlooks_a_hold_placed_while_it_waits(world: World) -> None:
    alice, bob, carol = [await world.person("10.00") for _ in range(3)]
    placed = place(alice, 300)
    batch = [release(placed), transfer(bob, carol, 100)]
    async with world.database.unit_of_work() as other:
        await other.execute("SELECT 1 FROM account WHERE owner_id = $1 FOR UPDATE", bob)
        late = asyncio.gather(world.worker.handle([world.pack(*batch)]))
        await eventually(lambda: _waiting(world.database), bool)
        await world.ask(placed)
    await late
    assert await world.figures(alice) == (1_000, 0)
    assert await world.figures(carol) == (1_100, 0)
    await world.check_ledger()


async def _waiting(database: Database) -> int:
    async with database.read() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return count
