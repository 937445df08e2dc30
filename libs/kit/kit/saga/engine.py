"""Runs sagas in batches, in the caller's unit of work: load, decide, save, emit.

Lock order, everywhere: first what the saga moves (``Hooks.lock``), then the saga rows, each in id
order. So a route that locks its own row and then the saga cannot deadlock with a reply.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import structlog
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Counter, Gauge

from kit import context
from kit.context import Context
from kit.db.database import Database
from kit.db.due import LONGEST_SECONDS, LOOK_SECONDS, DueWatch
from kit.db.outages import is_outage
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import dead_letters
from kit.messaging.messages import Envelope, Reply
from kit.messaging.outbox import emit
from kit.messaging.routes import Handler
from kit.saga import store
from kit.saga.decide import LAST_RESEND, begin, can_undo, decide
from kit.saga.definition import Saga, Task
from kit.saga.state import (
    Action,
    Decision,
    Input,
    LogEntry,
    Operated,
    Phase,
    Replied,
    SagaState,
    Signalled,
    TimePassed,
    UndoWanted,
)
from kit.tasks import for_ever
from kit.wake_up import WakeUp

TIMER_BATCH = 100
COUNT_SECONDS = 10.0  # at least between two counts of what needs attention

ended_sagas = Counter("saldo_sagas_ended", "Sagas that have ended", ["saga", "phase"])
stuck_sagas = Counter("saldo_sagas_stuck", "Sagas that began to need attention", ["saga"])
waiting_sagas = Gauge("saldo_sagas_needing_attention", "Sagas that need attention now", ["saga"])

log = structlog.get_logger(__name__)


class UndoOutcome(Enum):
    """Says how a request to undo ended."""

    UNDOING = "undoing"
    TOO_LATE = "too_late"
    ENDED = "ended"
    NOT_FOUND = "not_found"


class Start(Struct, frozen=True):
    """An instance to begin: its business id, its data, and the caller's context.

    ``done`` names waits of its beginning that are over: the caller has just done in its own unit
    of work what they wait for. ``Hooks.done`` is not told of them.
    """

    saga_id: UUID
    data: dict[str, Any]
    context: Context
    done: tuple[str, ...] = ()


class SagaEnd(Struct, frozen=True):
    """An instance that has just ended; ``reason`` is None where it completed."""

    saga_id: UUID
    data: dict[str, Any]
    reason: str | None


class Done(Struct, frozen=True):
    """A step that has just been done, with the instance's data since then."""

    saga_id: UUID
    step: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """Changes the owning service's own rows, once per batch.

    Attributes:
        lock: The statement that locks the rows that the sagas ``$1`` move, in id order. They are
            locked before the sagas, by the statement that locks those. None: there are none.
        completed: The sagas have completed.
        undone: The sagas have been undone, each with its reason.
        done: Steps have been done, in order, or skipped by an operator as done by hand; called
            before the ends of the same batch.
    """

    lock: str | None
    completed: Callable[[UnitOfWork, Sequence[SagaEnd]], Awaitable[None]]
    undone: Callable[[UnitOfWork, Sequence[SagaEnd]], Awaitable[None]]
    done: Callable[[UnitOfWork, Sequence[Done]], Awaitable[None]] | None = None


