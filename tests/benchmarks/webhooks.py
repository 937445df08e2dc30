"""Webhooks dispatched by one worker to a receiver on this machine, beside the bare HTTP client.

The receiver is a process of its own (``python -m tests.benchmarks.webhooks``), as cheap as can be.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import uvloop
from pydantic import SecretStr

from kit.clock import SystemClock
from kit.db.database import Database
from kit.ids import new_id
from kit.tasks import spawn, stop
from kit.wake_up import WakeUp
from notifications.domain.deliveries import NewDelivery
from notifications.domain.endpoints import NewEndpoint
from notifications.domain.webhook_urls import Reach
from notifications.repository import Deliveries
from notifications.service.attempts import record
from notifications.service.endpoints import create
from notifications.webhooks.dispatcher import Dispatcher
from notifications.webhooks.guard import Guard
from notifications.webhooks.payloads import trial_message
from notifications.webhooks.sender import WebhookClient
from notifications.webhooks.vault import SecretVault
from testkit.databases import Cluster

UNIT = 500  # deliveries of one unit of work
BARE_AT_ONCE = 64
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Tables(Cluster):
    """The room's tables apart from the stack's, whose roles have passwords of their own."""

    async def create(self) -> None:
        """Make the database, in which everybody is the superuser and meets the room's schema."""
        await super().create()
        user = urlsplit(self.url()).username
        await self.as_superuser(
            f"ALTER ROLE {user} IN DATABASE {self.name} SET search_path = notifications"
        )

    def url(self, role: str | None = None) -> str:
        """Return the superuser's URL, whoever asks."""
        del role
        return super().url()


async def dispatched(cluster: Cluster, url: str, endpoints: int, deliveries: int) -> float:
    """Return webhooks per second, from the first claim to the last outcome written."""
    async with cluster.database("notifications") as database:
        vault, wake_up = SecretVault(SecretStr("a key for benchmarks only")), WakeUp()
        await _fill(database, vault, url, endpoints, deliveries)
        async with WebhookClient(Guard(Reach(loopback=True)), vault, database.clock) as sender:
            began = time.perf_counter()
            worker = spawn(Dispatcher(database, sender, record, wake_up).run(), "webhooks")
            while await _waiting(database):
                await asyncio.sleep(0.05)
            took = time.perf_counter() - began
            await stop([worker])
        return deliveries / took


async def _fill(
    database: Database, vault: SecretVault, url: str, endpoints: int, deliveries: int
) -> None:
    made: list[UUID] = []
    owner = new_id()
    for _ in range(endpoints):
        async with database.unit_of_work() as uow:
            endpoint, _ = await create(uow, vault, owner, NewEndpoint(url, None, None))
            made.append(endpoint.id)
    now = database.clock.now()
    for start in range(0, deliveries, UNIT):
        targets = [made[n % endpoints] for n in range(start, min(start + UNIT, deliveries))]
        messages = [trial_message(owner, one, now) for one in targets]
        new = [
            NewDelivery(new_id(), one, message.id, is_active=True)
            for one, message in zip(targets, messages, strict=True)
        ]
        async with database.unit_of_work() as uow:
            await Deliveries(uow).add(messages, new, now)


async def _waiting(database: Database) -> bool:
    async with database.read() as connection:
        states = await connection.fetch("SELECT DISTINCT status FROM webhook_delivery")
    found = {row["status"] for row in states}
    if not found <= {"pending", "delivered"}:
        raise RuntimeError(f"not all were taken: {found}")
    return "pending" in found


async def bare(url: str, deliveries: int) -> float:
    """Return posts per second of aiohttp alone: no database, no signatures, no limits of ours."""
    body = trial_message(new_id(), new_id(), SystemClock().now()).body
    left = count(1)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def post() -> None:
            while next(left) <= deliveries:
                async with client.post(url, data=body) as response:
                    await response.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(BARE_AT_ONCE)))
        return deliveries / (time.perf_counter() - began)


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """Run the receiver in a process of its own; gives its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.webhooks", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        await process.wait()


class _Taking(asyncio.Protocol):
    """Answers 204 to each request on a connection, once its body is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by duck typing
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            self._transport.write(_ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Taking, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - who started it reads it
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
