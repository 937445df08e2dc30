"""A provider that gives one id twice: nothing breaks, and no payment gets another's money."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
import respx
from structlog.testing import capture_logs
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_charges import by_card, stands, transfers

CARD = {"method": "card", "return_url": SHOP}


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def error_of(room: Room, charge_id: UUID) -> str | None:
    async with room.database.read() as connection:
        found: str | None = await connection.fetchval(
            "SELECT last_error FROM charge WHERE id = $1", charge_id
        )
    return found


async def test_the_first_charge_keeps_the_id_and_the_second_is_asked_for_again_by_our_own(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    cards.repeats = "card_same"
    first, second = await by_card(room, alice, bob), await by_card(room, bob, alice)
    assert await stands(room, first) == ("pending", "no")
    assert await stands(room, second) == ("wanted", "no")
    assert "another's" in (await error_of(room, second) or "")
    assert (await room.seen(bob, second))["next_action"] is None
    await cards.tells("succeeded", first)
    await room.settle()
    assert await room.status(alice, first) == "paid"
    assert await room.status(bob, second) == "processing"
    cards.repeats = None
    room.clock.advance(60)
    await room.charge()
    assert await stands(room, second) == ("pending", "no")
    keys = [key for method, path, key in cards.seen if method == "POST" and not path]
    assert keys == [f"{first}:create", f"{second}:create", f"{second}:create"]
    await cards.tells("succeeded", second)
    await room.settle()
    assert await room.status(bob, second) == "paid"


async def test_charges_created_at_once_under_one_id_are_told_apart(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    cards.repeats = "card_same"
    ids = [await room.create(alice, bob) for _ in range(6)]
    answers = await asyncio.gather(*(room.pay(alice, one, json=CARD) for one in ids))
    assert {answer.status_code for answer in answers} == {202}
    found = [(await stands(room, one))[0] for one in ids]
    assert sorted(found) == ["pending", *["wanted"] * 5]


async def test_another_id_in_an_answer_about_a_charge_is_not_believed(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    cards.status = "succeeded"
    cards.says = {"id": "card_2"}
    room.clock.advance(10)
    await room.charge()
    assert await stands(room, payment_id) == ("pending", "no")
    assert transfers(room) == []


@pytest.mark.parametrize("kind", ["payment.succeeded", "payment.disputed"])
async def test_a_webhook_under_anothers_name_changes_neither_payment(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, kind: str
) -> None:
    first, second = await by_card(room, alice, bob), await by_card(room, bob, alice)
    if kind == "payment.disputed":
        for one in (first, second):
            await cards.tells("succeeded", one)
        await room.settle()
    before = [await stands(room, one) for one in (first, second)], transfers(room)
    told = await cards.tells("succeeded", second, id=cards.name_of(first), type=kind)
    assert told.status_code == 200
    await room.settle()
    assert ([await stands(room, one) for one in (first, second)], transfers(room)) == before


async def test_many_webhooks_at_once_under_one_name_pay_one_payment(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    cards.down = True  # so that none has a name out there yet
    ids = [await by_card(room, alice, bob) for _ in range(5)]
    cards.down = False
    told = [cards.tells("succeeded", one, id="card_same", event=f"evt_{one}") for one in ids]
    answers = await asyncio.gather(*told)
    assert {answer.status_code for answer in answers} == {200}
    await room.settle()
    assert len(transfers(room)) == 1
    assert sorted([(await stands(room, one))[0] for one in ids]) == ["succeeded", *["wanted"] * 4]


class TestEvents:
    async def test_an_event_id_with_another_body_is_kept_apart_and_both_are_judged(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        first, second = await by_card(room, alice, bob), await by_card(room, bob, alice)
        with capture_logs() as logs:
            for _ in range(3):
                for one in (first, second):
                    assert (await cards.tells("succeeded", one, event="evt_1")).status_code == 200
        alarms = [one for one in logs if one["event"] == "event_id_repeated"]
        assert [(one["log_level"], one["event_id"]) for one in alarms] == [("error", "evt_1")]
        await room.settle()
        assert await room.status(alice, first) == "paid"
        assert await room.status(bob, second) == "paid"
        assert await room.count("provider_event") == 2
        assert len(transfers(room)) == 2

    async def test_at_once_too(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        ids = [await by_card(room, alice, bob) for _ in range(4)]
        told = [cards.tells("succeeded", one, event="evt_1") for one in ids * 3]
        answers = await asyncio.gather(*told)
        assert {answer.status_code for answer in answers} == {200}
        await room.settle()
        assert {await room.status(alice, one) for one in ids} == {"paid"}
        assert await room.count("provider_event") == 4

    async def test_the_same_told_again_with_other_white_space_is_the_same_event(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        named = {"id": "card_1", "status": "succeeded", "charge_id": str(payment_id)}
        event = {"id": "evt_1", "type": "payment.disputed", "payment": named}
        for indent in (None, 1):
            await cards.sends(json.dumps(event, indent=indent).encode())
        assert await room.count("provider_event") == 1

    @pytest.mark.parametrize("name", ["", "a\x00b", "x" * 5000, "ю", "a b", 7, None])
    @pytest.mark.parametrize("field", ["event", "payment"])
    async def test_a_name_that_is_none_is_refused_and_not_stored(
        self, room: Room, cards: CardProvider, field: str, name: Any
    ) -> None:
        event = {"id": "evt_1", "type": "x", "payment": {"id": "card_1", "status": "succeeded"}}
        target: dict[str, Any] = event["payment"] if field == "payment" else event  # type: ignore[assignment]
        target["id"] = name
        answer = await cards.sends(json.dumps(event).encode())
        assert answer.status_code == 422
        assert await room.count("provider_event") == 0


class TestRefunds:
    async def paid(self, room: Room, cards: CardProvider, payer: UUID, payee: UUID) -> UUID:
        payment_id = await by_card(room, payer, payee)
        await cards.tells("succeeded", payment_id)
        await room.settle()
        return payment_id

    async def refund(self, room: Room, payee: UUID, payment_id: UUID) -> UUID:
        [asked] = await room.carried(
            room.post(payee, f"/v1/payments/{payment_id}/refunds", json={"amount": "4.00"})
        )
        assert asked.status_code == 202, asked.text
        return UUID(asked.json()["id"])

    async def status(self, room: Room, payee: UUID, payment_id: UUID, refund_id: UUID) -> str:
        path = f"/v1/payments/{payment_id}/refunds/{refund_id}"
        return str((await room.get(payee, path)).json()["status"])

    async def test_the_first_refund_keeps_the_id_and_the_second_is_asked_for_again(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await self.paid(room, cards, alice, bob)
        cards.repeats = "refund_same"
        first = await self.refund(room, bob, payment_id)
        await room.charge()
        assert await self.status(room, bob, payment_id, first) == "completed"
        second = await self.refund(room, bob, payment_id)
        await room.charge()
        assert await self.status(room, bob, payment_id, second) == "processing"
        cards.repeats = None
        room.clock.advance(60)
        await room.charge()
        assert await self.status(room, bob, payment_id, second) == "completed"
        keys = [key for _, path, key in cards.seen if path.endswith("/refunds")]
        assert keys == [f"{first}:refund", f"{second}:refund", f"{second}:refund"]

    async def test_an_answer_with_anothers_id_ends_nothing(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await self.paid(room, cards, alice, bob)
        refund_id = await self.refund(room, bob, payment_id)
        cards.says = {"refund_id": str(payment_id)}
        await room.charge()
        assert await self.status(room, bob, payment_id, refund_id) == "processing"
