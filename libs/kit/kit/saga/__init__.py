"""Sagas: a business process as declared steps, decided purely, stored with inbox and outbox."""

from kit.saga.definition import Saga, Step, Task
from kit.saga.engine import Ended, Hooks, SagaEngine, UndoOutcome
from kit.saga.tasks import TaskOutcome, TaskRunner

__all__ = [
    "Ended",
    "Hooks",
    "Saga",
    "SagaEngine",
    "Step",
    "Task",
    "TaskOutcome",
    "TaskRunner",
    "UndoOutcome",
]
