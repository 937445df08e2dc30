"""How the dispatcher shares itself out, and what it makes of workers and receivers that die."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from tests.integration.notifications.hooks import Hooks, hooks_of
from tests.integration.notifications.receiver import Receiver, receiving
from tests.integration.notifications.room import Room, opened, paid

from contracts.auth import ConfirmationLimitsChanged
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope, Event
from kit.outgoing import RemoteCallInUnitOfWorkError
from kit.tasks import spawn, stop
from notifications.domain.attempts import AttemptResult
from notifications.domain.deliveries import Attempt, DeliveryEnd, Job, NewDelivery
from notifications.domain.deliveries import Room as Places
from notifications.domain.webhook_urls import Reach
from notifications.repository import Deliveries
from notifications.service.attempts import record
from notifications.service.deliveries import announce
from notifications.webhooks.dispatcher import EACH_AT_ONCE, LEASE, OWNER_AT_ONCE, Dispatcher
from notifications.webhooks.guard import Guard
from notifications.webhooks.payloads import trial_message
from notifications.webhooks.sender import WebhookClient
from testkit.certificates import certified
from testkit.conditions import until
from testkit.databases import Cluster

SOON = aiohttp.ClientTimeout(total=0.3, connect=0.2)


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def fill(hooks: Hooks, owner: UUID, endpoint: dict[str, Any], count: int) -> None:
    """Write so many deliveries to an endpoint."""
    endpoint_id, now = UUID(endpoint["id"]), hooks.room.clock.now()
    messages = [trial_message(owner, endpoint_id, now) for _ in range(count)]
    new = [NewDelivery(new_id(), endpoint_id, one.id, is_active=True) for one in messages]
    async with hooks.room.database.unit_of_work() as uow:
        await Deliveries(uow).add(messages, new, now)


async def test_a_receiver_that_never_answers_delays_no_other(hooks: Hooks, alice: UUID) -> None:
    async with receiving() as slow, receiving() as fast:
        slow.is_silent()
        await fill(hooks, alice, await hooks.make(alice, slow.url), 10_000)
        fine = await hooks.make(alice, fast.url)
        await fill(hooks, alice, fine, 200)
        running = spawn(hooks.dispatcher.run(), "dispatcher")
        try:
            await until(lambda: len(fast.got) == 200)
            assert slow.waiting == EACH_AT_ONCE
            assert len(slow.got) == EACH_AT_ONCE
        finally:
            await stop([running])


async def test_where_not_all_fit_owners_take_turns_and_their_endpoints_too(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    crowds = [await hooks.make(alice, f"http://127.0.0.1:901{n}/") for n in range(8)]
    for endpoint in crowds:
        await fill(hooks, alice, endpoint, 20)
    hooks.room.clock.advance(1)
    late = [await hooks.make(bob, f"http://127.0.0.1:900{n}/") for n in range(2, 5)]
    for endpoint in late:
        await fill(hooks, bob, endpoint, 5)
    now = hooks.room.clock.now()
    async with hooks.room.database.unit_of_work() as uow:
        jobs = await Deliveries(uow).claim({}, now, now + LEASE, Places(16, 64, 6))
    taken = [str(job.endpoint_id) for job in jobs]
    assert len(set(taken)) == 6
    assert {one for one in taken if one in {each["id"] for each in late}} == {
        one["id"] for one in late
    }


async def test_an_owner_holds_a_part_of_the_places_however_many_endpoints_they_have(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    crowds = [await hooks.make(alice, f"http://127.0.0.1:901{n}/") for n in range(8)]
    for endpoint in crowds:
        await fill(hooks, alice, endpoint, 20)
    await fill(hooks, bob, await hooks.make(bob, "http://127.0.0.1:9001/"), 5)
    now, busy = hooks.room.clock.now(), {UUID(crowds[0]["id"]): 16}
    async with hooks.room.database.unit_of_work() as uow:
        jobs = await Deliveries(uow).claim(busy, now, now + LEASE, Places(16, OWNER_AT_ONCE, 512))
    of_alice = [job for job in jobs if str(job.endpoint_id) in {one["id"] for one in crowds}]
    assert len(of_alice) == OWNER_AT_ONCE - 16
    assert len(jobs) == len(of_alice) + 5


async def test_an_endpoint_is_leased_no_more_than_there_is_room_for(
    hooks: Hooks, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, "http://127.0.0.1:9001/")
    await fill(hooks, alice, endpoint, 40)
    busy = {UUID(endpoint["id"]): 10}
    now = hooks.room.clock.now()
    async with hooks.room.database.unit_of_work() as uow:
        jobs = await Deliveries(uow).claim(busy, now, now + LEASE, Places(16, 64, 100))
        assert len(jobs) == 6
        assert await Deliveries(uow).claim(busy, now, now + LEASE, Places(10, 64, 100)) == []


async def test_two_workers_never_send_the_same(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    await fill(hooks, alice, await hooks.make(alice, receiver.url), 100)
    await asyncio.gather(hooks.dispatcher.settle(), hooks.another_worker().settle())
    assert len(receiver.got) == 100
    assert len({one.webhook_id for one in receiver.got}) == 100


async def test_what_a_dead_worker_held_is_sent_when_its_lease_ends(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await fill(hooks, alice, endpoint, 3)
    now = hooks.room.clock.now()
    async with hooks.room.database.unit_of_work() as uow:
        assert len(await Deliveries(uow).claim({}, now, now + LEASE, Places(16, 64, 16))) == 3
    await hooks.send(LEASE.total_seconds() - 1)
    assert receiver.got == []
    await hooks.send(1)
    assert len(receiver.got) == 3


async def test_an_outcome_that_comes_after_its_lease_ended_counts_once(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.is_silent()
    await fill(hooks, alice, endpoint, 1)
    await hooks.dispatcher.start_due()
    await until(lambda: receiver.waiting == 1)
    hooks.room.clock.advance(LEASE.total_seconds())
    other = hooks.another_worker()
    await other.start_due()
    await until(lambda: receiver.waiting == 2)
    receiver.released.set()
    for worker in (hooks.dispatcher, other):
        await asyncio.gather(*worker._tasks.values())
        await worker.write_ended()
    (log,) = await hooks.log(alice, endpoint)
    assert (log["status"], len(log["attempts"])) == ("delivered", 1)


async def test_what_had_ended_when_the_worker_is_stopped_is_written_down(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    is_writing = asyncio.Event()

    async def interrupted(uow: UnitOfWork, ended: Sequence[DeliveryEnd]) -> list[UUID]:
        if not is_writing.is_set():
            is_writing.set()
            await asyncio.Event().wait()
        return await record(uow, ended)

    endpoint = await hooks.make(alice, receiver.url)
    await fill(hooks, alice, endpoint, 1)
    wake_up = hooks.room.service.state.wiring.webhook_wake_up
    worker = Dispatcher(hooks.room.database, hooks.sender, interrupted, wake_up)
    running = spawn(worker.run(), "dispatcher")
    await is_writing.wait()
    await stop([running])
    assert [one["status"] for one in await hooks.log(alice, endpoint)] == ["delivered"]
    assert len(receiver.got) == 1


async def test_a_fault_of_our_own_leaves_the_delivery_for_later(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    class Broken:
        async def send(self, job: Job) -> Attempt:
            raise RuntimeError(job.url)

    wake_up = hooks.room.service.state.wiring.webhook_wake_up
    await fill(hooks, alice, await hooks.make(alice, receiver.url), 1)
    await Dispatcher(hooks.room.database, Broken(), record, wake_up).settle()
    await hooks.send(LEASE.total_seconds())
    assert len(receiver.got) == 1


async def test_a_batch_of_outcomes_costs_the_same_however_large(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    database = hooks.room.database
    counts = []
    endpoint = await hooks.make(alice, receiver.url)
    for size in (2, EACH_AT_ONCE):
        await fill(hooks, alice, endpoint, size)
        before = database.statements
        await hooks.dispatcher.start_due()
        await asyncio.gather(*hooks.dispatcher._tasks.values())
        assert await hooks.dispatcher.write_ended() == size
        counts.append(database.statements - before)
    assert counts == [2, 2], "one to claim, one to write"


async def test_events_cost_two_statements_however_many_they_concern(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    for owner in (alice, bob):
        for n in range(3):
            await hooks.make(owner, f"http://127.0.0.1:900{n}/")
    envelopes = [_envelope(paid(alice, bob)) for _ in range(10)]
    async with hooks.room.database.unit_of_work() as uow:
        before = hooks.room.database.statements
        assert await announce(uow, envelopes) == 60
        assert hooks.room.database.statements - before == 2
        await announce(uow, envelopes)
    assert await hooks.room.count("webhook_delivery") == 60
    assert await hooks.room.count("webhook_message") == 20


async def test_events_that_are_for_no_webhooks_cost_no_statement(hooks: Hooks, alice: UUID) -> None:
    change = ConfirmationLimitsChanged(change_id=new_id(), user_id=alice, at=datetime.now(UTC))
    async with hooks.room.database.unit_of_work() as uow:
        before = hooks.room.database.statements
        assert await announce(uow, [_envelope(change)]) == 0
        assert hooks.room.database.statements == before


def _envelope(event: Event) -> Envelope:
    return Envelope(
        id=new_id(),
        source="payments",
        type=event.type,
        subject="s",
        time=datetime.now(UTC),
        sequence=1,
        message=event,
    )


async def what_went_wrong(
    hooks: Hooks, owner: UUID, url: str, reach: Reach | None = None
) -> str | None:
    """Attempt one delivery to a URL that was fine when the endpoint was made."""
    endpoint = await hooks.make(owner, "http://127.0.0.1:9001/")
    guard = hooks.room.service.state.wiring.guard
    guard.reach = reach or guard.reach
    async with hooks.room.database.unit_of_work() as uow:
        await uow.execute("UPDATE webhook_endpoint SET url = $1", url)
    await fill(hooks, owner, endpoint, 1)
    await hooks.send()
    (log,) = await hooks.log(owner, endpoint)
    (attempt,) = log["attempts"]
    assert (log["status"], attempt["status_code"]) == ("pending", None)
    error: str | None = attempt["error"]
    return error


@asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Serve connections by hand; gives the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"220 mail.example.com ESMTP\r\n")


async def begin_and_stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")


@pytest.mark.parametrize("talk", [hang_up, talk_nonsense])
async def test_a_receiver_that_speaks_no_http_is_a_lost_connection(
    hooks: Hooks, alice: UUID, talk: Any
) -> None:
    async with talking(talk) as port:
        assert await what_went_wrong(hooks, alice, f"http://127.0.0.1:{port}/") == "connection_lost"


async def test_a_closed_port_is_a_failed_connection(hooks: Hooks, alice: UUID) -> None:
    async with talking(answer) as port:
        pass
    error = await what_went_wrong(hooks, alice, f"http://127.0.0.1:{port}/")
    assert error == "connection_failed"


async def test_a_receiver_that_takes_too_long_is_a_timeout(
    room: Room, receiver: Receiver, alice: UUID
) -> None:
    receiver.is_silent()
    async with hooks_of(room, SOON) as hooks:
        assert await what_went_wrong(hooks, alice, receiver.url) == "timeout"


async def test_the_status_counts_even_where_the_rest_of_the_answer_never_comes(
    hooks: Hooks, alice: UUID
) -> None:
    async with talking(begin_and_stop) as port:
        endpoint = await hooks.make(alice, f"http://127.0.0.1:{port}/")
        await fill(hooks, alice, endpoint, 1)
        await hooks.send()
        assert [one["status"] for one in await hooks.log(alice, endpoint)] == ["delivered"]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9000/", "port_not_allowed"),
        ("http://127.0.0.1/", "address_not_public"),
        ("http://localhost/", "address_not_public"),
        ("https://user@example.com/", "url_has_credentials"),
        ("https://example.com:22/", "port_not_allowed"),
        ("https://[::ffff:10.0.0.1]/", "address_not_public"),
    ],
)
async def test_what_was_allowed_once_is_checked_again_at_every_attempt(
    hooks: Hooks, alice: UUID, url: str, error: str
) -> None:
    narrower = Reach(plain_http=True)
    assert await what_went_wrong(hooks, alice, url, narrower) == error


@pytest.mark.check(56)
async def test_a_name_that_leads_inside_by_the_time_of_the_attempt_is_not_connected_to(
    room: Room, receiver: Receiver, alice: UUID
) -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]

    async def rebinding(_: str, __: int) -> Sequence[str]:
        return answers.pop(0)

    wiring = room.service.state.wiring
    guard = Guard(Reach(), rebinding)
    room.service.state.wiring = replace(wiring, guard=guard)
    async with hooks_of(room) as hooks:
        endpoint = await hooks.make(alice, "https://rebinding.example.com:8443/")
        await fill(hooks, alice, endpoint, 1)
        await hooks.send()
        (log,) = await hooks.log(alice, endpoint)
    assert log["attempts"][0]["error"] == "address_not_public"
    assert answers == []


async def test_nothing_is_sent_inside_a_unit_of_work(hooks: Hooks) -> None:
    job = job_to("http://127.0.0.1:9/", new_id(), b"")
    async with hooks.room.database.unit_of_work():
        with pytest.raises(RemoteCallInUnitOfWorkError):
            await hooks.sender.send(job)


@pytest.mark.check(56)
@pytest.mark.parametrize(("name", "error"), [("localhost", None), ("other.test", "tls_failed")])
async def test_the_checked_address_is_connected_to_and_its_certificate_held_to_the_name(
    room: Room, tmp_path: Path, name: str, error: str | None
) -> None:
    server, trusted = certified(name, tmp_path)
    trust = ssl.create_default_context(cadata=trusted)
    asked: list[str] = []

    async def names(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    vault = room.service.state.wiring.vault
    endpoint_id = new_id()
    _, stored = vault.new(endpoint_id)
    guard = Guard(Reach(loopback=True), names)
    async with (
        talking(answer, server) as port,
        WebhookClient(guard, vault, room.clock, trust=trust) as sender,
    ):
        job = job_to(f"https://localhost:{port}/", endpoint_id, stored)
        attempt = await sender.send(job)
    assert asked == ["localhost"]
    assert attempt.reply == AttemptResult(None if error else 204, error=error)


def job_to(url: str, endpoint_id: UUID, secret: bytes) -> Job:
    return Job(
        delivery_id=new_id(),
        endpoint_id=endpoint_id,
        message_id=new_id(),
        url=url,
        secret=secret,
        old_secret=None,
        body=b"{}",
        tries=0,
        attempts=0,
        had_failures=False,
    )
