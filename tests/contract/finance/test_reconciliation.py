"""What the reconciliation proves, and what it names."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.contract.finance.ledger import Ledger
from tests.integration.wallet.world import transfer

from finance.commands.reconcile import as_json, as_table
from finance.service.feed.reconciliation import Reconciliation, reconcile
from kit.ids import new_id
from kit.refusals import Unavailable

# No sum is wrong, but a balance in between.
SWAPPED = """
UPDATE transaction SET amount_minor = -150 - amount_minor WHERE user_id = $1 AND movement_seq > 1
"""


async def reconciled(ledger: Ledger) -> Reconciliation:
    return await reconcile(ledger.room.database, ledger.client)


async def spoilt(ledger: Ledger, statement: str, *args: Any) -> None:
    async with ledger.room.database.unit_of_work() as uow:
        assert await uow.execute(statement, *args)


@pytest.fixture
async def alice(ledger: Ledger) -> UUID:
    """Somebody who has paid twice; all of it is booked."""
    alice, bob = await ledger.wallet.person("10.00"), await ledger.wallet.person()
    await ledger.wallet.ask(transfer(alice, bob, 100), transfer(alice, bob, 50))
    await ledger.read()
    return alice


async def test_where_all_is_as_it_should_be_nothing_differs(ledger: Ledger, alice: UUID) -> None:
    found = await reconciled(ledger)
    assert (found.accounts, found.wallets, found.behind, found.differences) == (2, 2, 0, [])
    assert found.movements == 5
    assert as_table(found) == "2 accounts, 2 wallets, 0 of them behind, 5 movements: all agree.\n"
    assert orjson.loads(as_json(found))["differences"] == []
    assert alice


async def test_what_is_not_booked_yet_is_behind_and_no_difference(
    ledger: Ledger, alice: UUID
) -> None:
    await ledger.wallet.ask(transfer(alice, new_id(), 10))  # who opens a wallet, not heard of yet
    found = await reconciled(ledger)
    assert (found.wallets, found.behind, found.differences) == (3, 2, [])
    await ledger.read()
    found = await reconciled(ledger)
    assert (found.wallets, found.behind, found.differences) == (3, 0, [])


@pytest.mark.parametrize("is_stuck", [False, True])
async def test_a_wallet_that_was_read_of_and_has_no_account_is_unknown(
    ledger: Ledger, alice: UUID, *, is_stuck: bool
) -> None:
    [wallet] = await ledger.room.rows(
        "SELECT wallet_id AS id FROM account WHERE user_id = $1", alice
    )
    await spoilt(ledger, "DELETE FROM transaction WHERE user_id = $1", alice)
    await spoilt(ledger, "DELETE FROM account WHERE user_id = $1", alice)
    if is_stuck:  # it is not read of again, wherever the others are
        await spoilt(
            ledger, "UPDATE feed_position SET after = 0, stuck = ARRAY[$1::uuid]", wallet["id"]
        )
    found = await reconciled(ledger)
    [unknown] = found.differences
    assert (unknown.what, unknown.wallet_id) == ("unknown", wallet["id"])
    assert (unknown.expected, unknown.found, found.behind) == (3, 0, 0)


@pytest.mark.parametrize(
    ("statement", "whats"),
    [
        ("UPDATE account SET balance_minor = balance_minor + 7 WHERE user_id = $1", {"balance"}),
        (
            "UPDATE transaction SET amount_minor = -107 WHERE user_id = $1 AND movement_seq = 2",
            {"balance", "wallet", "movement"},
        ),
        (SWAPPED, {"movement"}),
        (
            "DELETE FROM transaction WHERE user_id = $1 AND movement_seq = 3",
            {"balance", "movements", "last_seq", "wallet", "movement"},
        ),
        (
            "DELETE FROM transaction WHERE user_id = $1 AND movement_seq = 2",
            {"balance", "movements", "wallet", "movement"},
        ),
    ],
)
async def test_each_difference_is_named_with_both_figures(
    ledger: Ledger, alice: UUID, statement: str, whats: set[str]
) -> None:
    await spoilt(ledger, statement, alice)
    found = await reconciled(ledger)
    assert {one.what for one in found.differences} == whats
    assert {one.user_id for one in found.differences} == {alice}
    assert all(one.expected != one.found for one in found.differences)
    table = as_table(found).splitlines()
    assert table[0].endswith(f"differences: {len(found.differences)}")
    assert len(table) == 2 + len(found.differences)
    assert str(alice) in table[2]
    assert {one["what"] for one in orjson.loads(as_json(found))["differences"]} == whats


async def test_where_wallet_is_away_nothing_is_proved(ledger: Ledger, alice: UUID) -> None:
    assert alice
    ledger.line.is_cut = True
    with pytest.raises(Unavailable):
        await reconciled(ledger)