class SagaEngine:
    """Runs the instances of one saga."""

    def __init__(self, saga: Saga, hooks: Hooks, *, earlier: Sequence[Saga] = ()) -> None:
        """Take the saga to run.

        Args:
            saga: The definition that new instances begin with.
            hooks: What the service does when instances end.
            earlier: Versions that instances still running began with.
        """
        self.saga = saga
        self.definitions = {one.version: one for one in (*earlier, saga)}
        self._hooks = hooks
        self._lock = store.locking(hooks.lock)
        self.task_wake_up = WakeUp()

    async def start(self, uow: UnitOfWork, saga_id: UUID, data: dict[str, Any]) -> None:
        """Begin an instance under its business id; once, or the COMMIT fails."""
        await self.start_many(uow, [Start(saga_id, data, context.current())])

    async def start_many(self, uow: UnitOfWork, starts: Sequence[Start]) -> None:
        """Begin instances, each in its own context; each once, or the COMMIT fails."""
        now = uow.clock.now()
        decisions = [
            begin(self.saga, start.saga_id, start.data, now, done=start.done) for start in starts
        ]
        store.insert(uow, decisions, now)
        uow.after_commit(uow.wake_up.set)  # the timers, which another process may look after
        for start, decision in zip(starts, decisions, strict=True):
            with context.within(start.context):
                self._send(uow, decision, None)
        await self._tell_ends(uow, [decision.state for decision in decisions])

    async def request_undo(self, uow: UnitOfWork, saga_id: UUID, reason: str) -> UndoOutcome:
        """Undo an instance where that is still possible; the caller holds its rows."""
        state = (await store.lock(uow, self.saga.name, [saga_id])).get(saga_id)
        if state is None:
            return UndoOutcome.NOT_FOUND
        if state.has_ended:
            return UndoOutcome.ENDED
        if not can_undo(self.definitions[state.version], state):
            return UndoOutcome.TOO_LATE
        await self._apply(uow, {saga_id: state}, [(saga_id, UndoWanted(reason), None)])
        return UndoOutcome.UNDOING

    async def signal(
        self,
        uow: UnitOfWork,
        saga_id: UUID,
        step: str,
        *,
        refusal: str | None = None,
        learnt: dict[str, Any] | None = None,
    ) -> bool:
        """Give an instance the news that a step waits for; the caller holds its rows.

        False where there is no such instance, or it is past that step. News that come before their
        step are kept for it.
        """
        news = Signalled(step, refusal, learnt or {})
        return saga_id in await self.signal_many(uow, {saga_id: news})

    async def signal_many(self, uow: UnitOfWork, news: Mapping[UUID, Signalled]) -> set[UUID]:
        """Do what ``signal`` does for many instances; return those that took the news."""
        states = await store.lock(uow, self.saga.name, news)
        return set(
            await self._apply(uow, states, [(one, told, None) for one, told in news.items()])
        )

    async def operate(
        self,
        uow: UnitOfWork,
        saga_id: UUID,
        action: Action,
        *,
        actor: str,
        learnt: dict[str, Any] | None = None,
    ) -> bool:
        """Let an operator act on an instance; False where nothing can be done about it.

        Args:
            uow: The unit of work to do it in.
            saga_id: The instance.
            action: What to do.
            actor: Who wants it; goes to the log.
            learnt: What a skipped step would have taught the saga.
        """
        given = Operated(action, actor, learnt or {})
        return bool(await self.apply(uow, [(saga_id, given, None)]))

    async def take_replies(
        self, uow: UnitOfWork, envelopes: Sequence[Envelope]
    ) -> Sequence[Envelope]:
        """Advance this saga's instances by their replies; return the replies of others."""
        ids = sorted({UUID(envelope.subject) for envelope in envelopes})
        states = await store.lock(uow, self.saga.name, ids, self._lock)
        inputs: list[tuple[UUID, Input, Envelope | None]] = []
        others = []
        for envelope in envelopes:
            saga_id = UUID(envelope.subject)
            if saga_id not in states:
                others.append(envelope)
            elif isinstance(envelope.message, Reply):
                inputs.append((saga_id, Replied(envelope.message), envelope))
        await self._apply(uow, states, inputs)
        return others

    async def apply(
        self, uow: UnitOfWork, inputs: Sequence[tuple[UUID, Input, Envelope | None]]
    ) -> int:
        """Lock, decide in order, save and emit for inputs; return how many had an effect.

        The sagas were committed before, or the caller holds what they move: one that is begun
        while this waits for a lock is not seen.
        """
        ids = sorted({saga_id for saga_id, _, _ in inputs})
        states = await store.lock(uow, self.saga.name, ids, self._lock)
        return len(await self._apply(uow, states, inputs))

    async def _apply(
        self,
        uow: UnitOfWork,
        states: dict[UUID, SagaState],
        inputs: Sequence[tuple[UUID, Input, Envelope | None]],
    ) -> list[UUID]:
        """Return the ids of instances that changed, once for each input that changed them."""
        now = uow.clock.now()
        changed: dict[UUID, SagaState] = {}
        entries: list[tuple[UUID, LogEntry]] = []
        done: list[Done] = []
        effects: list[UUID] = []
        for saga_id, given, cause in inputs:
            state = changed.get(saga_id) or states.get(saga_id)
            if state is None:
                log.warning("saga_unknown", saga=self.saga.name, saga_id=str(saga_id))
                continue
            decision = decide(self.definitions[state.version], state, given, now)
            entries += [(saga_id, entry) for entry in decision.log]
            if decision.is_change:
                effects.append(saga_id)
                changed[saga_id] = decision.state
                self._watch(state, decision.state)
                self._send(uow, decision, cause)
                done += _steps_done(saga_id, decision)
        if changed or entries:
            store.save(uow, map(self._as_kept, changed.values()), entries, now)
            uow.after_commit(uow.wake_up.set)
        if done and self._hooks.done is not None:
            await self._hooks.done(uow, done)
        await self._tell_ends(uow, changed.values())
        return effects

    def _as_kept(self, state: SagaState) -> SagaState:
        keeps = self.definitions[state.version].keeps
        if keeps is None or state.phase is not Phase.COMPLETED:
            return state
        return replace(state, data={name: state.data.get(name) for name in keeps})

    def _watch(self, before: SagaState, after: SagaState) -> None:
        if after.needs_attention and not before.needs_attention:
            stuck_sagas.labels(self.saga.name).inc()
            log.error(
                "saga_needs_attention",
                saga=self.saga.name,
                saga_id=str(after.id),
                step=after.step,
                phase=after.phase.value,
            )

    def _send(self, uow: UnitOfWork, decision: Decision, cause: Envelope | None) -> None:
        state = decision.state
        for command in decision.commands:
            emit(uow, command, subject=str(state.id), cause=cause)
        if state.step is not None:
            step = self.definitions[state.version].step(state.step)
            if isinstance(step.asks, Task):
                uow.after_commit(self.task_wake_up.set)

    async def _tell_ends(self, uow: UnitOfWork, states: Iterable[SagaState]) -> None:
        over = [state for state in states if state.has_ended]
        for phase, tell in (
            (Phase.COMPLETED, self._hooks.completed),
            (Phase.UNDONE, self._hooks.undone),
        ):
            ended = [
                SagaEnd(state.id, state.data, state.reason)
                for state in over
                if state.phase is phase
            ]
            if ended:
                await tell(uow, ended)
                ended_sagas.labels(self.saga.name, phase.value).inc(len(ended))

    async def timers(
        self, database: Database, *, polls: tuple[float, float] = (LOOK_SECONDS, LONGEST_SECONDS)
    ) -> None:
        """Wake instances that are due, until cancelled; `polls` as `DueWatch` takes them."""
        name = self.saga.name
        due = DueWatch(database, lambda connection: store.next_at(connection, name), polls=polls)
        await for_ever(f"{name}.timers", lambda: self._wake_due(database, due))

    async def _wake_due(self, database: Database, due: DueWatch) -> None:
        clock, counted_at = asyncio.get_running_loop().time, -math.inf
        while True:
            if not await self.wake_due(database):
                if clock() >= counted_at + COUNT_SECONDS:
                    counted_at = clock()
                    await self.count_stuck(database)
                await due.wait()

    async def count_stuck(self, database: Database) -> int:
        """Count the instances that need attention, set the gauge, and return the count."""
        async with database.read() as connection:
            count = await store.needing_attention(connection, self.saga.name)
        waiting_sagas.labels(self.saga.name).set(count)
        return count

    async def wake_due(self, database: Database) -> int:
        """Wake one batch of due instances; return how many were due.

        Every attempt moves ``next_at``, so timers that stay due can't starve the others.
        """
        async with database.read() as connection:
            now = database.clock.now()
            found = await store.due(connection, self.saga.name, now, TIMER_BATCH)
        try:
            await self._wake(database, found)
        except Exception as error:
            if await is_outage(database, error):
                raise
            log.warning("timers_failed", saga=self.saga.name, error=repr(error))
            for saga_id in found:
                await self._wake_alone(database, saga_id)
        return len(found)

    async def _wake(self, database: Database, ids: Sequence[UUID]) -> None:
        if ids:
            async with database.unit_of_work() as uow:
                kept = await dead_letters.waited_for(uow, [str(saga_id) for saga_id in ids])
                woken = [(one, TimePassed(has_letter=str(one) in kept), None) for one in ids]
                await self.apply(uow, woken)

    async def _wake_alone(self, database: Database, saga_id: UUID) -> None:
        try:
            await self._wake(database, [saga_id])
        except Exception as error:
            if await is_outage(database, error):
                raise
            log.exception("timer_failed", saga=self.saga.name, saga_id=str(saga_id))
            async with database.unit_of_work() as uow:
                until = database.clock.now() + LAST_RESEND
                await store.postpone(uow, saga_id, until, repr(error))


def _steps_done(saga_id: UUID, decision: Decision) -> list[Done]:
    """Return the steps done by a decision, or by hand as an operator says."""
    state = decision.state
    is_forward = state.phase in (Phase.RUNNING, Phase.COMPLETED)
    told = {"done", f"operator_{Action.SKIP}"} if is_forward else {"done"}
    return [
        Done(saga_id, step, state.data)
        for entry, step, _ in decision.log
        if entry in told and step is not None
    ]


def shared_replies(*engines: SagaEngine) -> Handler:
    """Return one handler for the replies that sagas of several kinds wait for.

    Each engine takes its own and passes the others on. The first engine's ``Hooks.lock`` locks
    everything that a batch may move, so it must know the ids of the other sagas as well.
    """

    async def handle(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        left = envelopes
        for engine in engines:
            if left:
                left = await engine.take_replies(uow, left)
        for stranger in left:
            log.warning("saga_unknown", saga_id=stranger.subject)

    return handle
