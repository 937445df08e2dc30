"""Deleted owners: closed while empty, and what comes later waits in suspense."""

import asyncio
from uuid import UUID

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.integration.wallet.test_bank_credits import tell
from tests.integration.wallet.world import World, capture, code, place, transfer

from contracts.wallet import (
    HOUSE,
    AccountRef,
    HoldRefused,
    TransferPosted,
    TransferRefused,
    WalletNotEmpty,
)
from kit.ids import new_id
from wallet.service.owners import close_owner, reopen_owner

ALARM = "closed_owners_money_in_suspense"


async def close(world: World, owner: UUID) -> None:
    async with world.database.unit_of_work() as uow:
        await close_owner(uow, owner)


async def reopen(world: World, owner: UUID) -> None:
    async with world.database.unit_of_work() as uow:
        await reopen_owner(uow, owner)


async def in_suspense(world: World) -> int:
    row = await world.row(
        "SELECT coalesce(sum(balance_minor), 0) FROM account"
        " WHERE kind = 'suspense' AND name = 'closed_owners'"
    )
    return int(row[0])


async def test_an_owner_with_something_is_not_closed_and_hears_what_it_is(world: World) -> None:
    alice, bob = await world.person("10.00"), await world.person("5.00")
    await world.ask(place(alice, 300), transfer(bob, new_id(), 700, is_owed=True))
    for owner, expected in ((alice, ["balance", "held"]), (bob, ["owed"])):
        with pytest.raises(WalletNotEmpty) as caught:
            await close(world, owner)
        assert [fault.code for fault in caught.value.errors] == expected
    assert "owes 2.00 RUB." in caught.value.errors[0].detail("en")
    assert "долг 2.00 RUB." in caught.value.errors[0].detail("ru")
    assert await world.count("closed_owner") == 0
    assert await world.rows("SELECT id FROM account WHERE status <> 'active'") == []


@pytest.mark.parametrize("had_a_wallet", [True, False])
async def test_a_late_payment_reaches_suspense_and_succeeds_for_the_payer(
    world: World, *, had_a_wallet: bool
) -> None:
    alice, gone = await world.person("10.00"), new_id()
    if had_a_wallet:
        await world.ask(transfer(alice, gone, 100), transfer(gone, alice, 100))
    placed = place(alice, 300)
    await world.ask(placed)
    await close(world, gone)
    with capture_logs() as logs:
        replies = await world.ask(transfer(alice, gone, 200), capture(placed, gone))
    assert all(isinstance(reply, TransferPosted) for reply in replies)
    assert await world.figures(alice) == (500, 0)
    assert await world.figures(gone) == (0, 0)
    assert await in_suspense(world) == 500
    waiting = await world.row("SELECT id FROM account WHERE kind = 'suspense'")
    assert {reply.payee_account_id for reply in replies} == {waiting["id"]}  # type: ignore[attr-defined]
    meant = await world.row("SELECT id FROM account WHERE owner_id = $1", gone)
    rows = await world.rows(
        "SELECT meant_account_id FROM transfer WHERE meant_account_id = $1", *meant
    )
    assert len(rows) == 2
    assert [line["event"] for line in logs].count(ALARM) == 2
    await world.check_ledger()


async def test_a_banks_credit_for_a_closed_wallet_is_in_suspense(world: World) -> None:
    gone = world.caller()
    wallet = (await gone.get("/v1/wallets/me")).json()
    await close(world, gone.user_id)
    for _ in range(2):
        answer = await tell(world, wallet_id=wallet["id"])
        assert (answer.status_code, answer.json()["to"]) == (200, "suspense")
    assert await in_suspense(world) == 15_000
    await world.check_ledger()


async def test_a_closed_wallet_is_used_by_nobody_and_shown_as_closed(world: World) -> None:
    gone, admin = world.caller(), world.caller(admin=True)
    wallet = (await gone.get("/v1/wallets/me")).json()
    await close(world, gone.user_id)
    assert (await gone.get("/v1/wallets/me")).json()["status"] == "closed"
    # Also in a currency of which there was no wallet.
    assert (await gone.get("/v1/wallets/me", currency="USD")).json()["status"] == "closed"
    for refused in (
        await gone.post("/v1/wallets/top-up", {"amount": "1.00"}),
        await gone.post("/v1/wallets/top-up", {"amount": "1.00", "wallet_id": wallet["id"]}),
        await gone.post(
            "/v1/wallets/top-up",
            {"amount": "1.00", "method": "card", "return_url": "https://shop.example/"},
        ),
        await gone.post("/v1/wallets", {"name": "More", "currency": "EUR"}),
        await admin.post(f"/v1/wallets/{wallet['id']}/freeze"),
        await admin.post(f"/v1/wallets/{wallet['id']}/unfreeze"),
    ):
        assert code(refused) == (409, "wallet_closed")
    held, moved = await world.ask(place(gone.user_id), transfer(gone.user_id, new_id()))
    assert isinstance(held, HoldRefused)
    assert isinstance(moved, TransferRefused)
    assert held.code == moved.code == "wallet_not_found"


