import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.wallet.world import World

from kit import signatures
from kit.ids import new_id

SECRET = "development-secret-of-the-bank"


async def tell(
    world: World, *, secret: str = SECRET, age: float = 0, provider: str = "bank", **says: Any
) -> httpx.Response:
    body = {"transaction_id": "bank-1", "amount": "150.00", "currency": "RUB", **says}
    return await send(world, json.dumps(body).encode(), secret=secret, age=age, provider=provider)


async def send(
    world: World, raw: bytes, *, secret: str = SECRET, age: float = 0, provider: str = "bank"
) -> httpx.Response:
    at = world.database.clock.now() - timedelta(seconds=age)
    headers = {"Bank-Signature": signatures.sign(secret, raw, at)}
    path = f"/v1/wallets/webhooks/{provider}"
    return await world.http.post(path, content=raw, headers=headers)


async def balances(world: World) -> dict[str, int]:
    async with world.database.read() as connection:
        rows = await connection.fetch(
            "SELECT kind, sum(balance_minor) AS b FROM account GROUP BY 1"
        )
    return {row["kind"]: int(row["b"]) for row in rows}


async def numbered(world: World, wallet_id: UUID) -> int:
    async with world.database.read() as connection:
        number: int = await connection.fetchval(
            "SELECT number FROM account WHERE id = $1", wallet_id
        )
    return number


@pytest.fixture
async def wallet_id(world: World) -> UUID:
    return await world.fund(new_id(), "1.00")


async def test_a_credit_goes_to_the_wallet_by_id_or_by_number(
    world: World, wallet_id: UUID
) -> None:
    first = await tell(world, wallet_id=str(wallet_id))
    assert (first.status_code, first.json()["to"]) == (200, "wallet")
    number = await numbered(world, wallet_id)
    second = await tell(world, transaction_id="bank-2", wallet_number=number)
    assert (second.status_code, second.json()["to"]) == (200, "wallet")
    assert (await balances(world))["wallet"] == 100 + 2 * 15000


@pytest.mark.check(57)
async def test_a_transaction_told_many_times_at_once_is_booked_once(
    world: World, wallet_id: UUID
) -> None:
    answers = await asyncio.gather(*(tell(world, wallet_id=str(wallet_id)) for _ in range(12)))
    assert Counter(answer.status_code for answer in answers) == {200: 12}
    assert len({answer.json()["transfer_id"] for answer in answers}) == 1
    assert (await balances(world))["wallet"] == 100 + 15000


async def test_a_transaction_that_says_something_else_is_refused(
    world: World, wallet_id: UUID
) -> None:
    await tell(world, wallet_id=str(wallet_id))
    other = await tell(world, wallet_id=str(wallet_id), amount="151.00")
    assert (other.status_code, other.json()["code"]) == (409, "transaction_reused")
    assert (await balances(world))["wallet"] == 100 + 15000


@pytest.mark.parametrize("named", ["nobody's id", "nobody's number", "another currency"])
async def test_money_nobody_can_take_waits_in_suspense(
    world: World, wallet_id: UUID, named: str
) -> None:
    says: dict[str, dict[str, Any]] = {
        "nobody's id": {"wallet_id": str(new_id())},
        "nobody's number": {"wallet_number": 2**63 - 1},
        "another currency": {"wallet_id": str(wallet_id), "currency": "EUR"},
    }
    for _ in range(2):
        answer = await tell(world, **says[named])
        assert (answer.status_code, answer.json()["to"]) == (200, "suspense")
    found = await balances(world)
    assert (found["wallet"], found["suspense"], found["external"]) == (100, 15000, -15100)


@pytest.mark.check(57)
async def test_what_is_not_signed_by_the_bank_is_refused_and_nothing_is_stored(
    world: World, wallet_id: UUID
) -> None:
    named = {"wallet_id": str(wallet_id)}
    for refused in (
        await tell(world, secret="of somebody else", **named),
        await tell(world, age=301, **named),
        await tell(world, age=-301, **named),
        await world.http.post("/v1/wallets/webhooks/bank", content=b"{}"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (401, "webhook_refused")
    assert (await tell(world, provider="other", **named)).status_code == 404
    assert (await balances(world))["wallet"] == 100


@pytest.mark.parametrize(
    ("says", "pointer"),
    [
        ({}, ""),
        ({"wallet_number": 0}, "/wallet_number"),
        ({"wallet_number": 2**63}, "/wallet_number"),
        ({"wallet_id": "x"}, "/wallet_id"),
        ({"wallet_number": 1, "amount": "0"}, "/amount"),
        ({"wallet_number": 1, "amount": 1}, "/amount"),
        ({"wallet_number": 1, "transaction_id": "a b"}, "/transaction_id"),
        ({"wallet_number": 1, "balance": "1"}, "/balance"),
    ],
)
async def test_a_signed_body_with_bad_values_is_refused_by_name(
    world: World, says: dict[str, Any], pointer: str
) -> None:
    answer = await tell(world, **says)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_signed_body_that_can_not_be_read_is_refused(world: World) -> None:
    assert (await send(world, b"{")).status_code == 400
