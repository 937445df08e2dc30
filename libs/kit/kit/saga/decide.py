"""The saga's brain: ``decide(definition, state, input, now)`` is pure; the engine does the I/O.

An instance runs forward step by step; a refusal, a deadline or a wish to undo turns it round, and
it undoes what was (or may have been) done, newest first. Past the point of no return it only goes
forward and calls for attention when that takes long.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from kit.messaging.messages import Command, Reply
from kit.saga.definition import Ask, Saga, Step, Task, command_id

ACTION, UNDO = "do", "undo"
LAST_RESEND = timedelta(minutes=1)
ATTENTION_ATTEMPTS = 6


class Phase(StrEnum):
    """Where an instance is; the last two are ends."""

    RUNNING = "running"
    UNDOING = "undoing"
    COMPLETED = "completed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class State:
    """One instance, as stored.

    Attributes:
        step: The step under way: asked (running) or being undone (undoing).
        epoch: Grows with every turn; a reply to an older question is ignored.
        to_undo: Steps that were done and have an undo, oldest first.
        next_at: When to look again; None exactly for ended instances.
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
        """Whether nothing can happen any more."""
        return self.phase in (Phase.COMPLETED, Phase.UNDONE)


@dataclass(frozen=True, slots=True)
class Replied:
    """A participant answered."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task of the given epoch ended: ``refusal`` is None where it was done."""

    epoch: int
    refusal: str | None
    learnt: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimePassed:
    """``next_at`` has come."""


@dataclass(frozen=True, slots=True)
class UndoWanted:
    """Somebody wants the whole taken back."""

    reason: str


Input = Replied | TaskEnded | TimePassed | UndoWanted
LogEntry = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """The new state, the commands to send, and the log entries (entry, step, detail)."""

    state: State
    commands: tuple[Command, ...] = ()
    log: tuple[LogEntry, ...] = ()
    is_change: bool = True


def _unchanged(state: State, *log: LogEntry) -> Decision:
    return Decision(state, log=log, is_change=False)


def begin(saga: Saga, saga_id: UUID, data: dict[str, Any], now: datetime) -> Decision:
    """Start an instance at the first step that applies."""
    state = State(
        id=saga_id,
        name=saga.name,
        version=saga.version,
        phase=Phase.RUNNING,
        step=None,
        epoch=0,
        attempts=0,
        data=data,
        to_undo=(),
        reason=None,
        deadline_at=None,
        next_at=now,
        needs_attention=False,
    )
    return _advance(saga, state, now)


def decide(saga: Saga, state: State, given: Input, now: datetime) -> Decision:
    """Return what follows from an input; an input that fits no open question changes nothing."""
    if state.has_ended:
        return _unchanged(state)
    match given:
        case Replied(reply):
            return _on_reply(saga, state, reply, now)
        case TaskEnded():
            return _on_task_ended(saga, state, given, now)
        case TimePassed():
            return _on_time(saga, state, now)
        case UndoWanted(reason):
            return _on_undo_wanted(saga, state, reason, now)


def can_undo(saga: Saga, state: State) -> bool:
    """Tell whether the instance is still before its point of no return."""
    if state.phase is not Phase.RUNNING or state.step is None:
        return state.phase is Phase.UNDOING
    return not saga.step(state.step).is_point_of_no_return and not _is_past(saga, state.step)


def _is_past(saga: Saga, name: str) -> bool:
    names = [step.name for step in saga.steps]
    pivot = next(step.name for step in saga.steps if step.is_point_of_no_return)
    return names.index(name) > names.index(pivot)


def _on_reply(saga: Saga, state: State, reply: Reply, now: datetime) -> Decision:
    step = saga.step(state.step or "")
    if reply.in_reply_to != _question(state):
        return _unchanged(state, ("reply_ignored", state.step, reply.type))
    if state.phase is Phase.UNDOING:
        return _undo_next(saga, state, now, (("undone", step.name, None),))
    if step.refused is not None and isinstance(reply, step.refused):
        code = str(getattr(reply, "code", "refused"))
        return _turn_round(saga, state, code, now, ("refused", step.name, code))
    learnt = reply.model_dump(mode="json", exclude={"in_reply_to"})
    return _done(saga, state, learnt, now)


def _on_task_ended(saga: Saga, state: State, ended: TaskEnded, now: datetime) -> Decision:
    step = saga.step(state.step or "")
    fits = isinstance(step.asks, Task) and ended.epoch == state.epoch
    if state.phase is not Phase.RUNNING or not fits:
        return _unchanged(state, ("task_ignored", state.step, None))
    if ended.refusal is not None:
        entry = ("refused", step.name, ended.refusal)
        return _turn_round(saga, state, ended.refusal, now, entry)
    return _done(saga, state, ended.learnt, now)


