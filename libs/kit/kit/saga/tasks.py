"""Does the outside work of sagas: leases instances that stand at a task, works, reports back.

The work runs outside any unit of work. A worker that dies loses its lease, and another one works
again, so a task must bear being done twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from kit.db.database import Database
from kit.saga import store
from kit.saga.decide import State, TaskEnded
from kit.saga.definition import Task
from kit.saga.engine import SagaEngine
from kit.tasks import for_ever, spawn, stop

AT_ONCE = 64
POLL_SECONDS = 0.5
LEASE = timedelta(seconds=3)  # renewed at every poll, so a dead worker's task is soon another's

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task ended: ``refusal`` None where it was done; ``notes`` go to the saga's log."""

    refusal: str | None = None
    learnt: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


Work = Callable[[UUID, Mapping[str, Any]], Awaitable[TaskOutcome]]


class TaskRunner:
    """Runs the tasks of one saga; ``works`` maps task names to what does them."""

    def __init__(self, engine: SagaEngine, database: Database, works: Mapping[str, Work]) -> None:
        """Take the engine to report to, and the work by task name."""
        self._engine = engine
        self._database = database
        self._works = works
        self._steps = {
            step.name: (step, works[step.asks.name])
            for step in engine.saga.steps
            if isinstance(step.asks, Task)
        }
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await for_ever(f"{self._engine.saga.name}.tasks", self._once)
        finally:
            await stop(list(self._running.values()))

    async def _once(self) -> None:
        while True:
            taken = await self._take(AT_ONCE - len(self._running))
            for state in taken:
                task = spawn(self._do(state), f"task.{state.step}")
                self._running[state.id] = task
                task.add_done_callback(partial(self._forget, state.id))
            if not taken:
                await self._engine.task_bell.wait(POLL_SECONDS)

    def _forget(self, saga_id: UUID, _: asyncio.Task[None]) -> None:
        del self._running[saga_id]

    async def _take(self, limit: int) -> list[State]:
        """Renew the leases of what runs here, and take more."""
        now = self._database.clock.now()
        wanted = store.Wanted(self._engine.saga.name, tuple(self._steps), now, now + LEASE)
        async with self._database.unit_of_work() as uow:
            await store.renew(uow, self._running, wanted.until)
            return await store.lease(uow, wanted, limit)

    async def _do(self, state: State) -> None:
        step, work = self._steps[state.step or ""]
        left = step.deadline
        if state.deadline_at is not None:
            left = min(left, state.deadline_at - self._database.clock.now())
        try:
            async with asyncio.timeout(max(0.0, left.total_seconds())):
                outcome = await work(state.id, state.data)
        except TimeoutError:
            outcome = TaskOutcome(refusal=step.timed_out)
        except Exception:
            log.exception("task_broke", step=step.name, saga_id=str(state.id))
            return  # the step's deadline decides
        async with self._database.unit_of_work() as uow:
            ended = TaskEnded(state.epoch, outcome.refusal, outcome.learnt)
            await self._engine.apply(uow, [(state.id, ended, None)])
            entries = [("noted", step.name, text) for text in outcome.notes]
            await store.note(uow, state.id, entries)
