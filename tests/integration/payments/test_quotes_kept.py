"""A quote says what paying then does: both are tried in many situations, and compared."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import AUTH, WALLET, Room
from tests.integration.payments.test_limits import limit
from tests.integration.payments.test_paid_services import change, offer
from tests.integration.payments.test_rules_at_payment import carried_out, told

from contracts.wallet import CaptureHold, PlaceHold, Transfer
from kit.messaging.messages import Command

AMOUNT = 5_000


@dataclass
class Bank:
    """What the wallets hold; answers look-ups and commands alike."""

    payer: UUID
    available: int = 100_000
    room: int = 10**18
    is_frozen: bool = False

    def look_up(self, request: httpx.Request) -> httpx.Response:
        owner = request.url.params["owner_id"]
        is_payer = owner == str(self.payer)
        found = {
            "id": owner,
            "owner_id": owner,
            "currency": request.url.params["currency"],
            "status": "frozen" if is_payer and self.is_frozen else "active",
            "available_minor": self.available if is_payer else 0,
            "room_minor": 10**18 if is_payer else self.room,
        }
        return httpx.Response(200, json=found)

    def refuses(self, command: Command) -> str | None:
        if isinstance(command, Transfer | PlaceHold):
            if self.is_frozen:
                return "wallet_frozen"
            if command.amount_minor > self.available:
                return "insufficient_funds"
        if isinstance(command, Transfer | CaptureHold) and command.amount_minor > self.room:
            return "balance_limit"
        return None


@pytest.fixture
def bank(room: Room, outside: respx.MockRouter, alice: UUID) -> Bank:
    outside.post(f"{AUTH}/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )
    outside.get(f"{AUTH}/internal/users").respond(404)
    bank = Bank(alice)
    outside.get(f"{WALLET}/internal/accounts").mock(side_effect=bank.look_up)
    room.wallet.refuses = bank.refuses
    return bank


async def quoted(room: Room, payer: UUID, body: dict[str, Any]) -> str | None:
    answer = await room.post(payer, "/v1/payments/quote", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["would"] == "pay") == (answer.json()["code"] is None)
    return None if answer.json()["code"] is None else str(answer.json()["code"])


async def tried(room: Room, payer: UUID, body: dict[str, Any], seconds: float) -> str | None:
    """Create and pay it, or let its time come; returns what it was refused or failed with."""
    made = await room.post(payer, "/v1/payments", json=body)
    if made.status_code != 201:
        return str(made.json()["code"])
    payment_id = UUID(made.json()["id"])
    await room.settle()
    if "execute_at" in body:
        room.clock.advance(seconds)
        room.tokens.clear()
        await carried_out(room)
    else:
        answer = await room.pay(payer, payment_id)
        if answer.status_code != 202:
            return str(answer.json()["code"])
        await room.settle()
    seen = await room.seen(payer, payment_id)
    assert seen["status"] in ("paid", "failed")
    return None if seen["failure_reason"] is None else str(seen["failure_reason"])


# hours ahead, spent today, planned before it, limits, money, room, frozen
SITUATIONS = [
    *product((None, 1, 24), (0, 60_00), (0, 60_00), ((None, "100.00"),), (100_000,), (10**18,)),
    *product((None, 24), (0,), (0,), (("49.99", None), ("50.00", "50.00")), (100_000,), (10**18,)),
    *product((None, 24), (0,), (0,), ((None, None),), (4_999, 5_000), (4_999, 5_000)),
]


@pytest.mark.parametrize(
    ("hours", "spent", "planned", "limits", "available", "space"),
    SITUATIONS,
)
async def test_what_is_quoted_is_what_becomes_of_it(  # noqa: PLR0913 - a situation
    room: Room,
    alice: UUID,
    bob: UUID,
    bank: Bank,
    *,
    hours: int | None,
    spent: int,
    planned: int,
    limits: tuple[str | None, str | None],
    available: int,
    space: int,
) -> None:
    await limit(room, alice, per_day="1000.00")
    if spent:
        await room.pay(alice, await room.create(alice, bob, f"{spent / 100:.2f}"))
    body: dict[str, Any] = {"payee": {"user_id": str(bob)}, "amount": "50.00"}
    at = room.clock.now() + timedelta(hours=hours or 0)
    if hours is not None:
        body["execute_at"] = at.isoformat()
    if planned and hours is not None:
        before = (at - timedelta(minutes=10)).isoformat()
        await room.create(alice, bob, f"{planned / 100:.2f}", execute_at=before)
    await room.settle()
    bank.available, bank.room = available, space
    await limit(room, alice, per_payment=limits[0], per_day=limits[1])
    verdict = await quoted(room, alice, body)
    assert await tried(room, alice, body, 3600 * (hours or 0)) == verdict


@pytest.mark.parametrize("hours", [None, 24])
@pytest.mark.parametrize(
    "trouble", ["none", "frozen", "payee", "service", "price", "currency", "whole", "past"]
)
async def test_what_is_quoted_of_a_service_is_what_becomes_of_it(  # noqa: PLR0913 - a situation
    room: Room, alice: UUID, bob: UUID, bank: Bank, *, trouble: str, hours: int | None
) -> None:
    service = await offer(room, bob, price="50.00")
    body: dict[str, Any] = {"payee": {"service_id": service["id"]}}
    if hours is not None:
        body["execute_at"] = (room.clock.now() + timedelta(hours=hours)).isoformat()
    if trouble == "frozen":
        bank.is_frozen = True
    elif trouble == "payee":
        await told(room, bob, "bob", "disabled", 2)
    elif trouble == "service":
        await change(room, bob, service["id"], is_active=False)
    elif trouble == "past":
        body["execute_at"] = room.clock.now().isoformat()
    body |= {
        "price": {"amount": "49.99"},
        "currency": {"currency": "USD"},
        "whole": {"amount": "50"},
    }.get(trouble, {})
    verdict = await quoted(room, alice, body)
    assert (verdict is None) == (trouble in ("none", "whole"))
    if verdict is None:
        return  # outside checks are not foreseen
    assert await tried(room, alice, body, 3600 * (hours or 0)) == verdict


@pytest.mark.parametrize(("space", "code"), [(4_999, "balance_limit"), (5_000, None)])
async def test_a_payee_at_the_balance_limit_is_foreseen_by_card_too(  # noqa: PLR0913
    room: Room, alice: UUID, bob: UUID, bank: Bank, *, space: int, code: str | None
) -> None:
    bank.available, bank.room = 0, space
    body = {
        "payee": {"user_id": str(bob)},
        "amount": "50.00",
        "method": "card",
        "confirm": True,
        "return_url": "https://shop.example/thanks",
    }
    assert await quoted(room, alice, body) == code
