"""What one person can fill is bounded: queues, logs, deleted endpoints."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import Hooks
from tests.integration.notifications.receiver import Receiver
from tests.integration.notifications.room import Room, opened, paid
from tests.integration.notifications.test_webhook_dispatch import fill

from notifications.domain.endpoints import MOST_ATTEMPTS, MOST_WAITING
from notifications.repository import Deliveries
from notifications.webhooks.purge import purge_once
from testkit.databases import Cluster

URL = "http://127.0.0.1:9001/hooks"
KEPT = timedelta(days=30)


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def test_what_comes_for_a_full_endpoint_is_skipped_and_delays_no_other(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    full, other = await hooks.make(alice, URL), await hooks.make(alice, URL)
    await fill(hooks, alice, full, MOST_WAITING)
    hooks.room.clock.advance(1)
    await hooks.room.told(paid(alice, bob))
    assert (await hooks.log(alice, full, type="payment.paid"))[0]["status"] == "skipped"
    assert (await hooks.log(alice, other))[0]["status"] == "pending"
    tried = await hooks.ask(alice, "POST", full, "/test")
    assert (tried.status_code, tried.json()["code"]) == (409, "too_many_waiting_deliveries")
    [skipped] = await hooks.log(alice, full, type="payment.paid")
    again = await hooks.ask(alice, "POST", full, f"/deliveries/{skipped['id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "too_many_waiting_deliveries")


async def test_a_replay_that_would_make_an_endpoint_too_full_replays_nothing(
    hooks: Hooks, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, URL)
    await fill(hooks, alice, endpoint, 2)
    await hooks.ask(alice, "PATCH", endpoint, json={"is_active": False})
    await hooks.ask(alice, "PATCH", endpoint, json={"is_active": True})
    await fill(hooks, alice, endpoint, MOST_WAITING - 1)
    now = hooks.room.clock.now()
    span = {
        "from": (now - timedelta(hours=1)).isoformat(),
        "to": (now + timedelta(hours=1)).isoformat(),
    }
    answer = await hooks.ask(alice, "POST", endpoint, "/replay", json=span)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_waiting_deliveries")
    assert len(await hooks.log(alice, endpoint, status="skipped")) == 2


async def test_of_a_delivery_that_is_replayed_again_and_again_the_last_attempts_are_kept(
    hooks: Hooks, alice: UUID, receiver: Receiver
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    sent = (await hooks.ask(alice, "POST", endpoint, "/test")).json()
    await hooks.send()
    for _ in range(MOST_ATTEMPTS + 2):
        await hooks.ask(alice, "POST", endpoint, f"/deliveries/{sent['id']}/replay")
        await hooks.send()
    [log] = await hooks.log(alice, endpoint)
    numbers = [one["number"] for one in log["attempts"]]
    assert numbers == list(range(4, MOST_ATTEMPTS + 4))


async def test_a_person_keeps_so_many_messages_whatever_the_retention(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    await fill(hooks, alice, await hooks.make(alice, URL), 7)
    await fill(hooks, bob, await hooks.make(bob, URL), 3)
    async with hooks.room.database.unit_of_work() as uow:
        assert await Deliveries(uow).users_with_more_than(7) == []
        assert await Deliveries(uow).users_with_more_than(6) == [alice]
        assert await Deliveries(uow).purge_oldest(alice, 5, 1) == 1
        assert await Deliveries(uow).purge_oldest(alice, 5, 100) == 1
    assert await hooks.room.count("webhook_delivery") == 8


async def test_endpoints_that_are_made_and_deleted_leave_little_behind(
    hooks: Hooks, alice: UUID
) -> None:
    for number in range(4):
        endpoint = await hooks.make(alice, URL)
        if number:
            await fill(hooks, alice, endpoint, 2)
        await hooks.ask(alice, "DELETE", endpoint)
        hooks.room.clock.advance(1)
    await purge_once(hooks.room.database, KEPT)
    assert await hooks.room.count("webhook_endpoint") == 3
    async with hooks.room.database.unit_of_work() as uow:
        assert await Deliveries(uow).purge_of_deleted(1, 100) == 4
        await Deliveries(uow).purge_endpoints()
    assert await hooks.room.count("webhook_endpoint") == 1
