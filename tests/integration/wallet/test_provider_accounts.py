"""Movements from and to the accounts that stand for providers."""

from msgspec.structs import replace
from tests.integration.wallet.world import World, transfer

from contracts.wallet import HOUSE, AccountRef, Transfer, TransferPosted, TransferRefused
from kit.ids import new_id

CLEARING = AccountRef(owner_id=HOUSE, provider="cards")
SUSPENSE = AccountRef(owner_id=HOUSE, provider="cards", is_suspense=True)


def moves(payer: AccountRef, payee: AccountRef) -> Transfer:
    ends = {"payer": payer, "payee": payee}
    return replace(transfer(new_id(), new_id()), **ends)


async def test_money_comes_from_the_clearing_account_and_goes_back(world: World) -> None:
    alice = AccountRef(owner_id=new_id())
    [posted] = await world.ask(moves(CLEARING, alice))
    assert isinstance(posted, TransferPosted)
    went, refused = await world.ask(moves(alice, CLEARING), moves(alice, CLEARING))
    assert isinstance(went, TransferPosted)
    assert isinstance(refused, TransferRefused)
    assert refused.code == "insufficient_funds"
    assert await balances(world) == {"external": 0, "wallet": 0}


async def test_what_nobody_covers_the_suspense_account_owes(world: World) -> None:
    [posted] = await world.ask(moves(SUSPENSE, CLEARING))
    assert isinstance(posted, TransferPosted)
    assert await balances(world) == {"external": 100, "suspense": -100}


async def balances(world: World) -> dict[str, int]:
    async with world.database.read() as connection:
        rows = await connection.fetch(
            "SELECT kind, sum(balance_minor) AS b FROM account GROUP BY 1"
        )
    return {row["kind"]: int(row["b"]) for row in rows}
