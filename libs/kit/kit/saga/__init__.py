"""Runs sagas: declared steps, pure decisions, state stored with inbox and outbox."""

from kit.saga.decide import BY_OPERATOR
from kit.saga.definition import Ask, Data, Saga, Step, Task, Wait
from kit.saga.engine import (
    Done,
    Hooks,
    SagaEnd,
    SagaEngine,
    Start,
    UndoOutcome,
    shared_replies,
)
from kit.saga.state import Action, Note, Signalled, UndoWanted
from kit.saga.tasks import TaskOutcome, TaskRunner

__all__ = [
    "BY_OPERATOR",
    "Action",
    "Ask",
    "Data",
    "Done",
    "Hooks",
    "Note",
    "Saga",
    "SagaEnd",
    "SagaEngine",
    "Signalled",
    "Start",
    "Step",
    "Task",
    "TaskOutcome",
    "TaskRunner",
    "UndoOutcome",
    "UndoWanted",
    "Wait",
    "shared_replies",
]
