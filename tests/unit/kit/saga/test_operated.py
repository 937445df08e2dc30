"""What an operator can do about an instance, as given/expect."""

import pytest

from kit.saga.state import Action, Operated, Phase
from testkit.trips import BookHotel, CancelHotel, PayFlight

from .test_decide import Told


def operate(story: Told, action: Action, **learnt: object) -> None:
    story.tell(Operated(action, "ann", learnt))


def test_retry_asks_the_same_again_at_once_and_starts_waiting_afresh() -> None:
    story = Told(needs_visa=False)
    story.booked()
    for _ in range(10):
        story.later(60)
    assert story.last.state.needs_attention
    before = story.asked(PayFlight)
    count = len(story.sent)
    operate(story, Action.RETRY)
    assert len(story.sent) == count + 1
    assert story.asked(PayFlight) == before
    assert (story.last.state.attempts, story.last.state.needs_attention) == (0, False)
    assert story.last.log == (("operator_retry", "flight", "ann"),)
    assert story.paid().state.phase is Phase.COMPLETED


def test_skip_takes_a_step_as_done_and_adds_what_it_would_have_told() -> None:
    story = Told(needs_visa=False)
    operate(story, Action.SKIP, room="9")
    assert story.last.state.data["room"] == "9"
    assert story.last.state.step == "flight"
    assert story.last.state.to_undo == ("hotel",)


def test_skip_takes_an_undo_as_undone() -> None:
    story = Told()
    story.booked()
    story.visa("denied")
    operate(story, Action.SKIP)
    assert (story.last.state.phase, story.last.state.reason) == (Phase.UNDONE, "denied")


@pytest.mark.parametrize("action", [Action.UNDO, Action.FORCE])
def test_undo_and_force_take_back_what_may_have_been_done(action: Action) -> None:
    story = Told()
    operate(story, action)
    assert story.names == ["BookHotel", "CancelHotel"]
    undo = story.sent[-1]
    assert isinstance(undo, CancelHotel)
    assert undo.undo_of == story.asked(BookHotel)
    assert story.cancelled().state.reason == "operator"


def test_only_force_goes_back_from_the_point_of_no_return() -> None:
    story = Told(needs_visa=False)
    story.booked()
    operate(story, Action.UNDO)
    assert not story.last.is_change
    operate(story, Action.FORCE)
    assert story.last.state.phase is Phase.UNDOING
    assert story.names[-1] == "CancelHotel"


@pytest.mark.parametrize("action", [Action.UNDO, Action.FORCE])
def test_what_is_on_its_way_back_is_not_turned_round_again(action: Action) -> None:
    story = Told()
    story.booked()
    story.visa("denied")
    operate(story, action)
    assert not story.last.is_change


@pytest.mark.parametrize("action", list(Action))
def test_nobody_acts_on_what_has_ended(action: Action) -> None:
    story = Told(needs_visa=False)
    story.booked()
    story.paid()
    operate(story, action)
    assert not story.last.is_change
