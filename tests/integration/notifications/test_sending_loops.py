"""Sending as the service starts it: what arrives, what waits its turn, what is our own fault."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import Hooks
from tests.integration.notifications.receiver import Receiver
from tests.integration.notifications.room import Room, opened, paid

from kit.ids import new_id
from kit.outgoing import RemoteCallInUnitOfWorkError
from notifications.mail.smtp import Mailer
from testkit.conditions import running, until
from testkit.databases import Cluster

AT_ONCE, EACH_AT_ONCE, OWNER_AT_ONCE = 512, 16, 64
MOST_REPLAYED = 10_000
LEASE_SECONDS = 30


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def skipped(hooks: Hooks, endpoint: dict[str, Any], count: int) -> None:
    """Store so many deliveries that were skipped while their endpoint was off."""
    async with hooks.room.database.unit_of_work() as uow:
        await uow.execute(
            """
            WITH message AS (
                INSERT INTO webhook_message (id, user_id, type, body, occurred_at, created_at)
                SELECT gen_random_uuid(), user_id, 'payment.paid', '', $2, $2
                FROM webhook_endpoint, generate_series(1, $3::int) WHERE id = $1
                RETURNING id)
            INSERT INTO webhook_delivery (id, endpoint_id, message_id, status, created_at)
            SELECT gen_random_uuid(), $1, id, 'skipped', $2 FROM message
            """,
            UUID(endpoint["id"]),
            hooks.room.clock.now(),
            count,
        )


async def test_news_goes_out_by_mail_and_webhook_while_the_loops_run(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    room = hooks.room
    endpoint = await hooks.make(bob, receiver.url)
    loops = dict(room.service.background)
    async with running(loops["mail"](room.service), loops["webhooks"](room.service)):
        await room.told(paid(alice, bob))
        await until(lambda: len(room.mails()) == 2)

        async def is_delivered() -> bool:
            return [one["status"] for one in await hooks.log(bob, endpoint)] == ["delivered"]

        await until(is_delivered)
    sent_to = [mail.recipients for mail in room.mails()]
    assert sorted(sent_to) == [("alice@example.com",), ("bob@example.com",)]
    assert [one.is_signed_by(endpoint["secret"]) for one in receiver.got] == [True]


async def test_no_more_is_under_way_at_once_than_a_worker_may_hold(hooks: Hooks) -> None:
    released = asyncio.Event()
    wanted: list[UUID] = []

    async def send(job: Any) -> Any:
        wanted.append(job.endpoint_id)
        await released.wait()
        raise RuntimeError(job.url)

    owners = [new_id() for _ in range(AT_ONCE // OWNER_AT_ONCE + 1)]
    for owner in owners:
        for _ in range(OWNER_AT_ONCE // EACH_AT_ONCE):
            endpoint = await hooks.make(owner, "http://127.0.0.1:9001/")
            await skipped(hooks, endpoint, EACH_AT_ONCE)
    async with hooks.room.database.unit_of_work() as uow:
        now = hooks.room.clock.now()
        await uow.execute("UPDATE webhook_delivery SET status = 'pending', next_at = $1", now)
    worker = hooks.another_worker()
    worker._sender = SimpleNamespace(send=send)
    assert await worker.start_due() == AT_ONCE
    before = hooks.room.database.statements
    assert await worker.start_due() == 0
    assert hooks.room.database.statements == before, "a worker that is full asks for no more"
    released.set()
    await asyncio.gather(*worker._tasks.values(), return_exceptions=True)
    assert len(wanted) == AT_ONCE
    left = len(owners) * OWNER_AT_ONCE - AT_ONCE
    assert await worker.start_due() == left, "the rest follows as soon as there is room"
    await asyncio.gather(*worker._tasks.values(), return_exceptions=True)


async def test_a_secret_that_cannot_be_read_holds_up_its_own_endpoint_alone(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    room = hooks.room
    broken = await hooks.make(alice, f"{receiver.url}/alice")
    await hooks.make(bob, f"{receiver.url}/bob")
    change = "UPDATE webhook_endpoint SET secret = set_byte(secret, 20, get_byte(secret, 20) # 1)"
    async with room.database.unit_of_work() as uow:
        await uow.execute(f"{change} WHERE user_id = $1", alice)
    await room.told(paid(alice, bob))
    await hooks.send()
    assert [one.path for one in receiver.got] == ["/hooks/bob"]
    (log,) = await hooks.log(alice, broken)
    assert (log["status"], log["attempts"]) == ("pending", []), "no attempt of theirs has failed"
    assert (await hooks.look(alice, broken))["is_active"]
    async with room.database.unit_of_work() as uow:
        await uow.execute(f"{change} WHERE user_id = $1", alice)
    await hooks.send(LEASE_SECONDS)
    assert [one.path for one in receiver.got] == ["/hooks/bob", "/hooks/alice"]


@pytest.mark.parametrize(
    "header",
    ["1 Jan 2026 0:0 +999999999999999999", "1 Jan 2026 9999999999999999:0", "soon", "-1"],
)
async def test_a_retry_after_that_is_no_time_does_not_hide_the_attempt(
    hooks: Hooks, receiver: Receiver, alice: UUID, header: str
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(503, retry_after=header)
    await hooks.ask(alice, "POST", endpoint, "/test")
    await hooks.send()
    (log,) = await hooks.log(alice, endpoint)
    assert [one["status_code"] for one in log["attempts"]] == [503]
    receiver.answers(204)
    await hooks.send(6)
    (log,) = await hooks.log(alice, endpoint)
    assert (log["status"], len(receiver.got)) == ("delivered", 2)


async def test_ten_thousand_deliveries_are_replayed_at_once_and_not_one_more(
    hooks: Hooks, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, "http://127.0.0.1:9001/")
    await skipped(hooks, endpoint, MOST_REPLAYED)
    now = hooks.room.clock.now()
    span = {"from": now.isoformat(), "to": (now + timedelta(seconds=1)).isoformat()}
    hooks.room.clock.advance(0.5)
    await skipped(hooks, endpoint, 1)
    refused = await hooks.ask(alice, "POST", endpoint, "/replay", json=span)
    assert (refused.status_code, refused.json()["code"]) == (422, "webhook_span_too_large")
    assert f"{MOST_REPLAYED}" in refused.json()["detail"].replace(",", "").replace("\xa0", "")
    assert await hooks.log(alice, endpoint, status="pending") == []
    span["to"] = (now + timedelta(seconds=0.5)).isoformat()  # up to, and not with, the last one
    replayed = await hooks.ask(alice, "POST", endpoint, "/replay", json=span)
    assert (replayed.status_code, replayed.json()) == (202, {"replayed": MOST_REPLAYED})


async def test_switching_off_what_is_off_keeps_why_and_since_when(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(410)
    await hooks.ask(alice, "POST", endpoint, "/test")
    await hooks.send()
    off = await hooks.look(alice, endpoint)
    hooks.room.clock.advance(60)
    again = await hooks.ask(alice, "PATCH", endpoint, json={"is_active": False, "url": None})
    assert again.json() == off
    assert (off["off_reason"], off["url"]) == ("gone", receiver.url)


async def test_chosen_types_can_be_chosen_anew(hooks: Hooks, alice: UUID, bob: UUID) -> None:
    endpoint = await hooks.make(alice, "http://127.0.0.1:9001/", event_types=["payment.failed"])
    await hooks.room.told(paid(alice, bob))
    assert await hooks.log(alice, endpoint) == []
    chosen = ["payment.paid", "wallet.funds_moved"]
    changed = await hooks.ask(alice, "PATCH", endpoint, json={"event_types": chosen})
    assert changed.json()["event_types"] == chosen
    await hooks.room.told(paid(alice, bob))
    assert [one["type"] for one in await hooks.log(alice, endpoint)] == ["payment.paid"]


async def test_no_mail_is_sent_while_a_unit_of_work_is_open(room: Room) -> None:
    settings = room.service.state.wiring.settings
    async with Mailer.open(settings) as mailer, room.database.unit_of_work():
        with pytest.raises(RemoteCallInUnitOfWorkError):
            await mailer.send(None, "alice@example.com")  # refused before it looks at the mail
    assert room.mails() == []
