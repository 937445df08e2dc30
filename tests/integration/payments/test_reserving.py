"""Payments created with ``reserve``: held at creation, captured when paid, freed otherwise."""

import asyncio
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from contracts.payments import PaymentCancelled, PaymentFailed, PaymentPaid
from contracts.wallet import CaptureHold, PlaceHold, ReleaseHold
from payments.loops.expiry import sweep_once

YES = httpx.Response(200, json={"verdict": "ok"})
DAY = 24 * 3600


async def reserved(room: Room, payer: UUID, payee: UUID, amount: str = "100.00") -> UUID:
    """Create a payment whose money has been set aside."""
    payment_id = await room.create(payer, payee, amount, reserve=True)
    await room.settle()
    return payment_id


async def test_its_money_is_set_aside_at_creation_and_it_stays_created(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "100.00", reserve=True)
    before = await room.seen(alice, payment_id)
    assert (before["status"], before["reserved_at"]) == ("created", None)
    await room.settle()
    [hold] = room.wallet.heard
    assert isinstance(hold, PlaceHold)
    assert (hold.amount_minor, hold.payer.owner_id) == (10_000, alice)
    seen = await room.seen(bob, payment_id)
    assert (seen["status"], seen["paid_amount"]) == ("created", None)
    assert seen["reserved_at"]


async def test_who_waits_at_creation_is_told_that_it_is_set_aside(
    room: Room, alice: UUID, bob: UUID
) -> None:
    asked = {"payee": {"user_id": str(bob)}, "amount": "100.00", "reserve": True}
    waiting = room.post(alice, "/v1/payments", json=asked, headers={"Prefer": "wait=10"})
    [answer] = await room.carried(waiting)
    assert (answer.status_code, answer.headers["preference-applied"]) == (201, "wait=10")
    assert answer.json()["status"] == "created"
    assert answer.json()["reserved_at"]
    assert answer.headers["location"] == f"/v1/payments/{answer.json()['id']}"


@pytest.mark.parametrize(
    ("body", "paid"), [(None, "100.00"), ({"amount": "40.00"}, "40.00"), ({}, "100.00")]
)
async def test_paying_captures_all_or_a_part_and_frees_the_rest(
    room: Room, alice: UUID, bob: UUID, body: dict[str, str] | None, paid: str
) -> None:
    payment_id = await reserved(room, alice, bob)
    answer = await room.pay(alice, payment_id, json=body)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["amount"], seen["paid_amount"]) == ("paid", "100.00", paid)
    place, capture = room.wallet.heard
    assert isinstance(place, PlaceHold)
    assert isinstance(capture, CaptureHold)
    assert (capture.hold_id, capture.release_rest) == (place.hold_id, True)
    [told] = room.published(PaymentPaid)
    assert isinstance(told.message, PaymentPaid)
    assert (told.message.paid_minor, told.sequence) == (capture.amount_minor, 2)


async def test_paying_before_the_money_is_held_captures_it_once_it_is(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "100.00", reserve=True)
    assert (await room.pay(alice, payment_id, json={"amount": "40.00"})).status_code == 202
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["paid_amount"]) == ("paid", "40.00")
    assert seen["reserved_at"]
    assert room.wallet.kinds == ["PlaceHold", "CaptureHold"]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("100.01", "capture_exceeds_reservation"),
        ("0.00", "amount_invalid"),
        ("1.001", "amount_invalid"),
        ("-1.00", "validation_failed"),
        (40, "validation_failed"),
    ],
)
async def test_a_part_that_can_not_be_is_refused_and_changes_nothing(
    room: Room, alice: UUID, bob: UUID, amount: object, code: str
) -> None:
    payment_id = await reserved(room, alice, bob)
    answer = await room.pay(alice, payment_id, json={"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await room.status(alice, payment_id) == "created"
    assert (await room.pay(alice, payment_id)).status_code == 202


async def test_a_part_of_what_was_not_reserved_is_refused(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.pay(alice, payment_id, json={"amount": "10.00"})
    assert (answer.status_code, answer.json()["code"]) == (422, "only_reserved_may_be_paid_in_part")
    assert await room.status(alice, payment_id) == "created"


async def test_money_that_is_not_there_fails_it_at_once(room: Room, alice: UUID, bob: UUID) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await reserved(room, alice, bob)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "insufficient_funds")
    assert (seen["reserved_at"], room.wallet.kinds) == (None, ["PlaceHold"])
    assert len(room.published(PaymentFailed)) == 1
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_already_final")


async def test_cancelling_frees_the_money(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await reserved(room, alice, bob)
    answer = await room.cancel(alice, payment_id)
    assert (answer.status_code, answer.json()["status"]) == (202, "created")
    assert (await room.cancel(alice, payment_id)).status_code == 202
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_being_cancelled")
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["cancellation_reason"]) == ("cancelled", "cancelled_by_payer")
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]
    assert len(room.published(PaymentCancelled)) == 1


async def test_cancelling_before_the_money_is_held_prevents_that(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "100.00", reserve=True)
    assert (await room.cancel(alice, payment_id)).status_code == 202
    await room.settle()
    assert await room.status(alice, payment_id) == "cancelled"
    place, release = room.wallet.heard
    assert isinstance(place, PlaceHold)
    assert isinstance(release, ReleaseHold)
    assert release.undo_of == place.command_id


async def test_its_money_is_freed_when_its_time_is_over_by_its_saga_and_not_by_the_sweep(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await reserved(room, alice, bob)
    room.clock.advance(DAY)
    assert await sweep_once(room.database) == 0
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_expired")
    await room.wake(0)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["cancellation_reason"]) == ("cancelled", "expired")
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]
    [told] = room.published(PaymentCancelled)
    assert isinstance(told.message, PaymentCancelled)
    assert (told.message.reason, told.sequence) == ("expired", 2)


