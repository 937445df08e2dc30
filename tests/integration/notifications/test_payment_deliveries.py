"""What payments is told of the webhooks of a payment, for its timeline."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import Hooks
from tests.integration.notifications.receiver import Receiver
from tests.integration.notifications.room import Json, Room, failed, moved, opened, paid, refunded

from kit.ids import new_id
from notifications.api import internal
from testkit.databases import Cluster


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def told_to_payments(room: Room, payment_id: UUID, **query: Any) -> Json:
    answer = await room.http.get(
        f"/internal/payments/{payment_id}/deliveries",
        params=query,
        headers={"Authorization": f"Bearer {room.desk.mint.service('payments')}"},
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_every_attempt_is_told_oldest_first_with_its_host_and_no_more_of_its_address(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    room, payment = hooks.room, paid(alice, bob)
    endpoint = await hooks.make(bob, f"{receiver.url}/secret-path?token=secret-token")
    receiver.answers(503)
    await room.told(payment, sequence=2)
    await hooks.send()
    receiver.answers(204)
    await hooks.send(seconds=6)
    await room.told(refunded(payment, 100, 100), sequence=3)
    await hooks.send()
    found = await told_to_payments(room, payment.payment_id)
    assert found["is_complete"] is True
    shown = ("type", "sequence", "number", "status_code", "error")
    assert [tuple(one[name] for name in shown) for one in found["items"]] == [
        ("payment.paid", 2, 1, 503, None),
        ("payment.paid", 2, 2, 204, None),
        ("payment.refunded", 3, 1, 204, None),
    ]
    first, second, third = found["items"]
    assert first["at"] < second["at"] <= third["at"]
    assert first["delivery_id"] == second["delivery_id"] != third["delivery_id"]
    assert {one["endpoint_id"] for one in found["items"]} == {endpoint["id"]}
    assert {one["endpoint_host"] for one in found["items"]} == {"127.0.0.1"}
    assert {one["user_id"] for one in found["items"]} == {str(bob)}
    assert all(one["milliseconds"] >= 0 for one in found["items"])
    assert "secret" not in str(found)


async def test_what_went_wrong_stands_there_in_place_of_an_answer(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    payment = paid(alice, bob)
    await hooks.make(bob, "http://127.0.0.1:1025/nobody-listens")
    await hooks.room.told(payment)
    await hooks.send()
    [attempt] = (await told_to_payments(hooks.room, payment.payment_id))["items"]
    assert (attempt["status_code"], attempt["error"]) == (None, "connection_failed")


async def test_one_persons_attempts_are_theirs_alone(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    payment = failed(alice, bob)
    for owner in (alice, bob):
        await hooks.make(owner, receiver.url)
    await hooks.room.told(payment)
    await hooks.send()
    everybody = (await told_to_payments(hooks.room, payment.payment_id))["items"]
    assert {one["user_id"] for one in everybody} == {str(alice), str(bob)}
    for owner in (alice, bob):
        [attempt] = (await told_to_payments(hooks.room, payment.payment_id, user_id=owner))["items"]
        assert attempt["user_id"] == str(owner)
    assert (await told_to_payments(hooks.room, payment.payment_id, user_id=new_id()))["items"] == []


async def test_other_payments_and_other_news_are_not_among_them(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    payment = paid(alice, bob)
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.room.told(payment, paid(alice, bob), moved(alice, "top_up"))
    await hooks.ask(alice, "POST", endpoint, "/test")
    await hooks.send()
    assert len(receiver.got) == 4
    assert len((await told_to_payments(hooks.room, payment.payment_id))["items"]) == 1
    assert await told_to_payments(hooks.room, new_id()) == {"items": [], "is_complete": True}


async def test_there_is_an_end_to_how_many_are_told_and_that_is_said(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    payment = paid(alice, bob)
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.room.told(payment)
    await hooks.send()
    [delivery] = await hooks.log(alice, endpoint)
    async with hooks.room.database.unit_of_work() as uow:
        await uow.execute(
            """INSERT INTO webhook_attempt (delivery_id, number, at, milliseconds, status_code)
            SELECT $1, number, $2, 0, 204 FROM generate_series(2, $3) AS number""",
            UUID(delivery["id"]),
            hooks.room.clock.now(),
            internal.MOST + 1,
        )
    found = await told_to_payments(hooks.room, payment.payment_id)
    assert [one["number"] for one in found["items"]] == list(range(1, internal.MOST + 1))
    assert found["is_complete"] is False


async def test_they_are_found_without_reading_the_others(room: Room) -> None:
    async with room.database.unit_of_work() as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        plan = await uow.fetch(
            "EXPLAIN SELECT id FROM webhook_message WHERE payment_id = $1", new_id()
        )
    assert "ix_webhook_message_payment_id" in str(plan)


async def test_users_and_administrators_are_refused(room: Room, alice: UUID) -> None:
    path = f"/internal/payments/{new_id()}/deliveries"
    for token in (room.desk.mint.user(alice), room.desk.mint.user(alice, roles=["user", "admin"])):
        answer = await room.http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await room.http.get(path)).status_code == 401
