"""What is stored after each input, to the last field: state, log and the ids of what is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from kit.ids import derived_id, new_id
from kit.saga import Saga, Step, Wait
from kit.saga.decide import begin, can_undo, decide
from kit.saga.definition import Ask
from kit.saga.state import (
    Action,
    Decision,
    Input,
    Operated,
    Phase,
    Replied,
    SagaState,
    Signalled,
    TaskEnded,
    TimePassed,
    UndoWanted,
)
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
    journey,
    trip,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAGA_ID = new_id()
BOOK = derived_id(SAGA_ID, "hotel", "do", 0)
PAY = derived_id(SAGA_ID, "flight", "do", 0)
SHORT, LONG = timedelta(seconds=5), timedelta(seconds=30)  # pause and deadline of a step


def cancel(epoch: int) -> Any:
    return derived_id(SAGA_ID, "hotel", "undo", epoch)


def play(*given: Input, saga: Saga = TRIP, data: dict[str, Any] | None = None) -> list[Decision]:
    """Return what follows from inputs, a second apart, the beginning first."""
    now = NOW
    decisions = [begin(saga, SAGA_ID, data or trip(), now)]
    for one in given:
        now += timedelta(seconds=1)
        decisions.append(decide(saga, decisions[-1].state, one, now))
    return decisions


BOOKED = Replied(HotelBooked(in_reply_to=BOOK, room="7"))
PAID = Replied(FlightPaid(in_reply_to=PAY))
BEGUN = SagaState(
    id=SAGA_ID,
    name="trip",
    version=1,
    phase=Phase.RUNNING,
    step="hotel",
    epoch=1,
    attempts=0,
    data={"needs_visa": True},
    to_undo=(),
    reason=None,
    deadline_at=NOW + LONG,
    next_at=NOW + SHORT,
    needs_attention=False,
)


def test_a_saga_begins_with_its_first_question() -> None:
    [begun] = play()
    assert begun == Decision(
        BEGUN,
        commands=(BookHotel(command_id=BOOK),),
        log=(("asked", "hotel", None),),
        is_change=True,
    )


def test_a_saga_without_any_step_to_take_is_completed_at_once() -> None:
    nothing = Saga("none", 1, (replace(TRIP.steps[1], is_point_of_no_return=True),))
    [begun] = play(saga=nothing, data=trip(needs_visa=False))
    assert begun.state == structs.replace(
        BEGUN,
        name="none",
        phase=Phase.COMPLETED,
        step=None,
        epoch=0,
        data={"needs_visa": False},
        deadline_at=None,
        next_at=None,
    )
    assert (begun.commands, begun.log) == ((), (("completed", None, None),))


def test_each_step_is_stored_with_what_was_learnt_and_what_may_be_undone() -> None:
    _, booked, allowed, paid = play(BOOKED, TaskEnded(2, None, {"visa": "A1"}), PAID)
    at = NOW + timedelta(seconds=1)
    assert booked.state == structs.replace(
        BEGUN,
        step="visa",
        epoch=2,
        data={"needs_visa": True, "room": "7"},
        to_undo=("hotel",),
        deadline_at=at + LONG,
        next_at=at + LONG,  # a task is not asked for again: it is given up
    )
    assert booked.log == (
        ("done", "hotel", None),
        ("asked", "visa", None),
    )
    at += timedelta(seconds=1)
    assert allowed.state == structs.replace(
        booked.state,
        step="flight",
        epoch=3,
        data={"needs_visa": True, "room": "7", "visa": "A1"},
        deadline_at=at + LONG,
        next_at=at + SHORT,
    )
    assert allowed.log == (("done", "visa", None), ("asked", "flight", None))
    assert allowed.commands == (PayFlight(command_id=PAY),)
    assert paid.state == structs.replace(
        allowed.state, phase=Phase.COMPLETED, step=None, deadline_at=None, next_at=None
    )
    assert paid.log == (("done", "flight", None), ("completed", None, None))


def test_each_undo_is_stored_with_the_reason_and_without_a_deadline() -> None:
    *_, allowed, refused, undone = play(
        BOOKED,
        TaskEnded(2, None, {}),
        Replied(FlightRefused(in_reply_to=PAY, code="full")),
        Replied(HotelCancelled(in_reply_to=cancel(4))),
    )
    at = NOW + timedelta(seconds=3)
    assert refused.state == structs.replace(
        allowed.state,
        phase=Phase.UNDOING,
        step="hotel",
        epoch=4,
        to_undo=(),
        reason="full",
        deadline_at=None,
        next_at=at + SHORT,
    )
    assert refused.log == (
        ("refused", "flight", "full"),
        ("asked_to_undo", "hotel", None),
    )
    assert refused.commands == (CancelHotel(command_id=cancel(4), undo_of=BOOK),)
    assert undone.state == structs.replace(
        refused.state, phase=Phase.UNDONE, step=None, next_at=None
    )
    assert undone.log == (("undone", "hotel", None), ("all_undone", None, "full"))


def test_a_refusal_of_a_step_is_no_reason_to_undo_that_step() -> None:
    _, refused = play(Replied(HotelFull(in_reply_to=BOOK, code="full")))
    assert (refused.state.phase, refused.state.to_undo, refused.commands) == (Phase.UNDONE, (), ())
    assert refused.log == (("refused", "hotel", "full"), ("all_undone", None, "full"))


def test_a_refusal_without_a_code_is_called_refused() -> None:
    class HotelClosed(HotelCancelled):
        type = "hotel.closed.v1"

    closing = replace(TRIP, steps=(replace(TRIP.steps[0], refused=HotelClosed), *TRIP.steps[1:]))
    _, refused = play(Replied(HotelClosed(in_reply_to=BOOK)), saga=closing)
    assert refused.state.reason == "refused"


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        (Replied(HotelBooked(in_reply_to=PAY, room="7")), ("reply_ignored", "hotel.booked.v1")),
        (TaskEnded(1, None, {}), ("task_ignored", None)),
    ],
)
def test_an_answer_that_nobody_waits_for_is_logged_and_changes_nothing(
    given: Input, entry: tuple[str, str | None]
) -> None:
    _, ignored = play(given)
    what, detail = entry
    assert ignored == Decision(BEGUN, log=((what, "hotel", detail),), is_change=False)


def test_a_task_that_ends_after_its_saga_turned_round_is_ignored() -> None:
    *_, wanted, late = play(BOOKED, UndoWanted("tired"), TaskEnded(3, None, {}))
    assert late == Decision(wanted.state, log=(("task_ignored", "hotel", None),), is_change=False)


@pytest.mark.parametrize(
    "odd", [HotelCancelled(in_reply_to=BOOK), FlightPaid(in_reply_to=BOOK)], ids=["undone", "paid"]
)
def test_a_reply_that_is_no_answer_calls_for_attention_and_is_logged(odd: Any) -> None:
    _, puzzled = play(Replied(odd))
    assert puzzled == Decision(
        structs.replace(BEGUN, needs_attention=True),
        log=(("reply_not_understood", "hotel", odd.type),),
    )


def test_a_reply_that_means_done_is_none_to_an_undo() -> None:
    *_, wanted, puzzled = play(
        UndoWanted("tired"), Replied(HotelBooked(in_reply_to=cancel(2), room="7"))
    )
    assert puzzled.state == structs.replace(wanted.state, needs_attention=True)
    assert puzzled.log == (("reply_not_understood", "hotel", "hotel.booked.v1"),)


def test_a_wish_to_undo_is_logged_with_its_reason() -> None:
    _, wanted = play(UndoWanted("tired"))
    assert wanted.log == (
        ("undo_wanted", "hotel", "tired"),
        ("asked_to_undo", "hotel", None),
    )
    assert (wanted.state.reason, wanted.state.epoch) == ("tired", 2)
    assert wanted.commands == (CancelHotel(command_id=cancel(2), undo_of=BOOK),)


def test_what_is_asked_again_waits_twice_as_long_each_time_up_to_a_minute() -> None:
    decisions = _until_asked(40)
    pauses = [(one.state.next_at or NOW) - now for now, one in decisions]
    assert [one.total_seconds() for one in pauses[:6]] == [10, 20, 40, 60, 60, 60]
    assert set(pauses[6:]) == {timedelta(minutes=1)}
    assert [one.state.attempts for _, one in decisions] == list(range(1, 41))


def test_the_first_six_questions_are_logged_and_then_those_of_powers_of_two() -> None:
    decisions = _until_asked(40)
    told = [at for at, (_, one) in enumerate(decisions, 1) if one.log]
    assert told == [1, 2, 3, 4, 5, 6, 8, 16, 32]
    assert {one.log for _, one in decisions if one.log} == {(("asked_again", "hotel", None),)}


def test_the_sixth_question_calls_for_attention() -> None:
    decisions = _until_asked(7)
    assert [one.state.needs_attention for _, one in decisions] == [False] * 5 + [True] * 2


def test_a_letter_about_an_instance_calls_for_attention_at_once() -> None:
    for has_letter in (True, False):
        asked = decide(TRIP, BEGUN, TimePassed(has_letter), NOW + SHORT)
        assert asked.state.needs_attention is has_letter
        assert asked.commands == (BookHotel(command_id=BOOK),)


def test_attention_stays_when_the_question_is_asked_again() -> None:
    asked = decide(TRIP, structs.replace(BEGUN, needs_attention=True), TimePassed(), NOW + SHORT)
    assert asked.state.needs_attention


def test_nothing_is_asked_before_its_time_or_where_no_time_is_set() -> None:
    early = decide(TRIP, BEGUN, TimePassed(), NOW + SHORT - timedelta(seconds=1))
    assert early == Decision(BEGUN, is_change=False)
    timeless = structs.replace(BEGUN, next_at=None)
    assert decide(TRIP, timeless, TimePassed(), NOW + LONG).is_change is False


def test_a_step_is_given_up_at_its_deadline_and_not_before() -> None:
    before = decide(TRIP, BEGUN, TimePassed(), NOW + LONG - timedelta(seconds=1))
    assert (before.state.phase, before.state.needs_attention) == (Phase.RUNNING, False)
    at = decide(TRIP, BEGUN, TimePassed(), NOW + LONG)
    assert at.log[0] == ("timed_out", "hotel", "timed_out")
    assert (at.state.phase, at.state.reason) == (Phase.UNDOING, "timed_out")


def test_a_deadline_is_no_end_of_what_is_being_undone() -> None:
    undoing = structs.replace(BEGUN, phase=Phase.UNDOING, deadline_at=NOW)
    asked = decide(TRIP, undoing, TimePassed(), NOW + LONG)
    assert (asked.state.phase, asked.state.needs_attention) == (Phase.UNDOING, True)
    assert asked.log == (("asked_again", "hotel", None),)


def test_news_that_come_early_are_kept_each_under_its_step() -> None:
    patient = journey(Wait())
    _, first, second = play(
        Signalled("passport", None, {"number": "4"}),
        Signalled("flight", "late", {}),
        saga=patient,
        data={"from": "Omsk"},
    )
    assert first.state.data == {"from": "Omsk", "signals": {"passport": [None, {"number": "4"}]}}
    assert second.state.data["signals"] == {
        "passport": [None, {"number": "4"}],
        "flight": ["late", {}],
    }
    assert second.log == (("signal_kept", "flight", "late"),)
    assert second.is_change


def test_news_kept_for_a_step_are_logged_when_it_is_asked() -> None:
    *_, booked = play(
        Signalled("passport", None, {"number": "4"}), BOOKED, saga=journey(Wait()), data={"a": "b"}
    )
    assert booked.log == (
        ("done", "hotel", None),
        ("asked", "passport", None),
        ("done", "passport", None),
        ("asked", "flight", None),
    )
    assert booked.state.data["number"] == "4"
    assert booked.commands == (PayFlight(command_id=PAY),)


def test_an_operator_who_retries_asks_the_same_question_under_the_same_epoch() -> None:
    late = structs.replace(BEGUN, attempts=9, needs_attention=True)
    at = NOW + timedelta(hours=1)
    again = decide(TRIP, late, Operated(Action.RETRY, "ann", {}), at)
    assert again.state == structs.replace(BEGUN, deadline_at=at + LONG, next_at=at + SHORT)
    assert again.log == (("operator_retry", "hotel", "ann"),)
    assert again.commands == (BookHotel(command_id=BOOK),)


@pytest.mark.parametrize(
    ("action", "entries"),
    [
        (Action.SKIP, [("asked", "visa", None)]),
        (Action.UNDO, [("asked_to_undo", "hotel", None)]),
        (Action.FORCE, [("asked_to_undo", "hotel", None)]),
    ],
)
def test_what_an_operator_does_is_logged_under_their_name(
    action: Action, entries: list[Any]
) -> None:
    operated = decide(TRIP, BEGUN, Operated(action, "ann", {}), NOW)
    assert list(operated.log) == [(f"operator_{action}", "hotel", "ann"), *entries]


def test_an_undo_that_is_skipped_is_logged_under_the_operators_name() -> None:
    *_, wanted, skipped = play(UndoWanted("tired"), Operated(Action.SKIP, "ann", {}))
    assert wanted.state.phase is Phase.UNDOING
    assert skipped.log == (("operator_skip", "hotel", "ann"), ("all_undone", None, "tired"))


def test_what_a_command_is_made_of_is_the_instance_its_ids_and_its_data() -> None:
    asked: list[Ask] = []

    def book(ask: Ask) -> BookHotel:
        asked.append(ask)
        return BookHotel(command_id=ask.command_id)

    def cancel_it(ask: Ask) -> CancelHotel:
        asked.append(ask)
        return CancelHotel(command_id=ask.command_id, undo_of=ask.action_id)

    hotel = replace(TRIP.steps[0], asks=book, undo=cancel_it)
    play(UndoWanted("tired"), saga=replace(TRIP, steps=(hotel, *TRIP.steps[1:])))
    assert asked == [
        Ask(SAGA_ID, BOOK, BOOK, {"needs_visa": True}),
        Ask(SAGA_ID, cancel(2), BOOK, {"needs_visa": True}),
    ]


def test_what_a_reply_tells_is_kept_as_json_can_hold_it() -> None:
    class HotelBookedByNumber(HotelBooked):
        type = "hotel.booked.v2"
        booking: UUID

    number = new_id()
    reply = HotelBookedByNumber(in_reply_to=BOOK, room="7", booking=number)
    _, booked = play(Replied(reply))
    assert booked.state.data == {"needs_visa": True, "room": "7", "booking": str(number)}


def test_what_was_done_is_undone_from_the_newest_to_the_oldest() -> None:
    first, second, third = (_room(name) for name in ("first", "second", "third"))
    rooms = Saga("rooms", 1, (first, second, third, TRIP.steps[-1]))
    given = [
        Replied(HotelBooked(in_reply_to=derived_id(SAGA_ID, name, "do", 0), room="7"))
        for name in ("first", "second", "third")
    ]
    undone = Replied(
        HotelCancelled(in_reply_to=derived_id(SAGA_ID, "third", "undo", 5)),
    )
    refused = Replied(FlightRefused(in_reply_to=PAY, code="full"))
    skipped = Operated(Action.SKIP, "ann", {})
    *_, to_third, to_second, to_first = play(*given, refused, undone, skipped, saga=rooms)
    for decision, name, left, seconds in (
        (to_third, "third", ("first", "second"), 4),
        (to_second, "second", ("first",), 5),
        (to_first, "first", (), 6),
    ):
        assert (decision.state.step, decision.state.to_undo) == (name, left)
        assert decision.state.next_at == NOW + timedelta(seconds=seconds) + SHORT


def test_attention_ends_with_the_saga() -> None:
    *_, puzzled, paid = play(
        BOOKED,
        Replied(HotelFull(in_reply_to=PAY, code="odd")),
        PAID,
        data=trip(needs_visa=False),
    )
    assert (puzzled.state.needs_attention, paid.state.needs_attention) == (True, False)


@pytest.mark.parametrize(
    ("phase", "step", "can"),
    [
        (Phase.RUNNING, "hotel", True),
        (Phase.RUNNING, "visa", True),
        (Phase.RUNNING, "flight", False),
        (Phase.UNDOING, "hotel", True),
        (Phase.UNDOING, "flight", True),
        (Phase.COMPLETED, None, False),
        (Phase.UNDONE, None, False),
    ],
)
def test_a_saga_can_be_undone_before_its_point_of_no_return_and_on_its_way_back(
    phase: Phase,
    step: str | None,
    can: bool,  # noqa: FBT001
) -> None:
    assert can_undo(TRIP, structs.replace(BEGUN, phase=phase, step=step)) is can


def _room(name: str) -> Step:
    return replace(TRIP.steps[0], name=name)


def _until_asked(times: int) -> list[tuple[datetime, Decision]]:
    """Return what follows from as many times that a question comes up again, and when."""
    state = structs.replace(BEGUN, deadline_at=None)
    found = []
    for _ in range(times):
        now = state.next_at or NOW
        decision = decide(TRIP, state, TimePassed(), now)
        found.append((now, decision))
        state = decision.state
    return found
