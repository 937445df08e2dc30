"""Ledger commands as they arrive: in packs, repeated, out of order, to several workers at once."""

import asyncio

import pytest
from msgspec.structs import replace
from tests.integration.wallet.world import World, capture, place, release, transfer

from contracts.wallet import (
    HOUSE,
    AccountRef,
    EntryMark,
    FundsMoved,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.db import migrations
from kit.ids import new_id
from testkit.databases import Cluster
from testkit.pump import sent
from wallet.domain.wallets import WalletKey
from wallet.repository.ledger import Ledger


async def test_a_transfer_opens_wallets_moves_money_and_tells_it(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    await world.empty_outbox()
    command = transfer(alice, bob, 15_000, description="Dinner")
    (reply,) = await world.ask(command)
    assert isinstance(reply, TransferPosted)
    assert reply.transfer_id == command.transfer_id
    assert await world.figures(alice) == (85_000, 0)
    assert await world.figures(bob) == (15_000, 0)
    (opened,) = await sent(world.database, WalletOpened)
    assert isinstance(opened.message, WalletOpened)
    assert (opened.message.owner_id, opened.message.is_default) == (bob, True)
    (moved,) = await sent(world.database, FundsMoved)
    assert isinstance(moved.message, FundsMoved)
    assert (moved.subject, moved.sequence) == (str(command.transfer_id), 1)
    assert moved.message.description == "Dinner"
    assert moved.message.posted_at == reply.posted_at
    legs = moved.message.entries
    assert [(e.owner_id, e.seq, e.amount_minor, e.balance_after_minor) for e in legs] == [
        (alice, 2, -15_000, 85_000),
        (bob, 1, 15_000, 15_000),
    ]
    await world.check_ledger()


async def test_of_what_its_asker_tells_there_is_no_event_and_the_answer_has_the_entries(
    world: World,
) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    placed = place(alice, 300)
    await world.ask(placed)
    await world.empty_outbox()
    asked = [
        transfer(alice, bob, 15_000, is_told_by_asker=True),
        replace(capture(placed, bob), is_told_by_asker=True),
        transfer(bob, alice, 200),
    ]
    moved, captured, untold = await world.ask(*asked)
    assert isinstance(moved, TransferPosted)
    assert moved.payer_entry == EntryMark(seq=2, balance_after_minor=85_000)
    assert moved.payee_entry == EntryMark(seq=1, balance_after_minor=15_000)
    assert isinstance(captured, TransferPosted)
    assert captured.payer_entry == EntryMark(seq=3, balance_after_minor=84_700)
    assert captured.payee_entry == EntryMark(seq=2, balance_after_minor=15_300)
    assert isinstance(untold, TransferPosted)
    assert (untold.payer_entry, untold.payee_entry) == (None, None)
    (told,) = await sent(world.database, FundsMoved)
    assert told.subject == str(untold.transfer_id)
    assert await world.ask(*asked) == [moved, captured, untold]  # as they were kept
    await world.check_ledger()


@pytest.mark.parametrize("first", [True, False])
async def test_of_two_copies_the_first_says_who_tells(world: World, first: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    """An asker of an older version may have asked before, and goes by the first answer."""
    alice, bob = await world.person("1000.00"), new_id()
    asked = transfer(alice, bob, 15_000, is_told_by_asker=first)
    await world.empty_outbox()
    await world.ask(asked, replace(asked, is_told_by_asker=not first))
    answers = [one.message for one in await sent(world.database, TransferPosted)]
    told = [isinstance(one, TransferPosted) and one.payee_entry is not None for one in answers]
    assert told == [first, not first]
    assert len(await sent(world.database, FundsMoved)) == (0 if first else 1)


async def test_a_house_account_has_no_entry_in_an_answer(world: World) -> None:
    bob = new_id()
    house = AccountRef(owner_id=HOUSE, provider="stripe")
    command = transfer(HOUSE, bob, 500, is_told_by_asker=True)
    (posted,) = await world.ask(replace(command, payer=house))
    assert isinstance(posted, TransferPosted)
    assert posted.payer_entry is None
    assert posted.payee_entry == EntryMark(seq=1, balance_after_minor=500)
    assert await sent(world.database, FundsMoved) == []


async def test_a_reply_goes_to_who_asked_and_carries_the_trace(world: World) -> None:
    alice = await world.person("10.00")
    await world.empty_outbox()
    await world.ask(place(alice, 100))
    (reply,) = await sent(world.database, HoldPlaced)
    row = await world.row("SELECT exchange, routing_key FROM outbox")
    assert tuple(row) == ("saldo.replies", "payments")
    assert reply.causation_id is not None


async def test_a_command_that_wants_no_reply_is_done_all_the_same(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    command = transfer(alice, bob, 100)
    await world.worker.handle([world.pack(command, reply_to=None)])
    assert await sent(world.database, TransferPosted) == []
    assert await world.figures(bob) == (100, 0)
    (again,) = await world.ask(command)
    assert isinstance(again, TransferPosted)


async def test_a_hold_is_placed_captured_and_answered_for(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    placed = place(alice, 300)
    (held,) = await world.ask(placed)
    assert isinstance(held, HoldPlaced)
    assert await world.figures(alice) == (100_000, 300)
    (posted,) = await world.ask(capture(placed, bob))
    assert isinstance(posted, TransferPosted)
    assert posted.payer_account_id == held.account_id
    assert await world.figures(alice) == (99_700, 0)
    assert await world.figures(bob) == (300, 0)
    await world.check_ledger()


async def test_a_capture_of_a_part_gives_the_rest_back_in_the_same_posting(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    placed = place(alice, 300)
    await world.ask(placed)
    part = replace(capture(placed, bob), amount_minor=100, release_rest=True)
    (posted,) = await world.ask(part)
    assert isinstance(posted, TransferPosted)
    assert await world.figures(alice) == (99_900, 0)
    assert await world.figures(bob) == (100, 0)
    (refused,) = await world.ask(capture(placed, bob))
    assert isinstance(refused, TransferRefused)
    assert refused.code == "hold_closed"
    await world.check_ledger()


async def test_a_hold_may_be_placed_captured_and_released_in_one_batch(world: World) -> None:
    alice, bob = await world.person("1000.00"), new_id()
    first, second = place(alice, 300), place(alice, 200)
    replies = await world.ask(first, second, capture(first, bob), release(second))
    kinds = [type(reply) for reply in replies]
    assert kinds == [HoldPlaced, HoldPlaced, TransferPosted, HoldReleased]
    assert await world.figures(alice) == (99_700, 0)
    await world.check_ledger()


async def test_a_refused_command_leaves_its_neighbours_alone(world: World) -> None:
    alice, bob = await world.person("1.00"), new_id()
    commands = [transfer(alice, bob, 60), transfer(alice, bob, 60), transfer(alice, bob, 40)]
    replies = await world.ask(*commands)
    assert [type(reply) for reply in replies] == [TransferPosted, TransferRefused, TransferPosted]
    assert isinstance(replies[1], TransferRefused)
    assert replies[1].code == "insufficient_funds"
    assert replies[1].transfer_id == commands[1].transfer_id
    assert await world.figures(bob) == (100, 0)


async def test_refusals_say_why(world: World) -> None:
    alice, bob = await world.person("10.00"), await world.person("10.00")
    dollars = await world.fund(bob, "5.00", "USD")
    unknown = AccountRef(owner_id=alice, account_id=new_id())
    stolen = AccountRef(owner_id=alice, account_id=dollars)
    foreign = AccountRef(owner_id=bob, account_id=dollars)
    cases = {
        "insufficient_funds": transfer(alice, bob, 1_001),
        "same_account": transfer(alice, alice),
        "wallet_not_found": replace(transfer(alice, bob), payer=unknown),
        "currency_mismatch": replace(transfer(alice, bob), payee=foreign),
    }
    replies = await world.ask(*cases.values())
    assert [getattr(reply, "code", None) for reply in replies] == list(cases)
    (refused,) = await world.ask(replace(transfer(alice, new_id(), currency="USD"), payer=stolen))
    assert isinstance(refused, TransferRefused)
    assert refused.code == "wallet_not_found"
    (missing,) = await world.ask(capture(place(alice), bob))
    assert isinstance(missing, TransferRefused)
    assert (missing.code, missing.transfer_id) == ("hold_not_found", None)
    assert await world.figures(alice) == (1_000, 0)


async def test_a_frozen_wallet_is_refused_but_gives_what_was_held(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    placed = place(alice, 300)
    await world.ask(placed)
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE account SET status = 'frozen' WHERE owner_id = $1", alice)
    held, moved, captured = await world.ask(
        place(alice), transfer(alice, bob), capture(placed, bob)
    )
    assert isinstance(held, HoldRefused)
    assert isinstance(moved, TransferRefused)
    assert held.code == moved.code == "wallet_frozen"
    assert isinstance(captured, TransferPosted)


async def test_a_repeated_command_is_answered_again_and_done_once(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    held = place(alice, 50)
    commands = [
        transfer(alice, bob, 100),
        transfer(alice, bob, 200, is_told_by_asker=True),
        transfer(alice, bob, 5_000),
        held,
        capture(held, bob),
        transfer(bob, alice, 500, is_owed=True, is_told_by_asker=True),
    ]
    first = await world.ask(*commands)
    await world.empty_outbox()
    again = await world.ask(*commands)
    assert again == first
    assert await world.figures(alice) == (1_150, 0)
    assert await world.owes(bob) == 150
    assert await sent(world.database, FundsMoved) == []
    twice = await world.ask(*(command for command in commands for _ in range(2)))
    assert twice == [reply for reply in first for _ in range(2)]
    await world.check_ledger()


async def test_answers_of_transfers_outlive_the_way_back_to_the_tables_of_before(
    world: World, cluster: Cluster
) -> None:
    alice, bob = await world.person("10.00"), new_id()
    commands = [
        transfer(alice, bob, 100, is_told_by_asker=True),
        transfer(bob, alice, 500, is_owed=True),
        transfer(alice, bob, 5_000),
    ]
    first = await world.ask(*commands)
    await world.empty_outbox()
    config = cluster.alembic("wallet")
    await asyncio.to_thread(migrations.downgrade, config, "0006")
    await asyncio.to_thread(migrations.upgrade, config)
    await cluster.end_connections("wallet")  # their prepared statements are of other tables
    assert await world.ask(*commands) == first
    await world.check_ledger()


async def test_an_undo_that_overtakes_its_action_prevents_it(world: World) -> None:
    alice = await world.person("10.00")
    placed = place(alice, 300)
    (released,) = await world.ask(release(placed))
    assert released == HoldReleased(in_reply_to=released.in_reply_to, hold_id=placed.hold_id)
    (late,) = await world.ask(placed)
    assert isinstance(late, HoldRefused)
    assert (late.code, late.hold_id) == ("undone", placed.hold_id)
    assert await world.figures(alice) == (1_000, 0)
    await world.check_ledger()


async def test_a_captured_hold_is_not_released(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    placed = place(alice, 300)
    await world.ask(placed, capture(placed, bob))
    (refused,) = await world.ask(release(placed))
    assert isinstance(refused, HoldRefused)
    assert refused.code == "hold_captured"
    assert await world.figures(bob) == (300, 0)


async def test_the_same_event_has_one_effect_alone_in_a_pack_and_in_two_workers(
    world: World,
) -> None:
    alice, bob = await world.person("10.00"), new_id()
    pack = world.pack(transfer(alice, bob, 100), transfer(alice, bob, 100))
    await world.worker.handle([pack, pack])
    await world.worker.handle([pack])
    assert await world.figures(bob) == (200, 0)
    assert await world.count("inbox") == 0
    await world.check_ledger()


async def test_nothing_is_locked_while_a_wallet_is_still_to_be_opened(world: World) -> None:
    there, missing = WalletKey(await world.person("1.00"), "RUB"), WalletKey(new_id(), "RUB")
    async with world.database.unit_of_work() as uow:
        locked = await Ledger(uow).lock_for_posting([], [], [], [there, missing])
        assert (locked.accounts, locked.defaults) == ([], {})
        locked = await Ledger(uow).lock_for_posting([], [], [], [there])
        assert [account.id for account in locked.accounts] == [locked.defaults[there]]


async def test_statements_do_not_grow_with_the_batch(world: World) -> None:
    people = [await world.person("1000.00") for _ in range(5)]
    placed = [place(people[at % 5], 10) for at in range(110)]
    await world.ask(*placed[:100])

    async def statements(*commands: object) -> int:
        before = world.database.statements
        await world.worker.handle([world.pack(*commands)])  # type: ignore[arg-type]
        return world.database.statements - before

    def mixed(count: int, at: int) -> list[object]:
        return [
            command
            for number in range(count)
            for command in (
                transfer(people[number % 5], people[(number + 1) % 5]),
                place(people[number % 5]),
                capture(placed[at + number], people[(number + 2) % 5]),
                release(placed[at + number + 50]),
            )
        ]

    small, large = await statements(*mixed(1, 0)), await statements(*mixed(49, 1))
    assert small == large
    # A worker's first batch looks for letters. They lock, read replies and holds, and write it all.
    assert large - 1 == 4
    before = world.database.statements
    await world.worker.handle([world.pack(*(transfer(people[0], people[1]) for _ in range(200)))])
    assert world.database.statements - before - 1 == 6  # so many go in by COPY
    await world.check_ledger()
