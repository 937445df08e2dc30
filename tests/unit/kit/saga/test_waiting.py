"""Steps that wait for news, as given/expect: pure, without database or broker."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.ids import new_id
from kit.messaging.messages import Command
from kit.saga import Saga, Wait
from kit.saga.decide import begin, decide
from kit.saga.state import (
    Action,
    Decision,
    Input,
    Operated,
    Phase,
    Replied,
    Signalled,
    TimePassed,
    UndoWanted,
)
from testkit.trips import (
    BookHotel,
    CancelHotel,
    FlightPaid,
    FlightRefused,
    HotelBooked,
    PayFlight,
    journey,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLOSES_AT = NOW + timedelta(days=2)


JOURNEY = journey(Wait())
PATIENT = journey(Wait(until=lambda data: datetime.fromisoformat(data["closes_at"])))


class Told:
    """One journey that is told things."""

    def __init__(self, saga: Saga = JOURNEY) -> None:
        self.saga, self.now = saga, NOW
        self.last = begin(saga, new_id(), {"closes_at": CLOSES_AT.isoformat()}, NOW)
        self.sent: list[Command] = list(self.last.commands)

    def tell(self, given: Input) -> Decision:
        self.last = decide(self.saga, self.last.state, given, self.now)
        self.sent += self.last.commands
        return self.last

    def booked(self) -> Decision:
        command_id = self.sent[-1].command_id
        return self.tell(Replied(HotelBooked(in_reply_to=command_id, room="7")))

    def news(self, refusal: str | None = None, **learnt: Any) -> Decision:
        return self.tell(Signalled("passport", refusal, learnt))

    @property
    def kinds(self) -> list[type[Command]]:
        return [type(one) for one in self.sent]


def test_the_saga_with_a_wait_is_sound() -> None:
    assert JOURNEY.faults() == []


def test_a_wait_whose_news_the_starter_brings_is_over_when_its_turn_comes() -> None:
    known = {"closes_at": CLOSES_AT.isoformat()}
    begun = begin(JOURNEY, new_id(), known, NOW, done=("passport",))
    [asked] = begun.commands
    booked = HotelBooked(in_reply_to=asked.command_id, room="7")
    told = decide(JOURNEY, begun.state, Replied(booked), NOW)
    assert told.state.step == "flight"
    assert [type(one) for one in told.commands] == [PayFlight]
    assert known == {"closes_at": CLOSES_AT.isoformat()}


def test_a_first_wait_that_is_over_at_the_start_is_logged_as_done() -> None:
    waits_first = Saga("journey", 1, JOURNEY.steps[1:])
    begun = begin(waits_first, new_id(), {}, NOW, done=("passport",))
    assert begun.state.step == "flight"
    assert [entry for entry, step, _ in begun.log if step == "passport"] == ["asked", "done"]
    assert [type(one) for one in begun.commands] == [PayFlight]


def test_a_wait_asks_nothing_and_goes_on_when_the_news_come() -> None:
    story = Told()
    assert story.booked().state.step == "passport"
    assert story.kinds == [BookHotel]
    assert story.last.state.next_at == NOW + timedelta(hours=1)
    story.news(number="42")
    assert (story.last.state.step, story.last.state.data["number"]) == ("flight", "42")
    assert story.kinds == [BookHotel, PayFlight]


def test_bad_news_undo_what_was_done() -> None:
    story = Told()
    story.booked()
    story.news("lost")
    assert (story.last.state.phase, story.last.state.reason) == (Phase.UNDOING, "lost")
    assert story.kinds == [BookHotel, CancelHotel]


@pytest.mark.parametrize(("refusal", "then"), [(None, PayFlight), ("lost", CancelHotel)])
def test_news_before_their_step_are_kept_for_it(refusal: str | None, then: type[Command]) -> None:
    story = Told()
    assert story.news(refusal, number="42").is_change
    assert story.last.state.step == "hotel"
    assert story.last.log == (("signal_kept", "passport", refusal),)
    story.booked()
    assert story.kinds == [BookHotel, then]


def test_news_that_come_twice_or_after_their_step_change_nothing() -> None:
    story = Told()
    story.booked()
    story.news()
    before = story.last.state
    assert not story.news("lost").is_change
    assert story.last.state == before
    assert story.last.log == (("signal_ignored", "passport", "lost"),)


def test_news_for_a_saga_on_its_way_back_change_nothing() -> None:
    story = Told()
    story.booked()
    story.tell(UndoWanted("tired"))
    assert not story.news().is_change
    assert story.kinds == [BookHotel, CancelHotel]


@pytest.mark.parametrize(
    ("saga", "gives_up_at"), [(JOURNEY, NOW + timedelta(hours=1)), (PATIENT, CLOSES_AT)]
)
def test_a_wait_is_given_up_at_its_time_and_not_before(saga: Saga, gives_up_at: datetime) -> None:
    story = Told(saga)
    story.booked()
    story.now = gives_up_at - timedelta(seconds=1)
    assert not story.tell(TimePassed()).is_change
    story.now = gives_up_at
    story.tell(TimePassed())
    assert (story.last.state.phase, story.last.state.reason) == (Phase.UNDOING, "no_passport")


def test_a_wait_may_be_taken_back_and_skipped_by_an_operator() -> None:
    story = Told()
    story.booked()
    story.tell(Operated(Action.SKIP, "ann", {"number": "1"}))
    assert story.last.state.step == "flight"
    flight = story.sent[-1].command_id
    story.tell(Replied(FlightRefused(in_reply_to=flight, code="full")))
    assert story.last.state.phase is Phase.UNDOING


def test_news_after_the_end_change_nothing() -> None:
    story = Told()
    story.booked()
    story.news()
    story.tell(Replied(FlightPaid(in_reply_to=story.sent[-1].command_id)))
    assert story.last.state.phase is Phase.COMPLETED
    assert not story.news("lost").is_change
