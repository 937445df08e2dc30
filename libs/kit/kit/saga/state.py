"""Defines the values of a saga: its stored state, the inputs, and the decision.

They are structs, which are made and changed faster than dataclasses.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from kit.messaging.messages import Command, Reply

LogEntry = tuple[str, str | None, str | None]  # of the log: what, at which step, in detail


class Note(Struct, frozen=True):
    """A worker's report of its work, logged under the time that it names."""

    at: datetime
    text: str


class Phase(StrEnum):
    """Says where an instance is; the last two are ends."""

    RUNNING = "running"
    UNDOING = "undoing"
    COMPLETED = "completed"
    UNDONE = "undone"


class SagaState(Struct, frozen=True, kw_only=True):
    """One instance, as stored.

    Attributes:
        step: The step under way: asked (running) or being undone (undoing).
        epoch: Grows with every turn; a reply to an older question is ignored.
        attempts: How often the question under way was asked again.
        to_undo: Steps that were done and have an undo, oldest first.
        next_at: When to wake it; None exactly for ended instances.
        needs_attention: Whether it takes so long that an operator should look.
    """

    id: UUID
    name: str
    version: int
    phase: Phase
    step: str | None
    epoch: int
    attempts: int
    data: dict[str, Any]
    to_undo: tuple[str, ...]
    reason: str | None
    deadline_at: datetime | None
    next_at: datetime | None
    needs_attention: bool

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing can happen any more."""
        return self.phase in (Phase.COMPLETED, Phase.UNDONE)


class Replied(Struct, frozen=True):
    """A participant answered."""

    reply: Reply


class TaskEnded(Struct, frozen=True):
    """A task of the given epoch ended; ``refusal`` is None where it was done."""

    epoch: int
    refusal: str | None
    learnt: dict[str, Any]


class Signalled(Struct, frozen=True):
    """The news that a step waits for has come; ``refusal`` is None where it is good."""

    step: str
    refusal: str | None
    learnt: dict[str, Any]


class TimePassed(Struct, frozen=True):
    """The time ``next_at`` has come.

    ``has_letter`` says that a message of the instance could not be handled.
    """

    has_letter: bool = False


class UndoWanted(Struct, frozen=True):
    """Somebody wants to undo the whole instance."""

    reason: str


class Action(StrEnum):
    """Says what an operator can do about an instance that is stuck."""

    RETRY = "retry"  # ask again at once
    SKIP = "skip"  # take the step under way as done (or undone): somebody did it by hand
    UNDO = "undo"  # undo everything, while that is possible
    FORCE = "force"  # undo what can be undone, even past the point of no return


class Operated(Struct, frozen=True):
    """An operator acts; ``learnt`` is what a skipped step would have taught the saga."""

    action: Action
    actor: str
    learnt: dict[str, Any]


Input = Replied | TaskEnded | Signalled | TimePassed | UndoWanted | Operated


class Decision(Struct, frozen=True):
    """The new state, with the commands and log entries that go with it.

    ``is_change`` is False where the input changed nothing.
    """

    state: SagaState
    commands: tuple[Command, ...] = ()
    log: tuple[LogEntry, ...] = ()
    is_change: bool = True
