"""Runs sagas: loads, decides, saves and emits in the caller's unit of work, by the batch.

Lock order, everywhere: first what the saga moves (``Hooks.lock``), then the saga rows, each in id
order. So a route that locks its own row and then the saga cannot meet a reply head-on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import structlog

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.messaging.doorbell import Doorbell
from kit.messaging.messages import Envelope, Reply
from kit.saga import store
from kit.saga.decide import (
    Decision,
    Input,
    Phase,
    Replied,
    State,
    TimePassed,
    UndoWanted,
    begin,
    can_undo,
    decide,
)
from kit.saga.definition import Saga, Task
from kit.tasks import for_ever

TIMER_BATCH = 100
TIMER_SECONDS = 0.5

log = structlog.get_logger(__name__)


class UndoOutcome(Enum):
    """What came of a wish to undo."""

    UNDOING = "undoing"
    TOO_LATE = "too_late"
    ENDED = "ended"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Ended:
    """An instance that has just ended; ``reason`` is None where it completed."""

    saga_id: UUID
    data: dict[str, Any]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the owning service does with its own rows; each is called once per batch.

    Attributes:
        lock: Locks the rows the sagas move, in id order, before the sagas are locked.
        completed: The sagas have completed.
        undone: The sagas have been undone, each with its reason.
    """

    lock: Callable[[UnitOfWork, Sequence[UUID]], Awaitable[None]]
    completed: Callable[[UnitOfWork, Sequence[Ended]], Awaitable[None]]
    undone: Callable[[UnitOfWork, Sequence[Ended]], Awaitable[None]]


class SagaEngine:
    """One definition and its instances."""

    def __init__(self, saga: Saga, hooks: Hooks) -> None:
        """Take the definition and what the service does when instances end."""
        self.saga = saga
        self._hooks = hooks
        self.task_bell = Doorbell()

    async def start(self, uow: UnitOfWork, saga_id: UUID, data: dict[str, Any]) -> bool:
        """Begin an instance under its business id; False where it was begun before."""
        now = uow.clock.now()
        decision = begin(self.saga, saga_id, data, now)
        started = await store.insert(uow, decision, now)
        if started:
            self._send(uow, decision, None)
        return started

    async def request_undo(self, uow: UnitOfWork, saga_id: UUID, reason: str) -> UndoOutcome:
        """Turn an instance round while that is still possible; the caller holds its rows."""
        state = (await store.lock(uow, self.saga.name, [saga_id])).get(saga_id)
        if state is None:
            return UndoOutcome.NOT_FOUND
        if state.has_ended:
            return UndoOutcome.ENDED
        if not can_undo(self.saga, state):
            return UndoOutcome.TOO_LATE
        await self._apply(uow, {saga_id: state}, [(saga_id, UndoWanted(reason), None)])
        return UndoOutcome.UNDOING

    async def handle_replies(self, uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        """Advance instances by a batch of replies; strangers' and late replies change nothing."""
        inputs: list[tuple[UUID, Input, Envelope | None]] = [
            (UUID(envelope.subject), Replied(envelope.message), envelope)
            for envelope in envelopes
            if isinstance(envelope.message, Reply)
        ]
        await self.apply(uow, inputs)

    async def apply(
        self, uow: UnitOfWork, inputs: Sequence[tuple[UUID, Input, Envelope | None]]
    ) -> None:
        """Lock, decide in order, save and emit for many inputs at once."""
        ids = sorted({saga_id for saga_id, _, _ in inputs})
        await self._hooks.lock(uow, ids)
        await self._apply(uow, await store.lock(uow, self.saga.name, ids), inputs)

    async def _apply(
        self,
        uow: UnitOfWork,
        states: dict[UUID, State],
        inputs: Sequence[tuple[UUID, Input, Envelope | None]],
    ) -> None:
        now = uow.clock.now()
        decisions: list[Decision] = []
        for saga_id, given, cause in inputs:
            state = states.get(saga_id)
            if state is None:
                log.warning("saga_unknown", saga=self.saga.name, saga_id=str(saga_id))
                continue
            decision = decide(self.saga, state, given, now)
            if not decision.is_change and not decision.log:
                continue
            if decision.state.needs_attention and not state.needs_attention:
                log.error("saga_needs_attention", saga=self.saga.name, saga_id=str(saga_id))
            states[saga_id] = decision.state
            decisions.append(decision)
            self._send(uow, decision, cause)
        if decisions:
            await store.save(uow, decisions, now)
            await self._tell_ends(uow, decisions)

    def _send(self, uow: UnitOfWork, decision: Decision, cause: Envelope | None) -> None:
        state = decision.state
        for command in decision.commands:
            uow.emit(command, subject=str(state.id), cause=cause)
        if decision.is_change and self._is_at_task(state):
            uow.after_commit(self.task_bell.ring)

    def _is_at_task(self, state: State) -> bool:
        return state.step is not None and isinstance(self.saga.step(state.step).asks, Task)

    async def _tell_ends(self, uow: UnitOfWork, decisions: Iterable[Decision]) -> None:
        just_ended = [one.state for one in decisions if one.is_change and one.state.has_ended]
        for phase, tell in (
            (Phase.COMPLETED, self._hooks.completed),
            (Phase.UNDONE, self._hooks.undone),
        ):
            ended = [
                Ended(state.id, state.data, state.reason)
                for state in just_ended
                if state.phase is phase
            ]
            if ended:
                await tell(uow, ended)

    async def timers(self, database: Database) -> None:
        """Wake instances whose time has come, until cancelled."""
        await for_ever(f"{self.saga.name}.timers", lambda: self._wake_due(database))

    async def _wake_due(self, database: Database) -> None:
        while True:
            if not await self.wake_due(database):
                await asyncio.sleep(TIMER_SECONDS)

    async def wake_due(self, database: Database) -> int:
        """Wake one batch of due instances; returns how many were due.

        Every attempt moves ``next_at``, so timers that stay due can't starve the others.
        """
        async with database.read() as connection:
            found = await store.due(connection, self.saga.name, database.clock.now(), TIMER_BATCH)
        if found:
            async with database.unit_of_work() as uow:
                await self.apply(uow, [(saga_id, TimePassed(), None) for saga_id in found])
        return len(found)