def _done(saga: Saga, state: State, learnt: dict[str, Any], now: datetime) -> Decision:
    step = saga.step(state.step or "")
    to_undo = (*state.to_undo, step.name) if step.undo else state.to_undo
    known = replace(state, data={**state.data, **learnt}, to_undo=to_undo)
    return _advance(saga, known, now, (("done", step.name, None),))


def _advance(
    saga: Saga,
    state: State,
    now: datetime,
    log: tuple[LogEntry, ...] = (),
) -> Decision:
    """Go to the next step that applies, or complete."""
    step = saga.after(state.step, state.data)
    if step is None:
        ended = _end(state, Phase.COMPLETED)
        return Decision(ended, log=(*log, ("completed", None, None)))
    asked = replace(
        state,
        step=step.name,
        epoch=state.epoch + 1,
        attempts=0,
        deadline_at=now + step.deadline,
        next_at=now + (step.deadline if isinstance(step.asks, Task) else step.resend_after),
    )
    return Decision(asked, _commands(saga, asked), (*log, ("asked", step.name, step.asks_words)))


def _on_time(saga: Saga, state: State, now: datetime) -> Decision:
    """Ask again; give a step up at its deadline, unless there is no way back."""
    if state.next_at is None or now < state.next_at:
        return _unchanged(state)
    step = saga.step(state.step or "")
    late = state.deadline_at is not None and now >= state.deadline_at
    if late and state.phase is Phase.RUNNING and can_undo(saga, state):
        entry = ("timed_out", step.name, step.timed_out)
        return _turn_round(saga, state, step.timed_out, now, entry)
    attempts = state.attempts + 1
    waiting = replace(
        state,
        attempts=attempts,
        next_at=now + min(LAST_RESEND, step.resend_after * 2 ** min(attempts, 10)),
        needs_attention=state.needs_attention or attempts >= ATTENTION_ATTEMPTS,
    )
    return Decision(waiting, _commands(saga, waiting), (("asked_again", step.name, None),))


def _on_undo_wanted(saga: Saga, state: State, reason: str, now: datetime) -> Decision:
    if state.phase is Phase.UNDOING or not can_undo(saga, state):
        return _unchanged(state)
    return _turn_round(saga, state, reason, now, ("undo_wanted", state.step, reason))


def _turn_round(saga: Saga, state: State, reason: str, now: datetime, entry: LogEntry) -> Decision:
    """Begin to undo. A step whose answer is open may have happened, so it is undone as well."""
    step = saga.step(state.step or "")
    is_open = entry[0] != "refused" and step.undo is not None
    turned = replace(
        state,
        phase=Phase.UNDOING,
        reason=reason,
        to_undo=(*state.to_undo, step.name) if is_open else state.to_undo,
    )
    return _undo_next(saga, turned, now, (entry,))


def _undo_next(
    saga: Saga,
    state: State,
    now: datetime,
    log: tuple[LogEntry, ...],
) -> Decision:
    if not state.to_undo:
        return Decision(_end(state, Phase.UNDONE), log=(*log, ("all_undone", None, state.reason)))
    step = saga.step(state.to_undo[-1])
    undoing = replace(
        state,
        step=step.name,
        to_undo=state.to_undo[:-1],
        epoch=state.epoch + 1,
        attempts=0,
        deadline_at=None,
        next_at=now + step.resend_after,
    )
    asked = (*log, ("asked_to_undo", step.name, step.undo_words))
    return Decision(undoing, _commands(saga, undoing), asked)


def _end(state: State, phase: Phase) -> State:
    return replace(
        state, phase=phase, step=None, deadline_at=None, next_at=None, needs_attention=False
    )


def _question(state: State) -> UUID:
    """Return the id of the one command whose answer is awaited."""
    operation = UNDO if state.phase is Phase.UNDOING else ACTION
    return command_id(state.id, state.step or "", operation, _epoch(state, operation))


def _epoch(state: State, operation: str) -> int:
    # An action runs once per instance, so its id needs no epoch, and its undo can name it.
    return 0 if operation == ACTION else state.epoch


def _commands(saga: Saga, state: State) -> tuple[Command, ...]:
    step: Step = saga.step(state.step or "")
    build = step.undo if state.phase is Phase.UNDOING else step.asks
    if build is None or isinstance(build, Task):
        return ()
    action = command_id(state.id, step.name, ACTION, 0)
    return (build(Ask(state.id, _question(state), action, state.data)),)