async def test_who_is_reopened_is_as_before_frozen_wallets_too(world: World) -> None:
    owner, admin = world.caller(), world.caller(admin=True)
    first = (await owner.get("/v1/wallets/me")).json()["id"]
    second = (await owner.get("/v1/wallets/me", currency="USD")).json()["id"]
    await admin.post(f"/v1/wallets/{second}/freeze")
    for _ in range(2):
        await close(world, owner.user_id)
    for _ in range(2):
        await reopen(world, owner.user_id)
    shown = (await owner.get("/v1/wallets")).json()["items"]
    assert {one["id"]: one["status"] for one in shown} == {first: "active", second: "frozen"}
    assert (await owner.top_up("1.00"))["balance"]["amount"] == "1.00"


async def test_a_chargeback_reaches_who_is_deleted_as_a_debt(world: World) -> None:
    gone, payer = new_id(), await world.person("10.00")
    await close(world, gone)
    (posted,) = await world.ask(transfer(gone, new_id(), 500, is_owed=True))
    assert isinstance(posted, TransferPosted)
    assert posted.owed_minor == 500
    await close(world, gone)  # closed already, whatever is owed since
    await world.ask(transfer(payer, gone, 200))
    assert await world.owes(gone) == 300
    assert await in_suspense(world) == 0
    await world.check_ledger()


async def test_what_a_provider_gives_back_to_who_is_deleted_waits_in_suspense(
    world: World,
) -> None:
    gone = new_id()
    await close(world, gone)
    back = transfer(new_id(), gone, 500, kind="chargeback_reversal")
    clearing = AccountRef(owner_id=HOUSE, provider="cards")
    (posted,) = await world.ask(replace(back, payer=clearing))
    assert isinstance(posted, TransferPosted)
    assert await in_suspense(world) == 500
    await world.check_ledger()


async def test_closing_and_paying_at_once_never_strands_money(world: World) -> None:
    payer = await world.person("100.00")
    owners = [new_id() for _ in range(12)]
    pays = [transfer(payer, owner, 100) for owner in owners]
    closings = [asyncio.gather(close(world, owner), return_exceptions=True) for owner in owners]
    await asyncio.gather(world.ask_in_parallel(pays, batch=3), *closings)
    for owner in owners:
        row = await world.row(
            "SELECT status, balance_minor FROM account WHERE owner_id = $1", owner
        )
        assert tuple(row) in {("active", 100), ("closed", 0)}
    closed = await world.count("closed_owner")
    assert await in_suspense(world) == 100 * closed
    await world.check_ledger()


async def test_auth_closes_and_reopens_over_http(world: World) -> None:
    alice, auth = world.caller(), world.service_client()
    path = f"/internal/owners/{alice.user_id}"
    wallet = await alice.top_up("428.90")
    refused = await auth.post(f"{path}/close")
    assert code(refused) == (409, "wallet_not_empty")
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (f"/wallets/{wallet['id']}", "balance")
    assert "428.90 RUB" in fault["detail"]
    assert (await alice.get(f"/v1/wallets/{wallet['id']}")).json()["status"] == "active"
    bob = world.caller()
    for verb in ("close", "close", "reopen", "reopen", "close"):
        assert (await auth.post(f"/internal/owners/{bob.user_id}/{verb}")).status_code == 204
    assert code(await alice.post(f"{path}/close")) == (403, "forbidden")


async def test_closing_and_topping_up_over_http_never_both_happen(world: World) -> None:
    """Many pairs at once: nobody is closed with money, and no top-up of a closed one is lost."""
    people, auth = [world.caller() for _ in range(25)], world.service_client()
    answers = await asyncio.gather(
        *(
            call
            for one in people
            for call in (
                one.post("/v1/wallets/top-up", {"amount": "1.00"}),
                auth.post(f"/internal/owners/{one.user_id}/close"),
            )
        )
    )
    for one, topped, closed in zip(people, answers[::2], answers[1::2], strict=True):
        assert (topped.status_code, closed.status_code) in {(201, 409), (409, 204)}
        rows = await world.rows(
            "SELECT status, balance_minor FROM account WHERE owner_id = $1", one.user_id
        )
        expected = [("active", 100)] if closed.status_code == 409 else [("closed", 0)]
        assert [tuple(row) for row in rows] in (expected, [])
    await world.check_ledger()
