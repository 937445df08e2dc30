"""PostgreSQL itself refuses what the ledger's rules forbid, whoever asks."""

import asyncio

import pytest
from asyncpg.exceptions import PostgresError
from msgspec.structs import replace
from tests.integration.wallet.world import World, capture, place, transfer

from kit.db import migrations
from kit.ids import new_id
from testkit.databases import Cluster
from wallet.tables import METADATA

_ENTRY = (
    "INSERT INTO entry (account_id, seq, transfer_id, amount_minor, balance_after_minor, hash,"
    " posted_at) VALUES ($1, 100, $2, $3, 0, decode(repeat('00', 32), 'hex'), now()),"
    " ($4, 100, $2, $5, 0, decode(repeat('00', 32), 'hex'), now())"
)


async def refused(world: World, statement: str, *args: object) -> str:
    """Run a statement that must fail; returns why it did."""
    with pytest.raises(PostgresError) as caught:
        async with world.database.unit_of_work() as uow:
            await uow.execute(statement, *args)
    error = caught.value
    return getattr(error, "constraint_name", None) or str(error)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("balance_minor = held_minor - 1", "ck_account_available_is_not_negative"),
        ("held_minor = balance_minor + 1", "ck_account_available_is_not_negative"),
        ("held_minor = -1", "ck_account_held_is_not_negative"),
        ("balance_minor = 1000000000000000001", "ck_account_balance_limit"),
        ("seq = -1", "ck_account_seq_counts_up"),
        ("last_hash = ''", "ck_account_last_hash_length"),
        ("status = 'gone'", "ck_account_status"),
        ("status = 'closed'", "ck_account_closed_is_empty"),
        ("owed_minor = -1", "ck_account_owed_is_not_negative"),
        ("owed_minor = 1", "ck_account_who_owes_has_nothing"),
        ("kind = 'other'", "ck_account_kind"),
        ("currency = 'rub'", "ck_account_currency"),
        ("kind = 'external', is_default = false", "ck_account_people_own_wallets"),
        ("kind = 'fees'", "ck_account_only_a_wallet_is_a_default"),
        ("owner_id = NULL", "ck_account_people_own_wallets"),
    ],
)
async def test_an_account_can_not_break_its_rules(
    world: World, change: str, constraint: str
) -> None:
    alice = await world.person("10.00")
    await world.ask(place(alice, 100))
    assert constraint == await refused(
        world, f"UPDATE account SET {change} WHERE owner_id = $1", alice
    )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("captured_minor = 301", "ck_hold_parts_fit_into_the_whole"),
        ("captured_minor = 200, released_minor = 101", "ck_hold_parts_fit_into_the_whole"),
        ("released_minor = -1", "ck_hold_parts_count_up"),
        ("amount_minor = 0", "ck_hold_amount_is_something"),
    ],
)
async def test_a_hold_gives_no_more_than_it_holds(
    world: World, change: str, constraint: str
) -> None:
    placed = place(await world.person("10.00"), 300)
    await world.ask(placed)
    assert constraint == await refused(
        world, f"UPDATE hold SET {change} WHERE id = $1", placed.hold_id
    )


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE entry SET amount_minor = 1", "UPDATE of entry is refused"),
        ("DELETE FROM entry", "DELETE of entry is refused"),
        ("UPDATE transfer SET reference = ''", "UPDATE of transfer is refused"),
        ("DELETE FROM transfer", "DELETE of transfer is refused"),
        ("DELETE FROM account", "DELETE of account is refused"),
        ("TRUNCATE entry", "permission denied for table entry"),
        ("ALTER TABLE entry DISABLE TRIGGER ALL", "must be owner of table entry"),
        ("CREATE TABLE mine ()", "permission denied for schema wallet"),
    ],
)
async def test_what_is_written_stays(world: World, statement: str, what: str) -> None:
    await world.person("10.00")
    assert what in await refused(world, statement)


async def test_not_even_the_owner_of_the_tables_changes_an_entry(
    world: World, cluster: Cluster
) -> None:
    await world.person("10.00")
    with pytest.raises(PostgresError, match="UPDATE of entry is refused"):
        await cluster.as_superuser("UPDATE wallet.entry SET amount_minor = 1")


