"""API keys that are held to wallets, or to an amount of a day: exact, and of this key alone."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import Room

from kit.ids import new_id

READ_AND_WRITE = "payments:read payments:write"


class KeyHolder:
    """A program that acts as a payer by an API key."""

    def __init__(self, room: Room, owner: UUID, **bounds: Any) -> None:
        self.id = new_id()  # the room keeps a token for each of those who ask
        now = int(room.desk.time.now().timestamp())
        claims = {"scope": READ_AND_WRITE, "sid": str(new_id()), "auth_time": 0, "amr": ["key"]}
        room.tokens[self.id] = room.desk.mint.user(
            owner, iat=now, exp=now + 300, **(claims | bounds)
        )


def per_day(amount: int, currency: str = "RUB") -> dict[str, Any]:
    return {"per_day": {"minor": amount, "currency": currency}}


async def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_of_twenty_at_once_exactly_as_many_are_paid_as_fit_the_day_of_a_key(
    room: Room, alice: UUID, bob: UUID
) -> None:
    key = KeyHolder(room, alice, **per_day(35_00))
    made = [await room.create(alice, bob, "5.00") for _ in range(20)]
    answers = await asyncio.gather(*(room.pay(key.id, one) for one in made))
    assert Counter(answer.status_code for answer in answers) == {202: 7, 403: 13}
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 403}
    assert codes == {"key_limit_exceeded"}
    left = [one for one, answer in zip(made, answers, strict=True) if answer.status_code == 403]
    assert (await room.pay(alice, left[0])).status_code == 202  # not by the key
    other = KeyHolder(room, alice, **per_day(5_00))
    assert (await room.pay(other.id, left[1])).status_code == 202
    room.clock.advance(timedelta(days=1).total_seconds())
    tomorrow = KeyHolder(room, alice, **per_day(35_00))
    again = await room.create(alice, bob, "35.00")
    assert (await room.pay(tomorrow.id, again)).status_code == 202


async def test_creating_with_confirm_counts_too_and_paying_twice_counts_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    key = KeyHolder(room, alice, **per_day(10_00))
    body = {"payee": {"user_id": str(bob)}, "amount": "6.00", "confirm": True}
    first = await room.post(key.id, "/v1/payments", json=body)
    assert first.status_code == 202
    again = await room.pay(key.id, UUID(first.json()["id"]))
    assert again.status_code == 202
    refused = await room.post(key.id, "/v1/payments", json=body)
    assert await code_of(refused) == (403, "key_limit_exceeded")
    assert "10.00 RUB" in refused.json()["detail"]
    fits = await room.post(key.id, "/v1/payments", json=body | {"amount": "4.00"})
    assert fits.status_code == 202


async def test_a_key_with_an_amount_pays_in_its_currency_alone(
    room: Room, alice: UUID, bob: UUID
) -> None:
    key = KeyHolder(room, alice, **per_day(10_00, "USD"))
    made = await room.create(alice, bob, "1.00")
    assert await code_of(await room.pay(key.id, made)) == (403, "key_limit_exceeded")
    assert await room.count("key_day") == 0


@pytest.mark.parametrize("bounds", [per_day(10_00), {"wallet_ids": [str(new_id())]}])
async def test_a_bounded_key_sends_no_bulk(
    room: Room, alice: UUID, bob: UUID, bounds: dict[str, Any]
) -> None:
    key = KeyHolder(room, alice, **bounds)
    rows = [{"payee": {"user_id": str(bob)}, "amount": "1.00"}]
    answer = await room.post(key.id, "/v1/payments/bulk", json=rows)
    assert await code_of(answer) == (403, "key_bounded")


async def test_a_key_with_an_amount_schedules_nothing(room: Room, alice: UUID, bob: UUID) -> None:
    key = KeyHolder(room, alice, **per_day(10_00))
    later = (room.clock.now() + timedelta(days=2)).isoformat()
    body = {"payee": {"user_id": str(bob)}, "amount": "1.00", "execute_at": later}
    for path in ("/v1/payments", "/v1/payments/quote"):
        assert await code_of(await room.post(key.id, path, json=body)) == (403, "key_bounded")


async def test_a_key_bound_to_a_wallet_pays_from_no_other(
    room: Room, alice: UUID, bob: UUID
) -> None:
    mine, other = await room.opens(alice), await room.opens(alice)
    key = KeyHolder(room, alice, wallet_ids=[str(mine)])
    body = {"payee": {"user_id": str(bob)}, "amount": "1.00"}
    for named in ({}, {"from_wallet_id": str(other)}, {"from_wallet_id": str(new_id())}):
        for path in ("/v1/payments", "/v1/payments/quote"):
            answer = await room.post(key.id, path, json=body | named)
            assert await code_of(answer) == (404, "wallet_not_found")
    made = await room.post(key.id, "/v1/payments", json=body | {"from_wallet_id": str(mine)})
    assert made.status_code == 201
    assert (await room.pay(key.id, UUID(made.json()["id"]))).status_code == 202


async def test_payments_of_another_wallet_are_as_missing_to_a_key(
    room: Room, alice: UUID, bob: UUID
) -> None:
    mine, other = await room.opens(alice), await room.opens(alice)
    key = KeyHolder(room, alice, wallet_ids=[str(mine)])
    hidden = [
        await room.create(alice, bob, "1.00", from_wallet_id=str(other)),
        await room.create(alice, bob, "1.00"),
        new_id(),
    ]
    for payment_id in hidden:
        for method, path in (
            ("GET", ""),
            ("GET", "/timeline"),
            ("GET", "/events"),
            ("POST", "/pay"),
            ("POST", "/cancel"),
        ):
            answer = await room.ask(key.id, method, f"/v1/payments/{payment_id}{path}")
            assert await code_of(answer) == (404, "payment_not_found")
    assert await room.status(alice, hidden[0]) == "created"
    seen = await room.create(alice, bob, "1.00", from_wallet_id=str(mine))
    assert await room.status(key.id, seen) == "created"
    assert (await room.cancel(key.id, seen)).status_code == 200


async def test_a_key_bound_to_a_wallet_lists_by_that_wallet(
    room: Room, alice: UUID, bob: UUID
) -> None:
    mine, other = await room.opens(alice), await room.opens(alice)
    key = KeyHolder(room, alice, wallet_ids=[str(mine)])
    seen = await room.create(alice, bob, "1.00", from_wallet_id=str(mine))
    await room.create(alice, bob, "2.00", from_wallet_id=str(other))
    for path in ("/v1/payments", "/v1/payments/export.csv"):
        for named in ({}, {"wallet_id": str(other)}):
            answer = await room.get(key.id, path, **named)
            assert await code_of(answer) == (404, "wallet_not_found")
        assert (await room.get(key.id, path, wallet_id=str(mine))).status_code == 200
    listed = (await room.get(key.id, "/v1/payments", wallet_id=str(mine))).json()["items"]
    assert [one["id"] for one in listed] == [str(seen)]
    for path in ("/v1/payments/events", "/v1/payments/bulk", f"/v1/payments/bulk/{new_id()}"):
        assert await code_of(await room.get(key.id, path)) == (403, "key_bounded")
