"""Limits and the ways to pay: what is confirmed, reserved or scheduled counts when it is paid."""

import asyncio
from collections import Counter
from uuid import UUID

from tests.integration.payments.room import Room
from tests.integration.payments.test_confirming import confirm
from tests.integration.payments.test_limits import limit, used
from tests.integration.payments.test_paid_services import change, offer, order
from tests.integration.payments.test_reserving import reserved
from tests.integration.payments.test_schedules import HOUR, at, scheduled, sweep

from contracts.payments import PaymentFailed


async def test_confirmed_at_once_exactly_as_many_are_made_as_fit_the_day(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="35.00")
    answers = await asyncio.gather(*(confirm(room, alice, bob) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {202: 3, 403: 7}
    assert await room.count("payment") == 3  # a refused one is not even written down
    assert await used(room, alice) == "30.00"


async def test_of_a_reserved_one_the_part_that_is_paid_is_counted(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_payment="50.00", per_day="60.00")
    payment_id = await reserved(room, alice, bob)
    assert await used(room, alice) == "0.00"
    above = await room.pay(alice, payment_id)
    assert (above.status_code, above.json()["code"]) == (403, "limit_per_payment")
    assert (await room.pay(alice, payment_id, json={"amount": "40.00"})).status_code == 202
    await room.settle()
    assert (await room.seen(alice, payment_id))["paid_amount"] == "40.00"
    assert await used(room, alice) == "40.00"


async def test_a_part_that_is_taken_back_is_given_back_as_it_was_counted(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="5000.00")
    payment_id = await reserved(room, alice, bob, "3000.00")
    await room.pay(alice, payment_id, json={"amount": "2000.00"})  # is checked, so waits
    assert await used(room, alice) == "2000.00"
    await room.cancel(alice, payment_id)
    await room.settle()
    assert await room.status(alice, payment_id) == "cancelled"
    assert await used(room, alice) == "0.00"


async def test_a_scheduled_one_counts_at_its_time_and_fails_where_it_does_not_fit(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="25.00")
    made = [await scheduled(room, alice, bob) for _ in range(3)]
    assert await used(room, alice) == "0.00"
    room.clock.advance(HOUR)
    assert await sweep(room) == 3
    await room.settle()
    seen = [await room.seen(alice, one) for one in made]
    assert Counter(one["status"] for one in seen) == {"paid": 2, "failed": 1}
    [failed] = [one for one in seen if one["status"] == "failed"]
    assert (failed["failure_reason"], bool(failed["reason_label"])) == ("limit_per_day", True)
    assert [event.sequence for event in room.published(PaymentFailed)] == [2]
    assert await used(room, alice) == "20.00"


async def test_one_that_is_paid_ahead_of_its_time_counts_then(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="10.00")
    payment_id = await scheduled(room, alice, bob)
    assert (await room.pay(alice, payment_id)).status_code == 202
    assert await used(room, alice) == "10.00"


async def test_a_scheduled_one_fails_where_its_service_is_not_offered_any_more(
    room: Room, alice: UUID, bob: UUID
) -> None:
    service = await offer(room, bob)
    answer = await order(room, alice, service["id"], amount="10.00", execute_at=at(room, HOUR))
    assert answer.status_code == 201, answer.text
    await change(room, bob, service["id"], is_active=False)
    room.clock.advance(HOUR)
    assert await sweep(room) == 1
    seen = await room.seen(alice, UUID(answer.json()["id"]))
    assert (seen["status"], seen["failure_reason"]) == ("failed", "service_not_active")
    assert seen["reason_label"]
