"""Does the tasks of sagas: leases instances, works, and reports the outcome.

The work runs outside any unit of work. A worker that dies stops renewing its leases, and another
one works again, so a task must bear being done twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from kit.db.database import Database
from kit.db.due import DueWatch
from kit.db.unit_of_work import Connection
from kit.saga import store
from kit.saga.definition import Task
from kit.saga.engine import SagaEngine
from kit.saga.state import Note, SagaState, TaskEnded
from kit.tasks import for_ever, spawn, stop

AT_ONCE = 64
LEASE = timedelta(seconds=3)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """Says how a task ended.

    ``refusal`` is None where it was done; ``notes`` go to the saga's log.
    """

    refusal: str | None = None
    learnt: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


TaskWork = Callable[[UUID, Mapping[str, Any]], Awaitable[TaskOutcome]]


class TaskRunner:
    """Runs the tasks of one saga; ``works`` maps their names to the functions."""

    def __init__(
        self, engine: SagaEngine, database: Database, works: Mapping[str, TaskWork]
    ) -> None:
        """Take the engine to report to, and the work by task name."""
        self._engine = engine
        self._database = database
        self._works = works
        self._steps = sorted(
            {
                step.name
                for definition in engine.definitions.values()
                for step in definition.steps
                if isinstance(step.asks, Task)
            }
        )
        # Also for tasks whose lease has ended with their worker.
        self._due = DueWatch(database, self._next_at, at_once=engine.task_wake_up)
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._renew_at: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await for_ever(f"{self._engine.saga.name}.tasks", self._once)
        finally:
            await stop(list(self._running.values()))

    async def _once(self) -> None:
        while True:
            await self.renew_leases()
            if not await self.start_waiting():
                await self._due.wait()

    async def _next_at(self, connection: Connection) -> datetime | None:
        """Return when a lease is to be renewed, or a task may be leased."""
        now = self._database.clock.now()
        if self._running:
            return now
        return await store.next_task_at(connection, self._engine.saga.name, self._steps, now)

    async def start_waiting(self) -> int:
        """Start as many waiting tasks as there is room for; return how many."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return 0
        until = self._database.clock.now() + LEASE
        async with self._database.unit_of_work() as uow:
            wanted = store.Lease(self._engine.saga.name, self._steps, until, free)
            taken = await store.take(uow, wanted)
        for state in taken:
            self._start(state)
        return len(taken)

    def _start(self, state: SagaState) -> None:
        task = spawn(self._do(state), f"task.{state.step}")
        self._running[state.id] = task

        def forget(ended: asyncio.Task[None]) -> None:
            if self._running.get(state.id) is ended:
                del self._running[state.id]

        task.add_done_callback(forget)

    async def renew_leases(self) -> None:
        """Renew the leases of running tasks, a good while before they end."""
        now = self._database.clock.now()
        if self._running and (self._renew_at is None or now >= self._renew_at):
            async with self._database.unit_of_work() as uow:
                await store.renew(uow, list(self._running), now + LEASE)
            self._renew_at = now + LEASE / 4

    async def _do(self, state: SagaState) -> None:
        outcome = await self._outcome(state)
        if outcome is None:
            return  # the lease ends, and the task is done again, up to the step's deadline
        async with self._database.unit_of_work() as uow:
            ended = TaskEnded(state.epoch, outcome.refusal, outcome.learnt)
            await self._engine.apply(uow, [(state.id, ended, None)])
            if outcome.notes:
                await store.note(uow, state.id, state.step, outcome.notes)

    async def _outcome(self, state: SagaState) -> TaskOutcome | None:
        """Do a task within its time; None where it neither succeeded nor was refused."""
        definition = self._engine.definitions[state.version]
        step = definition.step(state.step or "")
        can_be_given_up = definition.can_turn_round_at(step.name)
        left = step.deadline
        if can_be_given_up and state.deadline_at is not None:
            left = min(left, state.deadline_at - self._database.clock.now())
        work = self._works[step.asks.name if isinstance(step.asks, Task) else ""]
        try:
            async with asyncio.timeout(max(0.0, left.total_seconds())) as limit:
                return await work(state.id, state.data)
        except Exception:
            if limit.expired() and can_be_given_up:
                return TaskOutcome(refusal=step.timed_out)
            log.exception("task_broke", step=step.name, saga_id=str(state.id))
            return None
