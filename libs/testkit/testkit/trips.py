"""A small saga to try the engine on: book a hotel, ask for a visa, pay the flight.

The hotel can be given back, the visa is a task, the flight is the point of no return.
"""

from typing import Any
from uuid import UUID

from kit.messaging.messages import Command, Reply
from kit.saga import Saga, Step, Task
from kit.saga.definition import Ask


class BookHotel(Command):
    """The first step."""

    type = "hotel.book.v1"


class CancelHotel(Command):
    """Its undo."""

    type = "hotel.cancel.v1"
    undo_of: UUID


class PayFlight(Command):
    """The point of no return."""

    type = "flight.pay.v1"


class HotelBooked(Reply):
    """Done."""

    type = "hotel.booked.v1"
    room: str


class HotelFull(Reply):
    """Refused."""

    type = "hotel.full.v1"
    code: str


class HotelCancelled(Reply):
    """Undone."""

    type = "hotel.cancelled.v1"


class FlightPaid(Reply):
    """Done."""

    type = "flight.paid.v1"


class FlightRefused(Reply):
    """Refused."""

    type = "flight.refused.v1"
    code: str


def _cancel(ask: Ask) -> Command:
    return CancelHotel(command_id=ask.command_id, undo_of=ask.action_id)


VISA = "visa"
TRIP = Saga(
    "trip",
    1,
    (
        Step(
            "hotel",
            asks=lambda ask: BookHotel(command_id=ask.command_id),
            asks_words="hotel `book`",
            done=HotelBooked,
            refused=HotelFull,
            undo=_cancel,
            undo_words="hotel `cancel`",
            undone=HotelCancelled,
        ),
        Step(
            "visa",
            asks=Task(VISA),
            asks_words="the consulate, by HTTP",
            no_undo_because="an unused visa hurts nobody",
            applies=lambda data: bool(data["needs_visa"]),
            applies_when="the country wants one",
            timed_out="visa_unavailable",
        ),
        Step(
            "flight",
            asks=lambda ask: PayFlight(command_id=ask.command_id),
            asks_words="airline `pay`",
            done=FlightPaid,
            refused=FlightRefused,
            is_point_of_no_return=True,
        ),
    ),
)


def trip(*, needs_visa: bool = True) -> dict[str, Any]:
    """Return what a trip is started with."""
    return {"needs_visa": needs_visa}
