"""Consumes one queue in batches, each handled and committed in one transaction.

A batch is what has arrived, with what came in a moment more where the service lingers, and is
acknowledged after its COMMIT, several at once. When it fails it is rolled back and handled one by
one, so that a bad message never holds its neighbours. Trouble with PostgreSQL or the broker is no
message's fault: the channel is closed, nothing of the batch is acknowledged, and it comes again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import NamedTuple

import structlog
from asyncpg import UniqueViolationError
from prometheus_client import Counter

from kit.db.database import Database
from kit.db.outages import CONFLICTS, is_outage
from kit.db.unit_of_work import FoundError, UnitOfWork
from kit.linger import NEVER, Linger
from kit.messaging import dead_letters, inbox
from kit.messaging.acknowledgements import MOST_MESSAGES, Acknowledgements
from kit.messaging.broker import Broker, Delivery, Subscription
from kit.messaging.dead_letters import DeadLetter, dead_letter
from kit.messaging.decoder import Decoded, Decoder, Item
from kit.messaging.messages import Message
from kit.messaging.routes import Handler, caused_by
from kit.tasks import for_ever, to_the_end, together

BATCH_EVENTS = 1000
PREFETCH_MESSAGES = 300
SUSPECT_ATTEMPTS = 2  # delivered twice before and never acknowledged: it may kill the process
CONFLICT_TRIES = 5
FINISH_SECONDS = 10.0

handled = Counter("saldo_messages_handled", "Events handled", ["queue"])
repeated = Counter("saldo_messages_repeated", "Events seen before", ["queue"])
parked = Counter("saldo_messages_parked", "Events parked for a retry", ["queue"])
buried = Counter("saldo_messages_dead", "Events for an operator", ["queue", "reason"])

log = structlog.get_logger(__name__)


class StandBy(NamedTuple):
    """How another worker's queue is read, while that one is away.

    Attributes:
        after_seconds: How long the queue's own worker has to be before others in the line.
        turn_seconds: How long until the queue is given back, for the case that it has returned.
    """

    after_seconds: float = 2.0
    turn_seconds: float = 10.0


class Consumer:
    """Consumes one queue for as long as ``run`` runs."""

    def __init__(  # noqa: PLR0913 - what one queue is read with
        self,
        database: Database,
        broker: Broker,
        queue: str,
        handlers: Mapping[str, tuple[type[Message], Handler]],
        *,
        unknown_is_fine: bool,
        linger: Linger = NEVER,
        stands_by: StandBy | None = None,
        is_repeatable: bool = False,
    ) -> None:
        """Take the queue's handlers by message type.

        With `unknown_is_fine` messages of another type are ignored (events); else they are dead
        letters (commands). `linger` lets the next batch gather. With `stands_by` the queue is
        another worker's. `is_repeatable` is as `Routes.repeatable` says of the queue's kind.
        """
        self.is_repeatable = is_repeatable
        self._looks_first = True  # for letters; else right before COMMIT, which costs less
        self.linger = linger
        self.stands_by = stands_by
        self._has_been_in_line = False
        self.queue = queue
        self.reader = Decoder(queue, handlers, unknown_is_fine=unknown_is_fine)
        self._database = database
        self._broker = broker

    async def run(self) -> None:
        """Consume until cancelled, and come back after any trouble.

        A batch that has begun is finished.
        """
        await for_ever(f"{self.queue}.consumer", self._once, or_when=self._broker.returned)

    async def _once(self) -> bool:
        # PostgreSQL comes first: a message that is taken and not handled counts one more attempt.
        await self._database.ping()
        if self.stands_by is not None and not self._has_been_in_line:
            await asyncio.sleep(self.stands_by.after_seconds)
        self._has_been_in_line = True
        await self._feel_the_way()
        subscription = await self._broker.subscribe(self.queue, prefetch=PREFETCH_MESSAGES)
        acknowledgements = Acknowledgements(subscription)
        began: float | None = None
        clock = asyncio.get_running_loop().time
        try:
            while not self._turn_is_over(began):
                taken = await subscription.take(PREFETCH_MESSAGES)
                began = began or clock()
                events = await self._work_off(taken, acknowledgements)
                # What fills the prefetch, without what is not acknowledged yet, has gathered.
                if len(taken) < PREFETCH_MESSAGES - MOST_MESSAGES:
                    await self.linger.after(events)
        finally:
            await acknowledgements.end()
            await subscription.close()
        return True  # whoever is next in line has it now; if nobody is, this one goes on

    def _turn_is_over(self, began: float | None) -> bool:
        """Tell whether who stands by lets the next in line have the queue: its own worker."""
        if self.stands_by is None or began is None:
            return False
        return asyncio.get_running_loop().time() - began > self.stands_by.turn_seconds

    async def _feel_the_way(self) -> None:
        """Handle suspect messages one at a time.

        A message that kills the process ends all that were delivered with it, each counted as one
        more attempt. Taken alone it reaches the broker's limit alone.
        """
        subscription = await self._broker.subscribe(self.queue, prefetch=1)
        try:
            is_suspect = True
            while is_suspect:
                batch = await subscription.take(1)
                await self._finish(batch, await self._read(batch), subscription)
                is_suspect = _is_suspect(batch[0])
        finally:
            await subscription.close()

    async def _work_off(self, taken: list[Delivery], acknowledgements: Acknowledgements) -> int:
        """Handle batch after batch, reading the next while PostgreSQL works on this one.

        Returns how many events there were.
        """
        batch, rest = cut(taken)
        reading = await self._read(batch)
        events = 0
        while batch:
            events += len(reading.items)
            following, rest = cut(rest)
            work = self._finish(batch, reading, acknowledgements)
            if not following or _is_suspect(following[0]):
                await work  # nothing else may be under way beside what may kill the process
                reading = await self._read(following)
            else:
                _, reading = await together(work, self._read(following))
            batch = following
        return events

    async def _read(self, deliveries: Sequence[Delivery]) -> Decoded:
        today = self._database.clock.now().date()
        reading = Decoded()
        for delivery in deliveries:
            await asyncio.sleep(0)  # the batch before may be waiting to go on
            part = self.reader.read([delivery], today)
            reading.items += part.items
            reading.dead += part.dead
        return reading

    async def _finish(
        self, batch: Sequence[Delivery], reading: Decoded, acks: Subscription | Acknowledgements
    ) -> None:
        await to_the_end(self._handle_and_ack(batch, reading, acks), within_seconds=FINISH_SECONDS)

    async def _handle_and_ack(
        self, batch: Sequence[Delivery], reading: Decoded, acks: Subscription | Acknowledgements
    ) -> None:
        await self._handle(batch, reading)
        await acks.ack_through(batch[-1].tag)

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Handle each event of the deliveries once, or store it as a dead letter."""
        await self._handle(deliveries, await self._read(deliveries))

    async def _handle(self, deliveries: Sequence[Delivery], reading: Decoded) -> None:
        if reading.dead:
            await bury(self._database, self.queue, reading.dead)
        if not reading.items:
            return
        if not _is_suspect(deliveries[0]):
            try:
                await self._together(reading.items, is_noted=not self.is_repeatable)
            except Exception as error:
                self._looks_first = True
                if await is_outage(self._database, error):
                    raise
                log.warning("batch_failed", queue=self.queue, error=repr(error))
            else:
                return
        for item in reading.items:
            await self._alone(item)

    async def _together(self, items: Sequence[Item], *, is_noted: bool) -> None:
        # Without an inbox nobody waits for the worker that has the same messages: its rows are in
        # the way of these, also of one that is noted here, and are seen by a second look.
        conflicts = (*CONFLICTS, UniqueViolationError) if self.is_repeatable else CONFLICTS
        tries = 0
        while True:
            try:
                async with self._database.unit_of_work() as uow:
                    await self._effect(uow, items, is_noted=is_noted)
            except FoundError:
                self._looks_first = True
            except conflicts:
                tries += 1
                if tries == CONFLICT_TRIES:
                    raise
                await asyncio.sleep(0.005 * 2**tries)
            else:
                return

    async def _effect(self, uow: UnitOfWork, items: Sequence[Item], *, is_noted: bool) -> None:
        ids = [item.envelope.id for item in items]
        keys = {item.envelope.subject for item in items}
        if is_noted:
            fresh, waiting = await inbox.claim(uow, self.queue, ids, keys)
        elif self._looks_first:
            fresh, waiting, self._looks_first = await inbox.look(uow, self.queue, ids, keys)
        else:
            inbox.look_last(uow, self.queue, ids)
            fresh, waiting = set(ids), set()
        repeated.labels(self.queue).inc(len(items) - len(fresh))
        behind: list[DeadLetter] = []
        todo: list[Item] = []
        for item in items:
            if item.envelope.id not in fresh:
                continue
            fresh.discard(item.envelope.id)  # twice in one batch is still once
            if item.envelope.subject in waiting:
                behind.append(dead_letter(self.queue, item.raw, "behind_parked", ""))
            else:
                todo.append(item)
        if behind and not is_noted:
            await inbox.claim(uow, self.queue, [one.id for one in behind])
        await dead_letters.park(uow, behind)
        for handler, run in groupby(todo, key=lambda item: item.handler):
            group = [item.envelope for item in run]
            # A batch of several has no single cause.
            with caused_by(group[0]) if len(group) == 1 else nullcontext():
                await handler(uow, group)
        uow.after_commit(lambda: handled.labels(self.queue).inc(len(todo)))
        uow.after_commit(lambda: parked.labels(self.queue).inc(len(behind)))

    async def _alone(self, item: Item) -> None:
        try:
            # Noted in any case: of what kills its process, the rest becomes letters.
            await self._together([item], is_noted=True)
        except Exception as error:
            if await is_outage(self._database, error):
                raise
            log.exception("message_parked", queue=self.queue, id=str(item.envelope.id))
            failed = dead_letter(self.queue, item.raw, "handler_failed", repr(error))
            async with self._database.unit_of_work() as uow:
                fresh, _ = await inbox.claim(uow, self.queue, [item.envelope.id])
                await dead_letters.park(uow, [failed] if fresh else [])
            parked.labels(self.queue).inc(len(fresh))


def cut(pending: list[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Split off one batch: up to BATCH_EVENTS events; a suspect goes alone."""
    if pending and _is_suspect(pending[0]):
        return pending[:1], pending[1:]
    events = 0
    for position, delivery in enumerate(pending):
        # A cheap upper estimate: every CloudEvent names its version once.
        events += max(1, delivery.body.count(b'"specversion"'))
        if position and (events > BATCH_EVENTS or _is_suspect(delivery)):
            return pending[:position], pending[position:]
    return pending, []


def _is_suspect(delivery: Delivery) -> bool:
    return delivery.attempts >= SUSPECT_ATTEMPTS


async def bury(database: Database, queue: str, dead: Sequence[DeadLetter]) -> None:
    """Store dead letters of events that have had no effect yet."""
    today = database.clock.now().date()
    known = {one.id for one in dead if not inbox.is_stale(one.id, today)}
    async with database.unit_of_work() as uow:
        fresh, _ = await inbox.claim(uow, queue, sorted(known))
        new = [one for one in dead if one.id in fresh or one.id not in known]
        await dead_letters.bury(uow, new)
    for one in new:
        buried.labels(queue, one.reason).inc()
        log.error("dead_letter", queue=queue, id=str(one.id), type=one.type, reason=one.reason)
