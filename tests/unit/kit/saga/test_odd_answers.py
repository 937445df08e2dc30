"""Answers that fit no way on, and a service whose point of no return is behind it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import convert

from kit.ids import new_id
from kit.messaging.messages import Reply
from kit.saga import Saga, Step, Task
from kit.saga.decide import begin, decide
from kit.saga.state import (
    Decision,
    Input,
    Phase,
    Replied,
    SagaState,
    TaskEnded,
    TimePassed,
    UndoWanted,
)
from testkit.trips import TRIP, FlightPaid, HotelBooked, HotelCancelled, HotelFull, trip

from .test_decide import NOW, Told

# As TRIP, but with a souvenir to be sent once the flight is paid.
LONGER = Saga(
    "longer",
    1,
    (
        *TRIP.steps,
        Step(
            "souvenir",
            asks=Task("post"),
            asks_words="the post office, by HTTP",
            deadline=timedelta(seconds=10),
        ),
    ),
)


def test_a_reply_of_another_kind_is_no_yes() -> None:
    story = Told()
    odd = HotelCancelled(in_reply_to=story.sent[-1].command_id)
    decision = story.tell(Replied(odd))
    assert (decision.state.step, decision.state.phase) == ("hotel", Phase.RUNNING)
    assert decision.state.needs_attention
    assert decision.log[0][0] == "reply_not_understood"
    assert story.booked().state.step == "visa"
    assert not story.last.state.needs_attention


def test_an_undo_that_is_refused_is_not_undone() -> None:
    story = Told()
    story.booked()
    story.visa("denied")
    refused = HotelFull(in_reply_to=story.sent[-1].command_id, code="already_used")
    decision = story.tell(Replied(refused))
    assert (decision.state.step, decision.state.phase) == ("hotel", Phase.UNDOING)
    assert decision.state.needs_attention
    assert story.cancelled().state.phase is Phase.UNDONE


def beyond() -> SagaState:
    """Return an instance that is past its point of no return, at the task after it."""
    story = Told(needs_visa=False)
    decision = begin(LONGER, new_id(), trip(needs_visa=False), story.now)
    given: tuple[type[Reply], ...] = (HotelBooked, FlightPaid)
    for model in given:
        answer = {"in_reply_to": decision.commands[0].command_id, "room": "7"}
        decision = decide(LONGER, decision.state, Replied(convert(answer, model)), NOW)
    assert decision.state.step == "souvenir"
    return decision.state


def tell(state: SagaState, given: Input, seconds: float = 0) -> Decision:
    return decide(LONGER, state, given, NOW + timedelta(seconds=seconds))


def test_the_longer_saga_is_free_of_faults() -> None:
    assert LONGER.faults() == []


def test_past_the_point_of_no_return_a_no_calls_for_attention_and_undoes_nothing() -> None:
    state = beyond()
    decision = tell(state, TaskEnded(state.epoch, "closed", {}))
    assert decision.state.phase is Phase.RUNNING
    assert decision.state.needs_attention
    assert decision.log == (("refused_too_late", "souvenir", "closed"),)
    done = tell(decision.state, TaskEnded(state.epoch, None, {}))
    assert done.state.phase is Phase.COMPLETED


def test_past_the_point_of_no_return_a_passed_deadline_calls_for_attention() -> None:
    decision = tell(beyond(), TimePassed(), seconds=10)
    assert (decision.state.phase, decision.state.step) == (Phase.RUNNING, "souvenir")
    assert decision.state.needs_attention
    assert decision.state.next_at is not None


def test_past_the_point_of_no_return_nobody_can_call_it_off() -> None:
    assert not tell(beyond(), UndoWanted("too late")).is_change


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (replace(LONGER.steps[-1], undo=TRIP.steps[0].undo, undone=HotelCancelled), "undone"),
        (replace(TRIP.steps[-1], name="x", is_point_of_no_return=False), "nothing is refused"),
        (replace(LONGER.steps[-1], refused=HotelFull), "refused by a reply"),
        (replace(LONGER.steps[-1], name="sou,venir"), "no identifier"),
        (replace(LONGER.steps[-1], resend_after=timedelta(0)), "no pause"),
    ],
)
def test_what_can_not_be_past_the_point_of_no_return_is_named(step: Step, fault: str) -> None:
    assert any(fault in found for found in Saga("x", 1, (*TRIP.steps, step)).faults())
