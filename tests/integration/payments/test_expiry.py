from uuid import UUID

from tests.integration.payments.room import Room

from contracts.payments import PaymentCancelled
from payments.loops.expiry import purge_card_holders, sweep_once

DAY = 24 * 3600


async def test_what_nobody_paid_in_time_is_cancelled_and_told(
    room: Room, alice: UUID, bob: UUID
) -> None:
    old = await room.create(alice, bob)
    paid = await room.create(alice, bob)
    await room.pay(alice, paid)
    room.clock.advance(DAY - 1)
    assert await sweep_once(room.database) == 0
    young = await room.create(alice, bob)
    room.clock.advance(1)
    assert await sweep_once(room.database) == 1
    assert await sweep_once(room.database) == 0
    seen = await room.seen(alice, old)
    assert (seen["status"], seen["cancellation_reason"]) == ("cancelled", "expired")
    assert (await room.seen(alice, paid))["status"] == "processing"
    assert (await room.seen(alice, young))["status"] == "created"
    await room.settle()
    [told] = room.published(PaymentCancelled)
    assert isinstance(told.message, PaymentCancelled)
    assert (told.message.payment_id, told.message.reason, told.sequence) == (old, "expired", 2)


async def test_a_sweep_passes_by_a_payment_that_somebody_holds(
    room: Room, alice: UUID, bob: UUID
) -> None:
    held = await room.create(alice, bob)
    other = await room.create(alice, bob)
    room.clock.advance(DAY)
    async with room.database.unit_of_work() as uow:
        await uow.fetchval("SELECT 1 FROM payment WHERE id = $1 FOR UPDATE", held)
        assert await sweep_once(room.database) == 1
    assert (await room.seen(alice, other))["status"] == "cancelled"
    assert await sweep_once(room.database) == 1
    assert (await room.seen(alice, held))["status"] == "cancelled"


async def test_the_name_on_a_card_is_kept_for_its_days_and_while_a_payment_goes_on(
    room: Room, alice: UUID, bob: UUID
) -> None:
    ended = await room.create(alice, bob, card_holder="ALICE LIDDELL", card_last4="4242")
    room.clock.advance(DAY)
    assert await sweep_once(room.database) == 1
    going_on = await room.create(alice, bob, card_holder="ALICE LIDDELL")
    await room.pay(alice, going_on)
    room.clock.advance(29 * DAY)
    assert await purge_card_holders(room.database, days=30) == 0
    room.clock.advance(2 * DAY)
    assert await purge_card_holders(room.database, days=30) == 1
    assert await purge_card_holders(room.database, days=30) == 0
    seen = await room.seen(alice, ended)
    assert (seen["card_holder"], seen["card_last4"], seen["status"]) == (None, "4242", "cancelled")
    assert (await room.seen(alice, going_on))["card_holder"] == "ALICE LIDDELL"
