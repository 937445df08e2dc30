"""Refunds of what a card has paid: from the payee's wallet, by the provider, back to the card."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_charges import CLEARING, by_card, transfers
from tests.integration.payments.test_refunding import ask

from contracts.payments import PaymentRefunded
from contracts.wallet import AccountRef, CaptureHold, PlaceHold, ReleaseHold
from payments.domain.payment import Method


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def paid(room: Room, cards: CardProvider, payer: UUID, payee: UUID) -> UUID:
    """Pay 100.00 by card; returns the payment."""
    payment_id = await by_card(room, payer, payee, "100.00")
    await cards.tells("succeeded", payment_id)
    await room.settle()
    assert await room.status(payer, payment_id) == "paid"
    return payment_id


async def begun(
    room: Room, payee: UUID, payment_id: UUID, amount: str | None = None
) -> dict[str, Any]:
    """Ask for a refund and carry messages until its money is set aside; returns it."""
    before = await room.count("refund")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask(room, payee, payment_id, amount))
        while await room.count("refund") == before:
            await asyncio.sleep(0)
        await room.settle()
        asking.cancel()  # it would wait for the end
    listed = await room.get(payee, f"/v1/payments/{payment_id}/refunds")
    found: dict[str, Any] = listed.json()["items"][0]
    return found


async def seen(room: Room, payee: UUID, begun: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/payments/{begun['payment_id']}/refunds/{begun['id']}"
    found: dict[str, Any] = (await room.get(payee, path)).json()
    return found


async def test_a_part_and_then_the_rest_go_back_to_the_card(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    first = await begun(room, bob, payment_id, "60.00")
    hold = room.wallet.heard[-1]
    assert isinstance(hold, PlaceHold)
    assert (hold.payer, hold.amount_minor) == (AccountRef(owner_id=bob), 6_000)
    assert (first["status"], cards.refunded) == ("processing", {})
    await room.charge()
    assert cards.refunded == {f"{first['id']}:refund": "60.00"}
    back = room.wallet.heard[-1]
    assert isinstance(back, CaptureHold)
    assert (back.hold_id, back.payee, back.amount_minor) == (hold.hold_id, CLEARING, 6_000)
    assert (back.kind, back.reference) == ("refund", str(payment_id))
    done = await seen(room, bob, first)
    assert (done["status"], bool(done["transfer_id"])) == ("completed", True)
    assert (await room.seen(alice, payment_id))["refunded_amount"] == "60.00"
    rest = await begun(room, bob, payment_id)
    await room.charge()
    assert cards.refunded[f"{rest['id']}:refund"] == "40.00"
    assert await room.status(alice, payment_id) == "refunded"
    told = [event.message for event in room.published(PaymentRefunded)]
    assert [
        (one.amount_minor, one.is_full) for one in told if isinstance(one, PaymentRefunded)
    ] == [
        (6_000, False),
        (4_000, True),
    ]


async def test_of_two_refunds_of_sixty_of_a_hundred_at_once_one_is_refused(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    room.wallet.refuses = lambda _: None
    answers = await room.carried(*(ask(room, bob, payment_id, "60.00") for _ in "ab"))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    await room.charge()
    assert list(cards.refunded.values()) == ["60.00"]


@pytest.mark.parametrize(
    "said",
    [("insufficient_funds", "refund_not_covered"), ("wallet_frozen", "refund_refused")],
)
async def test_a_payee_without_the_money_gets_409_and_the_provider_is_not_asked(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, said: tuple[str, str]
) -> None:
    code, refusal = said
    payment_id = await paid(room, cards, alice, bob)
    room.wallet.refuses = lambda _: code
    [answer] = await room.carried(ask(room, bob, payment_id, "60.00"))
    assert (answer.status_code, answer.json()["code"]) == (409, refusal)
    await room.charge()
    assert (cards.refunded, await room.count("card_refund")) == ({}, 0)
    assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"


async def test_what_the_provider_will_not_give_back_the_payee_keeps(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    refund = await begun(room, bob, payment_id, "60.00")
    cards.no_refunds = True
    await room.charge()
    assert isinstance(room.wallet.heard[-1], ReleaseHold)
    failed = await seen(room, bob, refund)
    assert (failed["status"], failed["failure_reason"]) == ("failed", "card_refund_refused")
    assert failed["reason_label"] == "The card provider did not give the money back"
    assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
    cards.no_refunds = False
    await begun(room, bob, payment_id)
    await room.charge()
    assert await room.status(bob, payment_id) == "refunded"


async def test_an_unknown_outcome_is_asked_for_under_the_same_key_until_it_is_known(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    refund = await begun(room, bob, payment_id, "60.00")
    cards.down = True
    to_card = room.service.state.wiring.refunds[Method.CARD]
    for _ in range(3):
        await room.charge()
        room.clock.advance(4_000)  # past the step's deadline, too
        await to_card.wake_due(room.database)
        await room.settle()
    assert (await seen(room, bob, refund))["status"] == "processing"
    assert not any(isinstance(asked, ReleaseHold) for asked in room.wallet.heard)
    assert cards.asked("/refunds") == 3
    cards.down = False
    await room.charge()
    assert (await seen(room, bob, refund))["status"] == "completed"
    keys = {key for _, path, key in cards.seen if path.endswith("/refunds")}
    assert keys == {f"{refund['id']}:refund"}


async def test_a_provider_is_asked_by_one_of_all_who_work_at_once(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await begun(room, bob, payment_id, "60.00")
    charge_worker = room.service.state.wiring.charge_worker
    await asyncio.gather(*(charge_worker.work_off() for _ in range(5)))
    assert cards.asked("/refunds") == 1


class TestDisputes:
    async def test_what_has_gone_back_is_not_taken_back_again(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await begun(room, bob, payment_id, "60.00")
        await room.charge()
        await cards.tells("succeeded", payment_id, type="payment.disputed")
        await room.settle()
        back = transfers(room)[-1]
        assert (back.kind, back.amount_minor) == ("chargeback", 4_000)

    async def test_after_all_has_gone_back_nothing_is_taken(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await begun(room, bob, payment_id)
        await room.charge()
        await cards.tells("succeeded", payment_id, type="payment.disputed")
        await room.settle()
        assert [moved.kind for moved in transfers(room)] == ["payment"]

    async def test_what_is_disputed_is_not_refunded(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.tells("succeeded", payment_id, type="payment.disputed")
        refused: httpx.Response = await ask(room, bob, payment_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "payment_disputed")
        assert await room.count("refund") == 0

    async def test_a_dispute_that_is_faster_than_the_wallet_stops_the_refund(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask(room, bob, payment_id, "60.00"))
            while not await room.count("refund"):
                await asyncio.sleep(0)
            await cards.tells("succeeded", payment_id, type="payment.disputed")
            await room.settle()
        refused = asking.result()
        assert (refused.status_code, refused.json()["code"]) == (409, "refund_refused")
        await room.charge()
        assert (cards.refunded, await room.count("card_refund")) == ({}, 0)
        assert any(isinstance(one, ReleaseHold) for one in room.wallet.heard)
        back = [one.amount_minor for one in transfers(room) if one.kind == "chargeback"]
        assert sum(back) == 10_000  # what was to be refunded is collected, too


async def test_a_late_payment_that_the_provider_does_not_give_back_is_an_alarm_and_rests(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    await room.cancel(alice, payment_id)
    await cards.tells("succeeded", payment_id)
    cards.no_refunds = True
    for _ in range(2):
        await room.charge()
    assert cards.asked("/refunds") == 1
    async with room.database.read() as connection:
        stands = await connection.fetchval("SELECT status FROM card_refund")
    assert stands == "refused"
