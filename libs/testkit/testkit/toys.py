"""Defines messages of made-up services, for tests of messaging and of sagas."""

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Delivery
from kit.messaging.messages import Command, Envelope, Event, Message, Reply
from kit.messaging.packing import Row
from kit.messaging.routes import Handler, caused_by
from testkit.clock import FakeClock


class ToyTold(Event):
    """Something happened at kit."""

    type: ClassVar[str] = "kit.told.v1"
    text: str


class Sung(Event):
    """Something else happened at kit."""

    type: ClassVar[str] = "kit.sung.v1"
    text: str


class Work(Command):
    """Asks kit to do some work."""

    type: ClassVar[str] = "kit.work.v1"
    text: str = ""


class Worked(Reply):
    """Kit has done the work."""

    type: ClassVar[str] = "kit.worked.v1"
    text: str = ""


def work(text: str = "") -> Work:
    """Return a command with an id of its own."""
    return Work(command_id=new_id(), text=text)


def encoded(
    message: Message,
    subject: str = "1",
    *,
    clock: FakeClock | None = None,
    reply_to: str | None = None,
) -> bytes:
    """Return a message as one CloudEvent."""
    _, body = cloudevents.encode(
        message,
        source="kit",
        subject=subject,
        time=(clock or FakeClock()).now(),
        reply_to=reply_to,
    )
    return body


def delivery(*bodies: bytes, tag: int = 1, attempts: int = 0, routing_key: str = "kit") -> Delivery:
    """Return a delivery of one event, or of a pack of several."""
    if len(bodies) == 1:
        return Delivery(tag, routing_key, bodies[0], cloudevents.SINGLE, attempts)
    return Delivery(tag, routing_key, cloudevents.pack(bodies), cloudevents.BATCH, attempts)


def event_id(body: bytes) -> UUID:
    """Return the id of an encoded event."""
    _, found = cloudevents.type_and_id(cloudevents.unpack(body, cloudevents.SINGLE)[0])
    return found


def row(number: int, route: tuple[str, str] = ("kit.events", "told"), subject: str = "1") -> Row:
    """Return an outbox row whose body is its number."""
    return Row(number, *route, [subject], str(number).encode())


def one_by_one(handle: Callable[[UnitOfWork, Envelope], Awaitable[None]]) -> Handler:
    """Return a batch handler that calls `handle` for each message.

    Each message is the cause of what its handler emits.
    """

    async def handle_many(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            with caused_by(envelope):
                await handle(uow, envelope)

    return handle_many
