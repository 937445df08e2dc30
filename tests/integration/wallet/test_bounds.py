"""What one person can fill ends at that person, never at what all share."""

import asyncio
from collections import Counter

from tests.integration.wallet.world import World, code, transfer

from contracts.wallet import TransferPosted
from kit.ids import new_id

LARGEST = "10000000000000.00"


async def test_a_person_ends_where_the_day_does_and_others_go_on(world: World) -> None:
    alice, bob = world.caller(), world.caller()
    card = {"amount": "0.01", "method": "card", "return_url": "https://shop.example/"}
    for _ in range(10):
        await alice.top_up(LARGEST)
    for refused in (
        await alice.post("/v1/wallets/top-up", {"amount": "0.01"}),
        await alice.post("/v1/wallets/top-up", card),
    ):
        assert code(refused) == (409, "too_many_top_ups")
    assert "100000000000000.00 RUB" in refused.json()["detail"]
    await alice.top_up("1.00", currency="USD")
    await bob.top_up(LARGEST)
    assert await world.figures(alice.user_id) == (10**16, 0)
    async with world.database.unit_of_work() as uow:
        await uow.execute("UPDATE top_up_day SET day = day - 1")
    await alice.top_up("0.01")
    await world.check_ledger()


async def test_money_paid_away_does_not_begin_the_day_anew(world: World) -> None:
    alice, bob = world.caller(), new_id()
    for _ in range(10):
        await alice.top_up(LARGEST)
        (posted,) = await world.ask(transfer(alice.user_id, bob, 10**15))
        assert isinstance(posted, TransferPosted)
    answer = await alice.post("/v1/wallets/top-up", {"amount": LARGEST})
    assert code(answer) == (409, "too_many_top_ups")


async def test_of_many_at_once_as_many_pass_as_the_day_has_room_for(world: World) -> None:
    alice = world.caller()
    for _ in range(8):
        await alice.top_up(LARGEST)
    answers = await asyncio.gather(
        *(alice.post("/v1/wallets/top-up", {"amount": LARGEST}) for _ in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 3}
    await world.check_ledger()


async def test_where_an_account_of_the_house_is_full_the_next_one_is_opened(world: World) -> None:
    await world.person("1.00")
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE account SET balance_minor = -8000000000000000000 WHERE kind = 'external'"
        )
    callers = [world.caller() for _ in range(8)]
    await asyncio.gather(*(caller.top_up("1.00") for caller in callers))
    rows = await world.rows(
        "SELECT generation, balance_minor FROM account WHERE kind = 'external' ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [(1, -8 * 10**18), (2, -800)]


async def test_wallets_of_one_owner_are_bounded_also_when_opened_at_once(world: World) -> None:
    alice, bob = world.caller(), world.caller()
    await alice.post("/v1/wallets", {"name": "first"})
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO account"
            " (id, owner_id, currency, kind, name, is_default, moved_at, created_at)"
            " SELECT gen_random_uuid(), $1, 'RUB', 'wallet', 'x', false, now(), now()"
            " FROM generate_series(1, 98)",
            alice.user_id,
        )
    answers = await asyncio.gather(
        *(alice.post("/v1/wallets", {"name": f"w{number}"}) for number in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 3}
    (refused,) = {code(answer) for answer in answers if answer.status_code != 201}
    assert refused == (409, "too_many_wallets")
    # A default wallet of a currency is always there to be paid into; there are as many as those.
    assert (await alice.post("/v1/wallets", {"name": "x", "currency": "USD"})).status_code == 201
    assert (await alice.get("/v1/wallets/me", currency="EUR")).status_code == 200
    assert (await bob.post("/v1/wallets", {"name": "x"})).status_code == 201