async def test_entries_add_up_within_one_currency_of_a_transfer_that_exists(world: World) -> None:
    alice, bob = await world.fund(new_id()), await world.fund(new_id())
    dollars = await world.fund(new_id(), "1.00", "USD")
    (known,) = await world.row("SELECT id FROM transfer WHERE currency = 'RUB' LIMIT 1")
    for payer, payee, transfer_id, there, back in (
        (alice, bob, known, 1, -2),
        (alice, bob, new_id(), 1, -1),
        (alice, new_id(), known, 1, -1),
        (alice, dollars, known, 1, -1),
    ):
        told = await refused(world, _ENTRY, payer, transfer_id, there, payee, back)
        assert told == f"transfer {transfer_id} is not balanced"
    assert await refused(world, _ENTRY, alice, known, 0, bob, 0) == "ck_entry_amount_is_something"


async def test_an_entry_has_its_number_alone(world: World) -> None:
    alice, bob = await world.fund(new_id()), await world.fund(new_id())
    (known,) = await world.row("SELECT id FROM transfer LIMIT 1")
    again = _ENTRY.replace("$1, 100", "$1, 1").replace("$4, 100", "$4, 1")
    assert await refused(world, again, alice, known, 1, bob, -1) == "pk_entry"


async def test_the_houses_accounts_have_more_room_within_what_fits(world: World) -> None:
    await world.person("10.00")
    change = "UPDATE account SET balance_minor = $1 WHERE kind = 'external'"
    async with world.database.unit_of_work() as uow:
        await uow.execute(change, -9 * 10**18)
    assert await refused(world, change, -9 * 10**18 - 1) == "ck_account_balance_limit"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("balance_minor = 1", "ck_account_debts_are_lent"),
        ("owed_minor = 1", "ck_account_only_people_owe"),
    ],
)
async def test_only_people_owe_and_the_house_only_lends(
    world: World, change: str, constraint: str
) -> None:
    await world.ask(transfer(new_id(), new_id(), 100, is_owed=True))
    told = await refused(world, f"UPDATE account SET {change} WHERE kind = 'debts'")
    assert told == constraint


async def test_an_owner_has_one_default_wallet_of_a_currency(world: World) -> None:
    alice = await world.person("10.00")
    assert (
        await refused(
            world,
            "INSERT INTO account"
            " (id, owner_id, currency, kind, name, is_default, moved_at, created_at)"
            " VALUES ($1, $2, 'RUB', 'wallet', 'x', true, now(), now())",
            new_id(),
            alice,
        )
        == "uq_account_default"
    )


async def test_a_provider_has_one_account_of_a_currency(world: World) -> None:
    await world.person("10.00")
    assert (
        await refused(
            world,
            "INSERT INTO account (id, currency, kind, name, is_default, moved_at, created_at)"
            " VALUES ($1, 'RUB', 'external', 'sandbox', false, now(), now())",
            new_id(),
        )
        == "uq_account_system"
    )


async def test_an_id_used_twice_ends_among_the_letters_and_moves_nothing(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    first = transfer(alice, bob, 100)
    again = replace(transfer(alice, bob, 200), transfer_id=first.transfer_id)
    neighbour = transfer(alice, bob, 300)
    await world.ask(first)
    await world.worker.handle([world.pack(again, neighbour)])
    assert await world.figures(bob) == (400, 0)
    letter = await world.row("SELECT reason, error FROM letter")
    assert letter["reason"] == "handler_failed"
    assert "pk_transfer" in letter["error"]


@pytest.mark.parametrize(
    "change", ["transfer_id = NULL", "reply = '{}'", "reply_type = 'wallet.hold_released.v1'"]
)
async def test_a_command_has_one_answer(world: World, change: str) -> None:
    await world.ask(transfer(await world.person("10.00"), new_id()))
    told = await refused(world, f"UPDATE command SET {change}")
    assert told == "ck_command_has_one_answer"


async def test_a_hold_captured_by_nobody_else_than_its_own_account_pays(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    placed = place(alice, 300)
    await world.ask(placed)
    await world.ask(capture(placed, bob))
    told = await world.row("SELECT account_id, captured_minor FROM hold")
    payer = await world.row("SELECT id FROM account WHERE owner_id = $1", alice)
    assert tuple(told) == (payer["id"], 300)


async def test_tables_and_migrations_agree_and_go_back(cluster: Cluster) -> None:
    await cluster.prepare("wallet")
    config = cluster.alembic("wallet")
    url = cluster.url("wallet_owner")
    assert await asyncio.to_thread(migrations.pending, url, METADATA) == []
    await asyncio.to_thread(migrations.downgrade, config, "base")
    await asyncio.to_thread(migrations.upgrade, config)
    assert await asyncio.to_thread(migrations.pending, url, METADATA) == []
