"""The saga's brain as given/expect: pure, without database or broker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.messaging.messages import Command
from kit.saga import Saga, Step, Task
from kit.saga.decide import ATTENTION_ATTEMPTS, LAST_RESEND, begin, can_undo, decide
from kit.saga.state import Decision, Input, Phase, Replied, TaskEnded, TimePassed, UndoWanted
from testkit.trips import (
    TRIP,
    BookHotel,
    CancelHotel,
    FlightPaid,
    FlightRefused,
    HotelBooked,
    HotelCancelled,
    HotelFull,
    PayFlight,
    trip,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Told:
    """One saga instance that is told things."""

    def __init__(self, *, needs_visa: bool = True) -> None:
        self.now = NOW
        self.last = begin(TRIP, new_id(), trip(needs_visa=needs_visa), NOW)
        self.sent: list[Command] = list(self.last.commands)

    def tell(self, given: Input) -> Decision:
        self.last = decide(TRIP, self.last.state, given, self.now)
        self.sent += self.last.commands
        return self.last

    def booked(self) -> Decision:
        return self.tell(Replied(HotelBooked(in_reply_to=self.asked(BookHotel), room="7")))

    def visa(self, refusal: str | None = None) -> Decision:
        return self.tell(TaskEnded(self.last.state.epoch, refusal, {}))

    def cancelled(self) -> Decision:
        return self.tell(Replied(HotelCancelled(in_reply_to=self.asked(CancelHotel))))

    def paid(self) -> Decision:
        return self.tell(Replied(FlightPaid(in_reply_to=self.asked(PayFlight))))

    def later(self, seconds: float) -> Decision:
        self.now += timedelta(seconds=seconds)
        return self.tell(TimePassed())

    def asked(self, model: type[Command]) -> UUID:
        return next(one.command_id for one in reversed(self.sent) if isinstance(one, model))

    @property
    def names(self) -> list[str]:
        return [type(one).__name__ for one in self.sent]


def test_the_happy_path_asks_each_step_once_and_completes() -> None:
    story = Told()
    story.booked()
    assert story.last.state.data["room"] == "7"
    story.visa()
    assert story.paid().state.phase is Phase.COMPLETED
    assert story.names == ["BookHotel", "PayFlight"]
    assert story.last.state.next_at is None


def test_a_step_that_does_not_apply_is_skipped() -> None:
    story = Told(needs_visa=False)
    assert story.booked().state.step == "flight"


def test_a_refusal_before_anything_was_done_ends_undone_at_once() -> None:
    story = Told()
    refused = HotelFull(in_reply_to=story.asked(BookHotel), code="full")
    assert story.tell(Replied(refused)).state.phase is Phase.UNDONE
    assert story.last.state.reason == "full"
    assert story.names == ["BookHotel"]


@pytest.mark.parametrize("at", ["visa", "flight"])
def test_a_later_refusal_undoes_what_was_done(at: str) -> None:
    story = Told()
    story.booked()
    if at == "visa":
        story.visa("denied")
    else:
        story.visa()
        refused = FlightRefused(in_reply_to=story.asked(PayFlight), code="denied")
        story.tell(Replied(refused))
    assert story.last.state.phase is Phase.UNDOING
    undo = story.sent[-1]
    assert isinstance(undo, CancelHotel)
    assert undo.undo_of == story.asked(BookHotel)
    assert story.cancelled().state.phase is Phase.UNDONE
    assert story.last.state.reason == "denied"


def test_an_open_step_is_undone_as_well_since_it_may_have_happened() -> None:
    story = Told()
    story.tell(UndoWanted("changed my mind"))
    assert story.names == ["BookHotel", "CancelHotel"]
    late = story.tell(Replied(HotelBooked(in_reply_to=story.asked(BookHotel), room="7")))
    assert not late.is_change
    assert story.cancelled().state.phase is Phase.UNDONE


def test_past_the_point_of_no_return_nothing_is_taken_back() -> None:
    story = Told()
    story.booked()
    story.visa()
    assert not can_undo(TRIP, story.last.state)
    assert not story.tell(UndoWanted("too late")).is_change
    assert story.later(3600).state.phase is Phase.RUNNING
    assert story.paid().state.phase is Phase.COMPLETED


def test_a_silent_participant_is_asked_the_same_again_and_later_each_time() -> None:
    story = Told(needs_visa=False)
    story.booked()
    first = story.asked(PayFlight)
    waits = []
    for _ in range(ATTENTION_ATTEMPTS + 3):
        before = story.last.state.next_at
        assert before is not None
        story.now = before
        story.tell(TimePassed())
        assert story.asked(PayFlight) == first
        after = story.last.state.next_at
        assert after is not None
        waits.append(after - before)
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RESEND
    assert story.last.state.needs_attention


def test_a_step_is_given_up_at_its_deadline_and_undone() -> None:
    story = Told()
    story.later(5)
    assert story.names == ["BookHotel", "BookHotel"]
    story.later(30)
    assert (story.last.state.phase, story.last.state.reason) == (Phase.UNDOING, "timed_out")
    assert story.cancelled().state.phase is Phase.UNDONE


def test_a_task_is_given_up_at_its_deadline_with_its_own_reason() -> None:
    story = Told()
    story.booked()
    assert not story.later(29).is_change
    story.later(1)
    assert (story.last.state.phase, story.last.state.reason) == (
        Phase.UNDOING,
        "visa_unavailable",
    )
    assert not story.visa().is_change


@pytest.mark.parametrize("given", [TimePassed(), UndoWanted("x"), TaskEnded(1, None, {})])
def test_an_ended_saga_hears_nothing(given: Input) -> None:
    story = Told(needs_visa=False)
    story.booked()
    story.paid()
    assert not story.tell(given).is_change
    assert story.last.commands == ()


def test_a_strangers_reply_and_a_repeated_one_change_nothing() -> None:
    story = Told(needs_visa=False)
    assert not story.tell(Replied(HotelBooked(in_reply_to=new_id(), room="1"))).is_change
    story.booked()
    assert not story.booked().is_change
    assert story.names == ["BookHotel", "PayFlight"]


def test_a_task_of_another_epoch_is_ignored() -> None:
    story = Told()
    story.booked()
    assert not story.tell(TaskEnded(story.last.state.epoch - 1, None, {})).is_change


def test_the_definition_is_free_of_faults() -> None:
    assert TRIP.faults() == []


def _with(position: int, **changes: object) -> Saga:
    steps = list(TRIP.steps)
    steps[position] = replace(steps[position], **changes)  # type: ignore[arg-type]
    return Saga("broken", 1, tuple(steps))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (_with(2, is_point_of_no_return=False), "exactly one point of no return"),
        (_with(0, is_point_of_no_return=True), "exactly one point of no return"),
        (_with(1, name="hotel"), "share a name"),
        (_with(1, no_undo_because=""), "neither an undo nor a reason"),
        (_with(0, undone=None), "go together"),
        (_with(0, done=None), "a reply that means done"),
        (_with(0, deadline=timedelta(0)), "no deadline"),
    ],
)
def test_a_broken_definition_is_named(broken: Saga, fault: str) -> None:
    assert any(fault in found for found in broken.faults())


def test_a_task_needs_no_reply() -> None:
    step = Step("alone", Task("t"), "t", is_point_of_no_return=True)
    assert Saga("one", 1, (step,)).faults() == []