async def test_a_wallet_that_gave_no_answer_is_not_paid_from(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.wallet.is_silent = True
    payment_id = await reserved(room, alice, bob)
    await room.wake(30)
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_being_cancelled")
    room.wallet.is_silent = False
    await room.wake(30)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "wallet_unavailable")


@pytest.mark.parametrize("verdict", ["ok", "denied"])
async def test_outside_checks_come_when_it_is_paid(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter, verdict: str
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(return_value=httpx.Response(200, json={"verdict": verdict}))
    payment_id = await reserved(room, alice, bob, CHECKED)
    assert outside.calls.call_count == 0
    await room.pay(alice, payment_id)
    await room.settle()
    assert await room.status(alice, payment_id) == "processing"
    await room.check()
    status, last = {"ok": ("paid", "CaptureHold"), "denied": ("failed", "ReleaseHold")}[verdict]
    assert await room.status(alice, payment_id) == status
    assert room.wallet.kinds == ["PlaceHold", last]


async def test_a_part_below_the_threshold_is_not_checked_outside(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await reserved(room, alice, bob, CHECKED)
    await room.pay(alice, payment_id, json={"amount": "999.99"})
    await room.settle()
    assert await room.status(alice, payment_id) == "paid"


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "not held yet"])
async def test_pay_cancel_and_expiry_at_once_end_each_payment_one_way(
    room: Room, alice: UUID, bob: UUID, *, is_held: bool
) -> None:
    payments = [await room.create(alice, bob, "1.00", reserve=True) for _ in range(100)]
    if is_held:
        await room.settle()
        room.clock.advance(DAY - 1)  # so that some calls come before the deadline, some after
    engine = room.service.state.wiring.engine

    async def all_at_once(payment_id: UUID) -> list[httpx.Response]:
        calls = [room.pay(alice, payment_id), room.cancel(alice, payment_id)]
        return list(await asyncio.gather(*calls))

    async def time_runs_out() -> None:
        for _ in range(20):
            room.clock.advance(0.1)
            await engine.wake_due(room.database)

    answers, _ = await asyncio.gather(asyncio.gather(*map(all_at_once, payments)), time_runs_out())
    assert {answer.status_code for pair in answers for answer in pair} <= {202, 409}
    await room.settle()
    while await engine.wake_due(room.database):
        await room.settle()
    ended = [await room.seen(alice, payment_id) for payment_id in payments]
    assert {seen["status"] for seen in ended} <= {"paid", "cancelled"}
    captured = [c.hold_id for c in room.wallet.heard if isinstance(c, CaptureHold)]
    freed = [c.hold_id for c in room.wallet.heard if isinstance(c, ReleaseHold)]
    assert len(captured) == len([seen for seen in ended if seen["status"] == "paid"])
    assert len(set(freed)) == len([seen for seen in ended if seen["status"] == "cancelled"])
    assert not set(captured) & set(freed)
    assert len(room.published(PaymentPaid)) == len(captured)
    assert len(room.published(PaymentCancelled)) == len(set(freed))
