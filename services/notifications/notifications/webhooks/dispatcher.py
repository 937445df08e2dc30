"""Sends due webhooks: leases deliveries, sends them at once, stores results.

Each endpoint and each owner has a limit of deliveries under way, and a claim takes from each owner
in turn, so that a slow endpoint delays no other.
"""

import asyncio
import random
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from prometheus_client import Counter

from kit.db import Database, UnitOfWork
from kit.db.due import DueWatch
from kit.tasks import all_of, for_ever, spawn, stop
from kit.wake_up import WakeUp
from notifications.domain.attempts import decide_next
from notifications.domain.deliveries import Attempt, DeliveryEnd, Job, Room
from notifications.repository import Deliveries

AT_ONCE: Final = 512
EACH_AT_ONCE: Final = 16
OWNER_AT_ONCE: Final = 64
POLL_SECONDS: Final = 1.0  # until results are stored that could not be
LEASE: Final = timedelta(seconds=30)  # twice the longest attempt

attempted = Counter("saldo_webhook_attempts", "Attempts at webhooks", ["outcome"])

Record = Callable[[UnitOfWork, Sequence[DeliveryEnd]], Awaitable[list[UUID]]]


class Sends(Protocol):
    """A sender of webhooks; in production `webhooks.sender.WebhookClient`."""

    async def send(self, job: Job) -> Attempt:
        """Make an attempt at a delivery."""
        ...


class Dispatcher:
    """Sends webhooks while `run` runs; several may run side by side."""

    def __init__(self, database: Database, sender: Sends, record: Record, wake_up: WakeUp) -> None:
        """Take the sender, the verb that stores results, and the wake-up."""
        self._database = database
        self._sender = sender
        self._record = record
        self._wake_up = wake_up
        self._busy: Counted[UUID] = Counted()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._ended: list[DeliveryEnd] = []
        self._something_ended = WakeUp()

    async def run(self) -> None:
        """Send until cancelled; attempts cut off then are repeated after their lease."""
        due = DueWatch(
            self._database, lambda read: Deliveries(read).next_at(), at_once=self._wake_up
        )
        try:
            await all_of(
                [
                    for_ever("webhooks.dispatcher", lambda: self._start_always(due)),
                    for_ever("webhooks.writer", self._write_always),
                ]
            )
        finally:
            await stop(list(self._tasks.values()))
            if self._ended:
                await self.write_ended()

    async def _start_always(self, due: DueWatch) -> None:
        while True:
            if not await self.start_due():
                await due.wait()

    async def _write_always(self) -> None:
        while True:
            await self._something_ended.wait(POLL_SECONDS)
            await self.write_ended()

    async def start_due(self) -> int:
        """Lease due deliveries and start sending them; return how many."""
        room = AT_ONCE - self._busy.total()
        if room <= 0:
            return 0
        now = self._database.clock.now()
        async with self._database.unit_of_work() as uow:
            jobs = await Deliveries(uow).claim(
                self._busy, now, now + LEASE, Room(EACH_AT_ONCE, OWNER_AT_ONCE, room)
            )
        for job in jobs:
            self._busy[job.endpoint_id] += 1
            self._tasks[job.delivery_id] = spawn(self._send(job), "webhook")
        return len(jobs)

    async def _send(self, job: Job) -> None:
        try:
            attempt = await self._sender.send(job)
        except BaseException:
            self._leave(job)  # our own fault: logged by the task, tried again after the lease
            raise
        jitter = random.uniform(-1, 1)  # noqa: S311 - jitter is no secret
        following = decide_next(
            attempt.reply, job.tries + 1, self._database.clock.now(), jitter=jitter
        )
        self._ended.append(DeliveryEnd(job, attempt, following))
        self._something_ended.set()

    async def write_ended(self) -> int:
        """Store together all attempts that have ended; return how many."""
        batch = list(self._ended)
        if not batch:
            return 0
        async with self._database.unit_of_work() as uow:
            gone_off = await self._record(uow, batch)
        del self._ended[: len(batch)]
        for one in batch:
            self._leave(one.job)
            attempted.labels(one.next.status).inc()
        self._wake_up.set()
        if gone_off:
            async with self._database.unit_of_work() as uow:
                await Deliveries(uow).skip_waiting(uow.clock.now(), gone_off)
        return len(batch)

    async def settle(self) -> None:
        """Send all that is due now and store the results; for tests and tools."""
        while await self.start_due() or self._tasks or self._ended:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            if not await self.write_ended():
                return

    def _leave(self, job: Job) -> None:
        self._tasks.pop(job.delivery_id, None)
        self._busy[job.endpoint_id] -= 1
        if not self._busy[job.endpoint_id]:
            del self._busy[job.endpoint_id]
