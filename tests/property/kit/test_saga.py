"""Whatever happens in whatever order: a saga ends completed xor undone, and undoes what it did."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from kit.messaging.messages import Command, Reply
from kit.saga.decide import begin, decide
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

Move = tuple[str, bool, int]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["answer", "answer", "answer", "repeat", "time", "undo", "task"]),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=30,
)


@dataclass
class World:
    """Participants that answer each command once and for all, and keep what they did."""

    hotel: str = "none"
    flight: str = "none"
    answers: dict[str, Reply] = field(default_factory=dict)

    def answer(self, command: Command, *, kindly: bool) -> Reply:
        key = str(command.command_id)
        if key not in self.answers:
            self.answers[key] = self._decide(command, kindly=kindly)
        return self.answers[key]

    def _decide(self, command: Command, *, kindly: bool) -> Reply:
        asked = command.command_id
        match command:
            case CancelHotel():
                barrier = HotelFull(in_reply_to=command.undo_of, code="undone")
                self.answers.setdefault(str(command.undo_of), barrier)
                self.hotel = "cancelled" if self.hotel == "booked" else self.hotel
                return HotelCancelled(in_reply_to=asked)
            case BookHotel() if kindly:
                self.hotel = "booked"
                return HotelBooked(in_reply_to=asked, room="1")
            case BookHotel():
                return HotelFull(in_reply_to=asked, code="full")
            case PayFlight() if kindly:
                assert self.hotel == "booked"
                self.flight = "paid"
                return FlightPaid(in_reply_to=asked)
            case _:
                return FlightRefused(in_reply_to=asked, code="no")


class Play:
    """Moves one instance; commands wait and are answered in any order, some twice."""

    def __init__(self, *, needs_visa: bool) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.world = World()
        self.waiting: list[Command] = []
        self.answered: list[Reply] = []
        self.take(begin(TRIP, new_id(), trip(needs_visa=needs_visa), self.now))

    def take(self, decision: Decision) -> None:
        self.state = decision.state
        self.waiting += decision.commands
        if self.state.has_ended:
            assert decision.commands == ()

    def tell(self, told: Input) -> None:
        ended = self.state.phase if self.state.has_ended else None
        self.take(decide(TRIP, self.state, told, self.now))
        assert ended in (None, self.state.phase)

    def move(self, kind: str, *, kindly: bool, number: int) -> None:
        match kind:
            case "answer" if self.waiting:
                command = self.waiting.pop(number % len(self.waiting))
                self.answered.append(self.world.answer(command, kindly=kindly))
                self.tell(Replied(self.answered[-1]))
            case "repeat" if self.answered:
                self.tell(Replied(self.answered[number % len(self.answered)]))
            case "time":
                self.now += timedelta(seconds=[1, 5, 10, 30, 60, 3600][number])
                self.tell(TimePassed())
            case "undo":
                self.tell(UndoWanted("wanted"))
            case "task":
                self.tell(TaskEnded(self.state.epoch, None if kindly else "denied", {}))

    def finish(self) -> None:
        """Let everybody answer until the end."""
        for _ in range(50):
            if self.state.has_ended:
                return
            self.now += timedelta(hours=1)
            self.tell(TimePassed())
            while self.waiting:
                self.move("answer", kindly=True, number=0)
        raise AssertionError(f"still {self.state}")


@given(moves=MOVES, needs_visa=st.booleans())
def test_every_story_ends_completed_or_undone_with_nothing_left_over(
    *, moves: list[Move], needs_visa: bool
) -> None:
    play = Play(needs_visa=needs_visa)
    for move in moves:
        play.move(move[0], kindly=move[1], number=move[2])
    play.finish()
    world = play.world
    if play.state.phase is Phase.COMPLETED:
        assert (world.hotel, world.flight) == ("booked", "paid")
    else:
        assert play.state.reason
        assert world.flight == "none"
        assert world.hotel in ("none", "cancelled")
