"""A merchant's money lies on an account of its own kind, in each currency, opened on first need."""

from msgspec.structs import replace
from tests.integration.wallet.world import World, capture, place, transfer

from contracts.wallet import (
    HOUSE,
    SHOP,
    AccountRef,
    HoldPlaced,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.ids import new_id
from testkit.pump import sent

_ACCOUNTS = "SELECT kind, name, currency, is_default FROM account WHERE owner_id = $1 ORDER BY 3"


async def test_what_a_merchant_first_gets_opens_its_account(world: World) -> None:
    alice = await world.person("1000.00")
    await world.empty_outbox()
    (reply,) = await world.ask(transfer(alice, SHOP, 15_000))
    assert isinstance(reply, TransferPosted)
    assert await world.figures(SHOP) == (15_000, 0)
    [account] = await world.rows(_ACCOUNTS, SHOP)
    assert tuple(account) == ("merchant", "Merchant", "RUB", True)
    (opened,) = await sent(world.database, WalletOpened)
    assert isinstance(opened.message, WalletOpened)
    assert (opened.message.owner_id, opened.message.is_default) == (SHOP, True)
    await world.check_ledger()


async def test_it_has_an_account_in_each_currency_and_people_keep_their_wallets(
    world: World,
) -> None:
    alice = await world.person("10.00")
    await world.fund(alice, "10.00", "USD")
    await world.ask(
        transfer(alice, SHOP, 100),
        transfer(alice, SHOP, 200, currency="USD"),
        transfer(alice, new_id(), 100),
    )
    assert [(row[0], row[2]) for row in await world.rows(_ACCOUNTS, SHOP)] == [
        ("merchant", "RUB"),
        ("merchant", "USD"),
    ]
    assert {row[0] for row in await world.rows(_ACCOUNTS, alice)} == {"wallet"}
    await world.check_ledger()


async def test_many_commands_at_once_open_it_once_and_all_are_posted(world: World) -> None:
    payers = [await world.person("1.00") for _ in range(40)]
    commands = [transfer(payer, SHOP, 100) for payer in payers]
    await world.ask_in_parallel(commands, batch=8)
    assert {type(reply) for reply in await world.replies(*commands)} == {TransferPosted}
    assert await world.figures(SHOP) == (4_000, 0)
    assert len(await world.rows(_ACCOUNTS, SHOP)) == 1
    await world.check_ledger()


async def test_a_batch_to_it_takes_as_many_statements_as_one_command(world: World) -> None:
    payers = [await world.person("1.00") for _ in range(31)]
    first, *others = [transfer(payer, SHOP, 100) for payer in payers]
    await world.ask(first)

    async def statements(*commands: object) -> int:
        before = world.database.statements
        await world.worker.handle([world.pack(*commands)])  # type: ignore[arg-type]
        return world.database.statements - before

    assert await statements(others[0]) == await statements(*others[1:])


async def test_held_money_is_captured_for_it_and_it_gives_refunds(world: World) -> None:
    alice = await world.person("10.00")
    placed = place(alice, 300)
    (held,) = await world.ask(placed)
    assert isinstance(held, HoldPlaced)
    await world.ask(capture(placed, SHOP))
    assert await world.figures(SHOP) == (300, 0)
    (back,) = await world.ask(transfer(SHOP, alice, 200, kind="refund"))
    assert isinstance(back, TransferPosted)
    assert await world.figures(SHOP) == (100, 0)
    (refused,) = await world.ask(transfer(SHOP, alice, 101, kind="refund"))
    assert isinstance(refused, TransferRefused)
    assert refused.code == "insufficient_funds"
    await world.check_ledger()


async def test_it_owes_what_a_bank_took_back_and_later_income_pays_that(world: World) -> None:
    alice = await world.person("10.00")
    await world.ask(transfer(alice, SHOP, 300))
    chargeback = replace(
        transfer(SHOP, HOUSE, 500, kind="chargeback", is_owed=True),
        payee=AccountRef(owner_id=HOUSE, provider="sandbox"),
    )
    (posted,) = await world.ask(chargeback)
    assert isinstance(posted, TransferPosted)
    assert posted.owed_minor == 200
    assert await world.owes(SHOP) == 200
    await world.ask(transfer(alice, SHOP, 250))
    assert (await world.figures(SHOP), await world.owes(SHOP)) == ((50, 0), 0)
    await world.check_ledger()


async def test_administrators_see_it_and_move_its_money_by_hand(world: World) -> None:
    alice = await world.person("10.00")
    await world.ask(transfer(alice, SHOP, 300))
    first, second = world.caller(admin=True), world.caller(admin=True)
    listed = await first.get("/v1/wallets", owner_id=str(SHOP))
    [found] = listed.json()["items"]
    assert (found["name"], found["balance"]["amount"]) == ("Merchant", "3.00")
    made = await first.post(
        "/v1/ledger/adjustments",
        {
            "from": {"wallet_id": found["id"]},
            "to": {"house": "fees"},
            "amount": "1.00",
            "currency": "RUB",
            "reason": "Paid out",
        },
    )
    assert made.status_code == 201, made.text
    confirmed = await second.post(f"/v1/ledger/adjustments/{made.json()['id']}/confirm")
    assert confirmed.status_code == 200, confirmed.text
    assert await world.figures(SHOP) == (200, 0)
    await world.check_ledger()


async def test_nobody_else_sees_it(world: World) -> None:
    alice = await world.person("10.00")
    await world.ask(transfer(alice, SHOP, 300))
    row = await world.row("SELECT id FROM account WHERE owner_id = $1", SHOP)
    stranger = world.caller()
    for path, query in (("/v1/wallets", {"owner_id": str(SHOP)}), (f"/v1/wallets/{row['id']}", {})):
        assert (await stranger.get(path, **query)).status_code == 404
