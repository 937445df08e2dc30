"""Decides a saga's next move: ``decide(saga, state, given, now)``. Pure.

An instance runs forward step by step. A refusal, a deadline or a request to undo turns it round,
and it undoes what was (or may have been) done, newest first. Past the point of no return it only
goes forward, and calls for attention when that takes long. The engine does the I/O.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from msgspec.structs import replace

from kit.messaging.messages import Command, Reply
from kit.saga.definition import Ask, Data, Saga, Step, Task, Wait, command_id
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
    TaskEnded,
    TimePassed,
    UndoWanted,
)

ACTION, UNDO = "do", "undo"
LAST_RESEND = timedelta(minutes=1)
ATTENTION_ATTEMPTS = 6
BY_OPERATOR = "operator"
EARLY = "signals"  # key in the data: signals that came before their step


def begin(
    saga: Saga, saga_id: UUID, data: dict[str, Any], now: datetime, *, done: Sequence[str] = ()
) -> Decision:
    """Start an instance at the first step that applies.

    The waits named in ``done`` are over: what they wait for was done by who starts it.
    """
    if done:
        data = {**data, EARLY: {step: [None, {}] for step in done}}
    state = SagaState(
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


def decide(saga: Saga, state: SagaState, given: Input, now: datetime) -> Decision:
    """Return what follows from an input.

    An input that fits no open question changes nothing.
    """
    if state.step is None:  # it has ended
        return _unchanged(state)
    step = saga.step(state.step)
    match given:
        case Replied(reply):
            decision = _on_reply(saga, state, step, reply, now)
        case TaskEnded():
            decision = _on_task_ended(saga, state, step, given, now)
        case Signalled():
            decision = _on_signal(saga, state, step, given, now)
        case TimePassed(has_letter):
            decision = _on_time(saga, state, step, now, has_letter=has_letter)
        case UndoWanted(reason):
            decision = _on_undo_wanted(saga, state, step, reason, now)
        case _:
            decision = _on_operated(saga, state, step, given, now)
    return decision


def can_undo(saga: Saga, state: SagaState) -> bool:
    """Tell whether an instance is before its point of no return, or being undone."""
    if state.phase is Phase.RUNNING and state.step is not None:
        return saga.can_turn_round_at(state.step)
    return state.phase is Phase.UNDOING


def _on_reply(saga: Saga, state: SagaState, step: Step, reply: Reply, now: datetime) -> Decision:
    if reply.in_reply_to != _question(state, step):
        return _unchanged(state, ("reply_ignored", step.name, reply.type))
    if state.phase is Phase.UNDOING:
        if step.undone is not None and isinstance(reply, step.undone):
            return _undo_next(saga, state, now, (("undone", step.name, None),))
    elif step.done is not None and isinstance(reply, step.done):
        learnt = to_builtins(reply)
        del learnt["in_reply_to"]
        return _done(saga, state, learnt, now, ("done", step.name, None))
    elif step.refused is not None and isinstance(reply, step.refused):
        return _on_refusal(saga, state, step, str(getattr(reply, "code", "refused")), now)
    # The question is asked again, and an operator is told.
    flagged = replace(state, needs_attention=True)
    return Decision(flagged, log=_once(state, ("reply_not_understood", step.name, reply.type)))


def _on_refusal(saga: Saga, state: SagaState, step: Step, code: str, now: datetime) -> Decision:
    if saga.may_be_refused_at(step.name):
        return _turn_round(saga, state, code, now, ("refused", step.name, code))
    flagged = replace(state, needs_attention=True)
    return Decision(flagged, log=_once(state, ("refused_too_late", step.name, code)))


def _once(state: SagaState, entry: LogEntry) -> tuple[LogEntry, ...]:
    """Return what is logged of a fault that comes again with every attempt."""
    return () if state.needs_attention else (entry,)


def _on_task_ended(
    saga: Saga, state: SagaState, step: Step, ended: TaskEnded, now: datetime
) -> Decision:
    fits = isinstance(step.asks, Task) and ended.epoch == state.epoch
    if state.phase is not Phase.RUNNING or not fits:
        return _unchanged(state, ("task_ignored", step.name, None))
    if ended.refusal is not None:
        return _on_refusal(saga, state, step, ended.refusal, now)
    return _done(saga, state, ended.learnt, now, ("done", step.name, None))


def _on_signal(
    saga: Saga, state: SagaState, step: Step, news: Signalled, now: datetime
) -> Decision:
    """Take the signal that a step waits for; keep one that comes before its step."""
    if state.phase is not Phase.RUNNING or saga.is_behind(news.step, step.name):
        return _unchanged(state, ("signal_ignored", news.step, news.refusal))
    if news.step != step.name:
        kept = {**state.data.get(EARLY, {}), news.step: [news.refusal, news.learnt]}
        entry = ("signal_kept", news.step, news.refusal)
        return Decision(replace(state, data={**state.data, EARLY: kept}), log=(entry,))
    if news.refusal is not None:
        return _on_refusal(saga, state, step, news.refusal, now)
    return _done(saga, state, news.learnt, now, ("done", step.name, None))


def _on_time(
    saga: Saga, state: SagaState, step: Step, now: datetime, *, has_letter: bool
) -> Decision:
    """Ask again, or give a step up at its deadline where it can still be undone."""
    if state.next_at is None or now < state.next_at:
        return _unchanged(state)
    is_late = state.deadline_at is not None and now >= state.deadline_at
    if is_late and state.phase is Phase.RUNNING and can_undo(saga, state):
        entry = ("timed_out", step.name, step.timed_out)
        return _turn_round(saga, state, step.timed_out, now, entry)
    attempts = state.attempts + 1
    waiting = replace(
        state,
        attempts=attempts,
        next_at=now + min(LAST_RESEND, step.resend_after * 2 ** min(attempts, 10)),
        needs_attention=state.needs_attention
        or has_letter
        or is_late
        or attempts >= ATTENTION_ATTEMPTS,
    )
    entries = (("asked_again", step.name, None),) if _is_worth_telling(attempts) else ()
    return Decision(waiting, _commands(waiting, step), entries)


def _is_worth_telling(attempts: int) -> bool:
    """Tell whether an attempt is logged: each at first, then the 8th, 16th, 32nd …."""
    return attempts <= ATTENTION_ATTEMPTS or attempts.bit_count() == 1


def _on_undo_wanted(
    saga: Saga, state: SagaState, step: Step, reason: str, now: datetime
) -> Decision:
    if state.phase is Phase.UNDOING or not can_undo(saga, state):
        return _unchanged(state)
    return _turn_round(saga, state, reason, now, ("undo_wanted", step.name, reason))


def _on_operated(
    saga: Saga, state: SagaState, step: Step, given: Operated, now: datetime
) -> Decision:
    entry = (f"operator_{given.action}", step.name, given.actor)
    match given.action:
        case Action.RETRY:
            again = _asked(state, step, now, epoch=state.epoch)
            return Decision(again, _commands(again, step), (entry,))
        case Action.SKIP if state.phase is Phase.UNDOING:
            return _undo_next(saga, state, now, (entry,))
        case Action.SKIP:
            return _done(saga, state, given.learnt, now, entry)
        case Action.FORCE if state.phase is Phase.RUNNING:
            return _turn_round(saga, state, BY_OPERATOR, now, entry)
        case Action.UNDO if state.phase is Phase.RUNNING and can_undo(saga, state):
            return _turn_round(saga, state, BY_OPERATOR, now, entry)
        case _:
            return _unchanged(state)


def _unchanged(state: SagaState, *log: LogEntry) -> Decision:
    return Decision(state, log=log, is_change=False)


def _done(
    saga: Saga, state: SagaState, learnt: dict[str, Any], now: datetime, entry: LogEntry
) -> Decision:
    step = saga.step(state.step or "")
    to_undo = (*state.to_undo, step.name) if step.undo else state.to_undo
    known = replace(state, data={**state.data, **learnt}, to_undo=to_undo)
    return _advance(saga, known, now, (entry,))


def _advance(
    saga: Saga, state: SagaState, now: datetime, log: tuple[LogEntry, ...] = ()
) -> Decision:
    """Go to the next step that applies, or complete."""
    step = saga.after(state.step, state.data)
    if step is None:
        ended = _end(state, Phase.COMPLETED)
        return Decision(ended, log=(*log, ("completed", None, None)))
    asked = _asked(replace(state, step=step.name), step, now, epoch=state.epoch + 1)
    log = (*log, ("asked", step.name, None))
    if step.name not in state.data.get(EARLY, {}):
        return Decision(asked, _commands(asked, step), log)
    news = Signalled(step.name, *state.data[EARLY][step.name])
    followed = _on_signal(saga, asked, step, news, now)
    return replace(followed, log=(*log, *followed.log))


def _asked(state: SagaState, step: Step, now: datetime, *, epoch: int) -> SagaState:
    """Return the state with its question asked at ``now``."""
    deadline = _deadline(step, state.data, now) if state.phase is Phase.RUNNING else None
    asks_once = deadline is not None and isinstance(step.asks, Task | Wait)
    return replace(
        state,
        epoch=epoch,
        attempts=0,
        deadline_at=deadline,
        next_at=deadline if asks_once else now + step.resend_after,
        needs_attention=False,
    )


def _deadline(step: Step, data: Data, now: datetime) -> datetime:
    if isinstance(step.asks, Wait) and step.asks.until is not None:
        return step.asks.until(data)
    return now + step.deadline


def _turn_round(
    saga: Saga, state: SagaState, reason: str, now: datetime, entry: LogEntry
) -> Decision:
    """Begin to undo, including a step whose answer is still open.

    Such a step may have happened.
    """
    step = saga.step(state.step or "")
    is_open = entry[0] != "refused" and step.undo is not None
    turned = replace(
        state,
        phase=Phase.UNDOING,
        reason=reason,
        to_undo=(*state.to_undo, step.name) if is_open else state.to_undo,
    )
    return _undo_next(saga, turned, now, (entry,))


def _undo_next(saga: Saga, state: SagaState, now: datetime, log: tuple[LogEntry, ...]) -> Decision:
    if not state.to_undo:
        return Decision(_end(state, Phase.UNDONE), log=(*log, ("all_undone", None, state.reason)))
    step = saga.step(state.to_undo[-1])
    undoing = replace(state, step=step.name, to_undo=state.to_undo[:-1])
    asked = _asked(undoing, step, now, epoch=state.epoch + 1)
    entry = ("asked_to_undo", step.name, None)
    return Decision(asked, _commands(asked, step), (*log, entry))


def _end(state: SagaState, phase: Phase) -> SagaState:
    return replace(
        state, phase=phase, step=None, deadline_at=None, next_at=None, needs_attention=False
    )


def _question(state: SagaState, step: Step) -> UUID:
    """Return the id of the one command whose answer is awaited."""
    if state.phase is Phase.UNDOING:
        return command_id(state.id, step.name, UNDO, state.epoch)
    return _action_id(state, step)


def _action_id(state: SagaState, step: Step) -> UUID:
    # An action runs once per instance, so its id needs no epoch, and its undo can name it.
    return command_id(state.id, step.name, ACTION, 0)


def _commands(state: SagaState, step: Step) -> tuple[Command, ...]:
    build = step.undo if state.phase is Phase.UNDOING else step.asks
    if build is None or isinstance(build, Task | Wait):
        return ()
    action_id = _action_id(state, step)
    # Forward they are one id, and to derive it costs.
    question = action_id if state.phase is Phase.RUNNING else _question(state, step)
    return (build(Ask(state.id, question, action_id, state.data)),)
