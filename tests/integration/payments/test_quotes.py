"""A quote decides as paying would, says why not, and leaves nothing behind."""

from typing import Any
from uuid import UUID

import pytest
import respx
from tests.integration.payments.room import AUTH, WALLET, Room
from tests.integration.payments.test_limits import limit


@pytest.fixture
def purse(outside: respx.MockRouter, alice: UUID) -> respx.Route:
    outside.post(f"{AUTH}/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )
    outside.get(f"{AUTH}/internal/users").respond(404)
    return holds(outside.get(f"{WALLET}/internal/accounts"), alice, 100_000)


def holds(route: respx.Route, owner: UUID, minor: int, status: str = "active") -> respx.Route:
    account = {"id": str(owner), "owner_id": str(owner), "currency": "RUB", "status": status}
    return route.respond(json={**account, "available_minor": minor})


async def quote(room: Room, caller: UUID, payee: Any, amount: str) -> dict[str, Any]:
    body = {"payee": payee, "amount": amount}
    before = await room.count("outbox")  # limits that an administrator has set are told of
    answer = await room.post(caller, "/v1/payments/quote", json=body)
    assert answer.status_code == 200, answer.text
    assert (await room.count("payment"), await room.count("outbox")) == (0, before)
    found: dict[str, Any] = answer.json()
    return found


async def test_it_says_what_would_be_paid_and_left(
    room: Room, alice: UUID, bob: UUID, purse: respx.Route
) -> None:
    assert await quote(room, alice, {"username": "bob"}, "150.5") == {
        "would": "pay",
        "code": None,
        "detail": None,
        "amount": "150.50",
        "fee": "0.00",
        "currency": "RUB",
        "payee": {"user_id": str(bob), "username": "bob"},
        "is_checked": False,
        "available_after": "849.50",
    }
    assert (await quote(room, alice, {"username": "bob"}, "1000.00"))["is_checked"]


async def test_it_says_why_not(room: Room, alice: UUID, bob: UUID, purse: respx.Route) -> None:
    to_bob = {"username": "bob"}

    async def code(payee: Any = to_bob, amount: str = "10.00") -> str:
        found = await quote(room, alice, payee, amount)
        assert (found["would"], found["available_after"]) == ("refuse", None)
        assert found["detail"]
        return str(found["code"])

    assert await code({"username": "nobody"}) == "payee_not_found"
    assert await code({"username": "alice"}) == "payee_is_payer"
    assert await code(amount="1000.01") == "insufficient_funds"
    holds(purse, alice, 100_000, "frozen")
    assert await code() == "wallet_frozen"
    purse.respond(404)
    assert await code() == "insufficient_funds"
    await limit(room, alice, per_payment="9.99")
    assert await code() == "limit_per_payment"
    await limit(room, alice, per_day="9.99")
    assert await code() == "limit_per_day"


async def test_malformed_bodies_and_silent_neighbours_are_refused(
    room: Room, alice: UUID, bob: UUID, purse: respx.Route
) -> None:
    purse.respond(503)
    body = {"payee": {"username": "bob"}, "amount": "1.00"}
    answer = await room.post(alice, "/v1/payments/quote", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    answer = await room.post(alice, "/v1/payments/quote", json={**body, "amount": "-1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
