"""Cards beside the other ways: limits, create-and-pay, reserved and scheduled payments, quotes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import AUTH, WALLET, Room
from tests.integration.payments.test_limits import limit, used

CARD = {"method": "card", "return_url": SHOP}
SCHEDULED = {"execute_at": "2026-02-28T09:00:00Z"}


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def create(room: Room, payer: UUID, payee: UUID, **options: Any) -> httpx.Response:
    headers = options.pop("headers", {})
    body = {"payee": {"user_id": str(payee)}, "amount": "10.00", **options}
    return await room.post(payer, "/v1/payments", json=body, headers=headers)


class TestLimits:
    async def test_a_card_payment_above_the_limit_is_refused_and_charges_nothing(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        await limit(room, alice, per_payment="9.99")
        payment_id = await room.create(alice, bob, "10.00")
        refused = await room.pay(alice, payment_id, json=CARD)
        assert (refused.status_code, refused.json()["code"]) == (403, "limit_per_payment")
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["method"]) == ("created", "wallet")
        assert (await room.count("charge"), cards.seen) == (0, [])

    async def test_a_day_counts_what_is_paid_by_card_and_gives_back_what_is_declined(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        await limit(room, alice, per_day="15.00")
        by_card = await room.create(alice, bob, "10.00")
        assert (await room.pay(alice, by_card, json=CARD)).status_code == 202
        assert await used(room, alice) == "10.00"
        from_wallet = await room.create(alice, bob, "10.00")
        refused = await room.pay(alice, from_wallet)
        assert (refused.status_code, refused.json()["code"]) == (403, "limit_per_day")
        await cards.tells("failed", by_card, reason="card_declined")
        await room.settle()
        assert await used(room, alice) == "0.00"
        assert (await room.pay(alice, from_wallet)).status_code == 202


class TestCreateAndPay:
    async def test_one_call_creates_and_says_where_the_card_is_entered(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        answer = await create(room, alice, bob, confirm=True, **CARD)
        assert answer.status_code == 202, answer.text
        made = answer.json()
        assert (made["status"], made["method"]) == ("processing", "card")
        assert made["next_action"] == {"type": "redirect", "url": "https://cards.test/card_1"}
        await cards.tells("succeeded", UUID(made["id"]))
        await room.settle()
        assert await room.status(alice, UUID(made["id"])) == "paid"

    async def test_a_repeated_call_creates_and_charges_once(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        key = {"Idempotency-Key": "once"}
        first = await create(room, alice, bob, confirm=True, headers=key, **CARD)
        again = await create(room, alice, bob, confirm=True, headers=key, **CARD)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.json() == first.json()
        assert (await room.count("payment"), len(cards.seen)) == (1, 1)

    async def test_a_refused_limit_leaves_neither_payment_nor_charge(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        await limit(room, alice, per_payment="9.99")
        refused = await create(room, alice, bob, confirm=True, **CARD)
        assert (refused.status_code, refused.json()["code"]) == (403, "limit_per_payment")
        assert await room.count("payment") == await room.count("charge") == 0

    @pytest.mark.parametrize("way", [{}, {"reserve": True}, SCHEDULED])
    async def test_a_card_is_not_charged_later(
        self, room: Room, alice: UUID, bob: UUID, way: dict[str, Any]
    ) -> None:
        refused = await create(room, alice, bob, **way, **CARD)
        assert refused.status_code == 422
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/method", "card_needs_confirm")
        assert await room.count("payment") == 0

    async def test_a_card_needs_a_way_back(self, room: Room, alice: UUID, bob: UUID) -> None:
        refused = await create(room, alice, bob, confirm=True, method="card")
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/return_url", "required")


class TestReservedAndScheduled:
    @pytest.mark.parametrize("amount", [{}, {"amount": "4.00"}])
    async def test_what_a_wallet_has_set_aside_is_not_paid_by_card(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID, amount: dict[str, str]
    ) -> None:
        payment_id = await room.create(alice, bob, "10.00", reserve=True)
        await room.settle()
        refused = await room.pay(alice, payment_id, json=CARD | amount)
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "reserved_is_paid_from_wallet",
        )
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["method"]) == ("created", "wallet")
        assert (await room.count("charge"), cards.seen) == (0, [])
        assert (await room.pay(alice, payment_id)).status_code == 202
        await room.settle()
        assert await room.status(alice, payment_id) == "paid"

    async def test_a_card_is_charged_whole(self, room: Room, alice: UUID, bob: UUID) -> None:
        payment_id = await room.create(alice, bob, "10.00")
        refused = await room.pay(alice, payment_id, json=CARD | {"amount": "4.00"})
        assert refused.json()["code"] == "only_reserved_may_be_paid_in_part"
        assert await room.count("charge") == 0

    async def test_a_scheduled_payment_is_paid_by_card_before_its_time(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        later = (room.clock.now() + timedelta(hours=1)).isoformat()
        payment_id = await room.create(alice, bob, "10.00", execute_at=later)
        answer = await room.pay(alice, payment_id, json=CARD)
        assert answer.json()["next_action"]["url"] == "https://cards.test/card_1"
        await cards.tells("succeeded", payment_id)
        await room.settle()
        assert await room.status(alice, payment_id) == "paid"


async def test_a_quote_by_card_asks_the_payees_wallet_alone(
    room: Room, cards: CardProvider, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    outside.post(f"{AUTH}/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )
    accounts = outside.get(f"{WALLET}/internal/accounts").respond(404)
    body = {"payee": {"user_id": str(bob)}, "amount": "10.00", "confirm": True, **CARD}
    quoted = (await room.post(alice, "/v1/payments/quote", json=body)).json()
    assert (quoted["would"], quoted["available_after"]) == ("pay", None)
    assert [call.request.url.params["owner_id"] for call in accounts.calls] == [str(bob)]
    await limit(room, alice, per_payment="9.99")
    quoted = (await room.post(alice, "/v1/payments/quote", json=body)).json()
    assert (quoted["would"], quoted["code"]) == ("refuse", "limit_per_payment")
