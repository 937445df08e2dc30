"""Defines a small saga to try the engine on: hotel, visa, flight.

The hotel can be given back, the visa is a task, the flight is the point of no return.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.messaging.messages import Command, Reply
from kit.saga import Saga, Step, Task, Wait
from kit.saga.definition import Ask


class BookHotel(Command):
    """Asks for a hotel: the first step."""

    type = "hotel.book.v1"


class CancelHotel(Command):
    """Takes the hotel back: its undo."""

    type = "hotel.cancel.v1"
    undo_of: UUID


class PayFlight(Command):
    """Pays the flight: the point of no return."""

    type = "flight.pay.v1"


class HotelBooked(Reply):
    """The hotel is booked."""

    type = "hotel.booked.v1"
    room: str


class HotelFull(Reply):
    """The hotel refuses."""

    type = "hotel.full.v1"
    code: str


class HotelCancelled(Reply):
    """The hotel is cancelled."""

    type = "hotel.cancelled.v1"


class FlightPaid(Reply):
    """The flight is paid."""

    type = "flight.paid.v1"


class FlightRefused(Reply):
    """The airline refuses."""

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


def journey(wait: Wait) -> Saga:
    """Return a trip that waits for a passport, as ``wait`` says or for an hour."""
    passport = Step(
        "passport",
        asks=wait,
        asks_words="the passport to come",
        no_undo_because="a passport is good for the next journey",
        timed_out="no_passport",
        deadline=timedelta(hours=1),
    )
    return Saga("journey", 1, (TRIP.step("hotel"), passport, TRIP.step("flight")))


def trip(*, needs_visa: bool = True) -> dict[str, Any]:
    """Return the data that a trip is started with."""
    return {"needs_visa": needs_visa}
