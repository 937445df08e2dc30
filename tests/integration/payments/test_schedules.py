"""Payments created with ``execute_at``: paid by themselves when their time comes."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import Room

from contracts.auth import UserChanged
from contracts.payments import PaymentCancelled, PaymentCreated, PaymentFailed, PaymentPaid
from payments.loops import schedule
from payments.loops.expiry import sweep_once as expire

HOUR = 3600


def at(room: Room, seconds: float) -> str:
    return (room.clock.now() + timedelta(seconds=seconds)).isoformat()


async def scheduled(room: Room, payer: UUID, payee: UUID, seconds: float = HOUR) -> UUID:
    return await room.create(payer, payee, execute_at=at(room, seconds))


async def sweep(room: Room) -> int:
    wiring = room.service.state.wiring
    return await schedule.sweep_once(room.database, wiring.engine, wiring.settings.policies)


async def test_it_waits_for_its_time_and_is_then_paid_by_itself(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await scheduled(room, alice, bob)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["status_label"]) == ("scheduled", "Scheduled")
    assert seen["execute_at"].endswith("Z")
    assert seen["expires_at"] > seen["execute_at"]
    listed = (await room.get(alice, "/v1/payments", status="scheduled")).json()["items"]
    assert [item["id"] for item in listed] == [str(payment_id)]
    room.clock.advance(HOUR - 1)
    assert await sweep(room) == 0
    room.clock.advance(1)
    assert await sweep(room) == 1
    assert await sweep(room) == 0
    assert await room.status(alice, payment_id) == "processing"
    await room.settle()
    assert await room.status(alice, payment_id) == "paid"
    assert room.wallet.kinds == ["Transfer"]
    events = room.published(PaymentCreated, PaymentPaid)
    assert [event.sequence for event in events] == [1, 2]


@pytest.mark.parametrize(
    ("execute_at", "code"),
    [
        (-1, "execute_at_in_the_past"),
        (0, "execute_at_in_the_past"),
        (366 * 24 * HOUR + 1, "execute_at_too_far"),
    ],
)
async def test_a_time_that_is_over_or_too_far_away_is_refused(
    room: Room, alice: UUID, bob: UUID, execute_at: int, code: str
) -> None:
    answer = await room.post(
        alice,
        "/v1/payments",
        json={
            "payee": {"user_id": str(bob)},
            "amount": "10.00",
            "execute_at": at(room, execute_at),
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await room.count("payment") == 0


@pytest.mark.parametrize(
    "more",
    [
        {"execute_at": "tomorrow"},
        {"execute_at": "2026-12-01T09:00:00"},
        {"execute_at": 1796112000},
        {"execute_at": "9999-12-31T23:59:59-12:00"},
        {"execute_at": "2999-01-01T00:00:00Z", "reserve": True},
        {"execute_at": "2999-01-01T00:00:00Z", "confirm": True},
        {"reserve": True, "confirm": True},
        {"confirm": "yes"},
    ],
)
async def test_what_is_no_time_or_does_not_go_together_is_refused(
    room: Room, alice: UUID, bob: UUID, more: dict[str, Any]
) -> None:
    asked = {"payee": {"user_id": str(bob)}, "amount": "10.00", **more}
    answer = await room.post(alice, "/v1/payments", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert await room.count("payment") == 0


async def test_it_is_cancelled_at_once_before_its_time(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await scheduled(room, alice, bob)
    answer = await room.cancel(alice, payment_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    room.clock.advance(HOUR)
    assert await sweep(room) == 0
    await room.settle()
    assert room.wallet.heard == []
    assert len(room.published(PaymentCancelled)) == 1


async def test_it_may_be_paid_ahead_of_its_time(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await scheduled(room, alice, bob)
    assert (await room.pay(alice, payment_id)).status_code == 202
    room.clock.advance(HOUR)
    assert await sweep(room) == 0
    await room.settle()
    assert await room.status(alice, payment_id) == "paid"
    assert room.wallet.kinds == ["Transfer"]


async def test_money_that_is_not_there_then_fails_it(room: Room, alice: UUID, bob: UUID) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await scheduled(room, alice, bob)
    room.clock.advance(HOUR)
    await sweep(room)
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "insufficient_funds")


@pytest.mark.parametrize("who", ["payer", "payee"])
async def test_it_fails_where_one_of_them_has_been_disabled_since(
    room: Room, alice: UUID, bob: UUID, who: str
) -> None:
    payment_id = await scheduled(room, alice, bob)
    other = await scheduled(room, bob, await room.arrives("dora"))
    user_id = {"payer": alice, "payee": bob}[who]
    changed = UserChanged(
        user_id=user_id, number=1, username="gone", status="disabled", roles=("user",)
    )
    await room.told(changed, sequence=2)
    room.clock.advance(HOUR)
    assert await sweep(room) == 2
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", f"{who}_not_active")
    assert seen["reason_label"]
    told = [event for event in room.published(PaymentFailed) if event.subject == str(payment_id)]
    assert [event.sequence for event in told] == [2]
    assert await room.status(bob, other) == {"payer": "paid", "payee": "failed"}[who]


async def test_sweeps_at_once_and_a_cancel_take_each_payment_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payments = [await scheduled(room, alice, bob) for _ in range(30)]
    room.clock.advance(HOUR)
    async with room.database.unit_of_work() as uow:
        await uow.fetchval("SELECT 1 FROM payment WHERE id = $1 FOR UPDATE", payments[0])
        assert await sweep(room) == 29
    swept, cancelled, paid = await asyncio.gather(
        asyncio.gather(*(sweep(room) for _ in range(4))),
        room.cancel(alice, payments[0]),
        room.pay(alice, payments[0]),
    )
    assert sum(swept) <= 1
    assert {cancelled.status_code, paid.status_code} <= {200, 202, 409}
    await room.settle()
    statuses = [await room.status(alice, payment_id) for payment_id in payments]
    assert set(statuses) <= {"paid", "cancelled"}
    assert room.wallet.kinds == ["Transfer"] * statuses.count("paid")


async def test_the_expiry_of_unpaid_payments_leaves_it_alone(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await scheduled(room, alice, bob, 48 * HOUR)
    room.clock.advance(47 * HOUR)
    assert await expire(room.database) == 0
    assert await room.status(alice, payment_id) == "scheduled"
