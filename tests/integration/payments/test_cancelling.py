import asyncio
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from contracts.payments import PaymentCancelled, PaymentPaid
from kit.ids import new_id

YES = httpx.Response(200, json={"verdict": "ok"})


async def test_a_payment_nobody_paid_is_cancelled_at_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.cancel(alice, payment_id)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["cancellation_reason"]) == ("cancelled", "cancelled_by_payer")
    assert body["cancelled_at"]
    await room.settle()
    [told] = room.published(PaymentCancelled)
    assert isinstance(told.message, PaymentCancelled)
    assert (told.message.reason, told.sequence) == ("cancelled_by_payer", 2)
    assert room.wallet.heard == []
    for again in (await room.cancel(alice, payment_id), await room.pay(alice, payment_id)):
        assert (again.status_code, again.json()["code"]) == (409, "payment_already_final")


async def test_a_payment_being_checked_is_taken_back(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(return_value=YES)
    payment_id = await room.create(alice, bob, CHECKED)
    await room.pay(alice, payment_id)
    await room.settle()
    answer = await room.cancel(alice, payment_id)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    assert answer.headers["location"] == f"/v1/payments/{payment_id}"
    assert (await room.cancel(alice, payment_id)).status_code == 202
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_being_cancelled")
    await room.settle()
    await room.check()
    assert (await room.seen(alice, payment_id))["status"] == "cancelled"
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]
    assert len(room.published(PaymentCancelled)) == 1


async def test_a_payment_whose_hold_is_still_asked_for_is_taken_back(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, CHECKED)
    await room.pay(alice, payment_id)
    assert (await room.cancel(alice, payment_id)).status_code == 202
    await room.settle()
    assert (await room.seen(alice, payment_id))["status"] == "cancelled"
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]


@pytest.mark.check(49)
@pytest.mark.parametrize("amount", ["10.00", CHECKED])
async def test_a_payment_whose_money_is_moving_can_not_be_cancelled(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter, amount: str
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(return_value=YES)
    payment_id = await room.create(alice, bob, amount)
    await room.pay(alice, payment_id)
    if amount == CHECKED:
        await room.settle()
        room.wallet.is_silent = True
        await room.check()
    answer = await room.cancel(alice, payment_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_being_captured")
    room.wallet.is_silent = False
    await room.wake(60)
    assert (await room.seen(alice, payment_id))["status"] == "paid"


async def test_the_payee_may_not_cancel_and_to_strangers_there_is_nothing(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.cancel(bob, payment_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "only_payer_may_cancel")
    for stranger in (await room.cancel(carol, payment_id), await room.cancel(carol, new_id())):
        assert (stranger.status_code, stranger.json()["code"]) == (404, "payment_not_found")
    assert (await room.seen(alice, payment_id))["status"] == "created"


@pytest.mark.parametrize("amount", ["10.00", CHECKED])
async def test_pay_and_cancel_at_once_end_paid_or_cancelled(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter, amount: str
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(return_value=YES)
    payments = [await room.create(alice, bob, amount) for _ in range(20)]

    async def both(payment_id: UUID) -> list[int]:
        answers = await asyncio.gather(room.pay(alice, payment_id), room.cancel(alice, payment_id))
        return [answer.status_code for answer in answers]

    statuses = await asyncio.gather(*map(both, payments))
    assert {status for pair in statuses for status in pair} <= {200, 202, 409}
    await room.settle()
    await room.check()
    ended = [(await room.seen(alice, payment_id))["status"] for payment_id in payments]
    assert set(ended) <= {"paid", "cancelled"}
    assert len(room.published(PaymentPaid)) == ended.count("paid")
    assert len(room.published(PaymentCancelled)) == ended.count("cancelled")
    moved = room.wallet.kinds.count("Transfer") + room.wallet.kinds.count("CaptureHold")
    assert moved == ended.count("paid")


async def test_cancelling_while_replies_come_in_never_deadlocks(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(return_value=YES)
    payments = [await room.create(alice, bob, CHECKED) for _ in range(20)]
    for payment_id in payments:
        await room.pay(alice, payment_id)
    async with asyncio.TaskGroup() as group:
        cancels = [
            group.create_task(room.cancel(alice, payment_id)) for payment_id in reversed(payments)
        ]
        await room.settle()
    assert {cancel.result().status_code for cancel in cancels} <= {202, 409}
    await room.settle()
    await room.check()
    ended = {(await room.seen(alice, payment_id))["status"] for payment_id in payments}
    assert ended <= {"paid", "cancelled"}
