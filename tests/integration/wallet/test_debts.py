"""Debts on the whole service: taken, shown, paid off by whatever comes in, exact in storms."""

import asyncio
import random
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace
from tests.integration.wallet.world import World, capture, place, release, transfer

from contracts.wallet import EntryMark, FundsMoved, HoldRefused, TransferPosted
from kit.ids import new_id
from testkit.pump import sent


async def indebted(world: World, minor: int) -> UUID:
    """Return somebody who owes this much and has nothing."""
    owner = new_id()
    (posted,) = await world.ask(transfer(owner, new_id(), minor, is_owed=True))
    assert isinstance(posted, TransferPosted)
    assert posted.owed_minor == minor
    return owner


async def test_a_chargeback_takes_what_is_there_and_the_rest_is_owed(world: World) -> None:
    alice, bob = await world.person("30.00"), new_id()
    await world.empty_outbox()
    command = transfer(alice, bob, 10_000, is_owed=True)
    (posted,) = await world.ask(command)
    assert isinstance(posted, TransferPosted)
    assert posted.owed_minor == 7_000
    assert await world.figures(alice) == (0, 0)
    assert await world.figures(bob) == (10_000, 0)
    assert await world.owes(alice) == 7_000
    (moved,) = await sent(world.database, FundsMoved)
    assert isinstance(moved.message, FundsMoved)
    assert [(leg.owner_id, leg.amount_minor) for leg in moved.message.entries] == [
        (alice, -3_000),
        (None, -7_000),
        (bob, 10_000),
    ]
    assert await world.ask(command) == [posted]
    assert await world.owes(alice) == 7_000
    await world.check_ledger()


async def test_the_owner_sees_the_debt_and_how_it_is_paid_off(world: World) -> None:
    owner = await indebted(world, 7_000)
    caller = world.caller(owner)
    (shown,) = (await caller.get("/v1/wallets")).json()["items"]
    assert shown["owed"] == {"amount": "70.00", "currency": "RUB"}
    wallet = await caller.top_up("100.00")
    assert (wallet["owed"]["amount"], wallet["available"]["amount"]) == ("0.00", "30.00")
    entries = (await caller.get(f"/v1/wallets/{wallet['id']}/entries")).json()["items"]
    assert [(one["kind"], one["amount"], one["balance_after"]) for one in entries] == [
        ("debt_repayment", "-70.00", "30.00"),
        ("top_up", "100.00", "100.00"),
    ]
    await world.check_ledger()


async def test_a_debt_paid_off_by_what_its_asker_tells_of_is_told_of_all_the_same(
    world: World,
) -> None:
    owner, payer = await indebted(world, 7_000), await world.person("100.00")
    await world.empty_outbox()
    (posted,) = await world.ask(transfer(payer, owner, 5_000, is_told_by_asker=True))
    assert isinstance(posted, TransferPosted)
    assert posted.payee_entry == EntryMark(seq=1, balance_after_minor=5_000)
    kinds = [one.message.kind for one in await sent(world.database, FundsMoved)]  # type: ignore[attr-defined]
    assert kinds == ["debt_repayment"]
    await world.check_ledger()


async def test_a_payment_pays_the_payees_debt_off_and_both_movements_are_told(
    world: World,
) -> None:
    owner, payer = await indebted(world, 7_000), await world.person("100.00")
    await world.empty_outbox()
    await world.ask(transfer(payer, owner, 5_000))
    kinds = [one.message.kind for one in await sent(world.database, FundsMoved)]  # type: ignore[attr-defined]
    assert kinds == ["payment", "debt_repayment"]
    causes = {one.causation_id for one in await sent(world.database, FundsMoved)}
    assert len(causes) == 1
    assert await world.owes(owner) == 2_000
    assert await world.figures(owner) == (0, 0)
    await world.check_ledger()


async def test_a_released_hold_and_the_freed_rest_of_a_capture_pay_the_debt_off(
    world: World,
) -> None:
    for undo in (True, False):
        alice, bob = await world.person("50.00"), new_id()
        placed = place(alice, 5_000)
        await world.ask(placed, transfer(alice, bob, 4_000, is_owed=True))
        assert await world.owes(alice) == 4_000
        part = replace(capture(placed, bob), amount_minor=100, release_rest=True)
        await world.ask(release(placed) if undo else part)
        assert await world.owes(alice) == 0
        assert await world.figures(alice) == ((1_000, 0) if undo else (900, 0))
        await world.check_ledger()


async def test_who_owes_is_refused_new_holds_and_a_frozen_wallet_pays_all_the_same(
    world: World,
) -> None:
    alice, bob = await world.person("50.00"), new_id()
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE account SET status = 'frozen' WHERE owner_id = $1", alice)
    (posted,) = await world.ask(transfer(alice, bob, 6_000, is_owed=True))
    assert isinstance(posted, TransferPosted)
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE account SET status = 'active' WHERE owner_id = $1", alice)
    (held,) = await world.ask(place(alice, 1))
    assert isinstance(held, HoldRefused)
    assert held.code == "insufficient_funds"


async def test_debts_and_credits_in_a_storm_are_exact(world: World) -> None:
    people = [await world.person("10.00") for _ in range(4)]
    dice = random.Random(11)
    commands = []
    for _ in range(300):
        payer, payee = dice.sample(people, 2)
        amount = dice.randrange(1, 900)
        commands.append(transfer(payer, payee, amount, is_owed=dice.random() < 0.5))
    top_ups = [world.caller(dice.choice(people)).top_up("1.00") for _ in range(12)]
    await asyncio.gather(world.ask_in_parallel(commands, batch=10), *top_ups)
    assert await world.replies(*commands)  # every one is answered
    rows = await world.rows("SELECT balance_minor, owed_minor FROM account WHERE kind = 'wallet'")
    assert sum(row["balance_minor"] - row["owed_minor"] for row in rows) == 5_200
    assert not any(row["balance_minor"] and row["owed_minor"] for row in rows)
    await world.check_ledger()


async def test_nobody_in_debt_costs_no_statement(world: World) -> None:
    alice, bob = await world.person("100.00"), await world.person("100.00")

    async def statements(*commands: object) -> int:
        before = world.database.statements
        await world.worker.handle([world.pack(*commands)])  # type: ignore[arg-type]
        return world.database.statements - before

    plain = await statements(transfer(alice, bob, 100))
    assert await statements(transfer(alice, bob, 100)) == plain
    # The house's account of debts: looked up, and opened and locked where it is needed.
    assert await statements(transfer(alice, bob, 100, is_owed=True)) == plain + 4
    assert await statements(transfer(alice, bob, 100, is_owed=True)) == plain + 2


async def test_a_debt_in_one_currency_is_none_in_another(world: World) -> None:
    owner = await indebted(world, 7_000)
    caller = world.caller(owner)
    wallet = await caller.top_up("10.00", currency="USD")
    assert Decimal(wallet["available"]["amount"]) == 10
    assert await world.rows(
        "SELECT owed_minor FROM account WHERE owner_id = $1 AND currency = 'RUB'", owner
    ) == [(7_000,)]
