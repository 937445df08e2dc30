"""Defines a saga as data: its steps, with one point of no return."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from kit.ids import derived_id
from kit.messaging.messages import Command, Reply

Data = Mapping[str, Any]  # what the saga was started with and has learnt; JSON values only


class Ask(Struct, frozen=True):
    """Holds what a command is built from.

    Attributes:
        command_id: The same for every sending of one step's operation in one epoch.
        action_id: For an undo, the ``command_id`` of the action it undoes.
    """

    saga_id: UUID
    command_id: UUID
    action_id: UUID
    data: Data


@dataclass(frozen=True, slots=True)
class Task:
    """A call by HTTP that a worker of this service makes, outside any unit of work."""

    name: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for a signal from a person or a provider; nothing is sent.

    Attributes:
        until: When it is given up, where that is not the step's deadline.
        until_words: The same in words, for people.
    """

    until: Callable[[Data], datetime] | None = None
    until_words: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a saga, with its command, task or wait, and with its undo.

    Attributes:
        name: Stable name, stored with every instance.
        asks: Builds the command to send, names the task to do, or says how to wait.
        asks_words: Whom it asks for what, in words, for the room's page; likewise ``undo_words``.
        done: Reply that means done; None for tasks and waits.
        refused: Reply that means a business no; its ``code`` becomes the saga's reason.
        undo: Builds the command that takes the step back; None where nothing is to be undone.
        undone: Reply to the undo.
        deadline: How long the step may take before it is given up (or, past the point of no
            return, before an operator is called).
        resend_after: How long to wait for a reply before the same command is sent again.
        applies: Whether an instance needs this step.
        applies_when: The same in words, for people.
        no_undo_because: Why a step before the point of no return needs no undo.
        timed_out: Reason of a saga given up at this step's deadline.
        is_point_of_no_return: From here on the saga only goes forward.
    """

    name: str
    asks: Callable[[Ask], Command] | Task | Wait
    asks_words: str
    done: type[Reply] | None = None
    refused: type[Reply] | None = None
    undo: Callable[[Ask], Command] | None = None
    undo_words: str = ""
    undone: type[Reply] | None = None
    deadline: timedelta = timedelta(seconds=30)
    resend_after: timedelta = timedelta(seconds=5)
    applies: Callable[[Data], bool] = lambda _: True
    applies_when: str = "always"
    no_undo_because: str = ""
    timed_out: str = "timed_out"
    is_point_of_no_return: bool = False


@dataclass(frozen=True, slots=True)
class Saga:
    """A named list of steps, with a version that running instances keep.

    Attributes:
        keeps: What stays of the data of an instance that has completed; None: all of it. Those
            that were undone keep all, as somebody may ask why.
    """

    name: str
    version: int
    steps: tuple[Step, ...]
    keeps: tuple[str, ...] | None = None

    def step(self, name: str) -> Step:
        """Return a step by name."""
        return self.steps[self._position(name)]

    def after(self, name: str | None, data: Data) -> Step | None:
        """Return the next step that applies after the named one, None where there is none.

        With None for a name it is the first step that applies.
        """
        start = 0 if name is None else self._position(name) + 1
        return next((step for step in self.steps[start:] if step.applies(data)), None)

    def can_turn_round_at(self, name: str) -> bool:
        """Tell whether the named step comes before the point of no return."""
        return self._position(name) < self._pivot()

    def is_behind(self, name: str, other: str) -> bool:
        """Tell whether the step `name` comes before `other`."""
        return self._position(name) < self._position(other)

    def may_be_refused_at(self, name: str) -> bool:
        """Tell whether a refusal of the named step can still be honoured."""
        return self._position(name) <= self._pivot()

    def _position(self, name: str) -> int:
        return next(at for at, step in enumerate(self.steps) if step.name == name)

    def _pivot(self) -> int:
        return next(at for at, step in enumerate(self.steps) if step.is_point_of_no_return)

    def faults(self) -> list[str]:
        """Return what is wrong with the definition; a test expects nothing."""
        pivots = [at for at, step in enumerate(self.steps) if step.is_point_of_no_return]
        if len(pivots) != 1:
            return ["there must be exactly one point of no return"]
        found = [
            f"{step.name}: {fault}"
            for at, step in enumerate(self.steps)
            for fault in (*_faults(step), *_faults_of_place(step, at - pivots[0]))
        ]
        if len({step.name for step in self.steps}) != len(self.steps):
            found.append("two steps share a name")
        return found


def _faults(step: Step) -> Iterator[str]:
    if not step.name.isidentifier():
        yield "the name is no identifier"
    if (step.undo is None) != (step.undone is None):
        yield "undo and undone go together"
    if isinstance(step.asks, Task | Wait) != (step.done is None):
        yield "a command needs a reply that means done, a task or a wait none"
    if isinstance(step.asks, Task | Wait) and step.refused is not None:
        yield "neither a task nor a wait is refused by a reply"
    if min(step.deadline, step.resend_after) <= timedelta(0):
        yield "no deadline, or no pause before it is asked again"


def _faults_of_place(step: Step, beyond: int) -> Iterator[str]:
    """Check a step by how far beyond the point of no return it stands."""
    if beyond < 0 and not (step.undo or step.no_undo_because):
        yield "neither an undo nor a reason for having none"
    if beyond >= 0 and step.undo:
        yield "from the point of no return on nothing is undone"
    if beyond > 0 and step.refused:
        yield "past the point of no return nothing is refused"


def command_id(saga_id: UUID, step: str, operation: str, epoch: int) -> UUID:
    """Return the id of a command, which is the same however often it is sent."""
    return derived_id(saga_id, step, operation, epoch)
