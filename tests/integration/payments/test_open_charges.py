"""What one person, or strangers, can fill of payments by card ends before it harms others."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import Room, opened

from kit.ids import new_id
from payments.providers.hints import PER_SECOND
from testkit.databases import Cluster

CARD = {"method": "card", "return_url": SHOP}
YOOKASSA = "https://yookassa.test/v3"


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, most_open_charges=3) as room:
        yield room


async def top_up(room: Room, owner: UUID) -> httpx.Response:
    now = int(room.desk.time.now().timestamp())
    token = room.desk.mint.service("wallet", iat=now, exp=now + 300)
    body = {"charge_id": str(new_id()), "owner_id": str(owner), "wallet_id": str(new_id())}
    wanted = {**body, "amount": "1.00", "currency": "RUB", "return_url": SHOP}
    headers = {"Authorization": f"Bearer {token}"}
    return await room.http.post("/internal/charges", json=wanted, headers=headers)


async def test_one_person_has_so_many_charges_under_way_and_others_are_not_harmed(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    cards = CardProvider(room, outside)
    ids = [await room.create(alice, bob) for _ in range(6)]
    answers = await asyncio.gather(*(room.pay(alice, one, json=CARD) for one in ids))
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 3
    refused = next(answer.json() for answer in answers if answer.status_code == 429)
    assert refused["code"] == "too_many_open_charges"
    assert (await top_up(room, alice)).json()["code"] == "too_many_open_charges"
    assert (await top_up(room, bob)).status_code == 202
    assert await room.count("charge") == 4
    paid = next(one for one, answer in zip(ids, answers, strict=True) if answer.is_success)
    late = next(one for one, answer in zip(ids, answers, strict=True) if not answer.is_success)
    assert await room.status(alice, late) == "created"
    await cards.tells("succeeded", paid)
    assert (await room.pay(alice, late, json=CARD)).status_code == 202


async def test_paying_again_what_is_under_way_is_no_further_charge(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    CardProvider(room, outside)
    ids = [await room.create(alice, bob) for _ in range(3)]
    for _ in range(2):
        for one in ids:
            assert (await room.pay(alice, one, json=CARD)).status_code == 202


@pytest.mark.check(57)
@pytest.mark.parametrize(
    "header", [None, "", "t=1,v1=00", "v1=00", "t=x,v1=00", "t=1,t=2", "x" * 5000]
)
async def test_a_webhook_that_bears_no_signature_of_now_is_refused_unread(
    room: Room, header: str | None
) -> None:
    headers = {} if header is None else {"Sandbox-Signature": header}
    answer = await room.http.post(
        "/v1/payments/webhooks/sandbox", content=b"x" * 100_000, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")


async def test_of_what_nobody_signs_so_much_is_looked_into_and_names_that_are_none_not_at_all(
    cluster: Cluster,
) -> None:
    keys = {"yookassa_shop_id": "shop", "yookassa_key": "test_key"}
    async with opened(cluster, provider="yookassa", yookassa_api=YOOKASSA, **keys) as room:

        async def tell(name: str) -> httpx.Response:
            told = {"type": "notification", "event": "payment.succeeded", "object": {"id": name}}
            return await room.http.post("/v1/payments/webhooks/yookassa", json=told)

        for name in ("a\x00b", "", "x" * 300, "\U0001f600"):
            assert (await tell(name)).status_code == 422
        answers = [await tell(f"y-{number}") for number in range(PER_SECOND + 2)]
        assert [one.status_code for one in answers] == [200] * PER_SECOND + [429] * 2
        assert answers[-1].json()["code"] == "too_many_requests"
        assert answers[-1].headers["retry-after"] == "1"
        room.clock.advance(1)
        assert (await tell("y-1")).status_code == 200
