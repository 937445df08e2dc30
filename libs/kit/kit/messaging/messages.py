"""Defines commands, events and replies as frozen models, and their envelope."""

from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Payload of a message; unknown fields are ignored, so additions break nobody."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]  # "<service>.<what>.v<version>"; the first segment owns the message


class Event(Message):
    """A past fact, for whoever listens."""


class Command(Message):
    """A request to one owner. A repeated ``command_id`` is the same request."""

    command_id: UUID

    @property
    def partition_key(self) -> UUID | None:
        """What decides in which of its owner's queues it waits; None: its subject."""
        return None


class Reply(Message):
    """An owner's answer to the command whose id is ``in_reply_to``."""

    in_reply_to: UUID


class Envelope(NamedTuple):
    """A received message with its attributes (CloudEvents 1.0, JSON format).

    Attributes:
        id: CloudEvents ``id``, UUIDv7, fresh for every send; the inbox key.
        source: Service that sent it.
        type: ``message.type`` as sent.
        subject: Id of the aggregate (events) or of what has asked (commands, replies).
        time: When it was emitted, UTC.
        sequence: The aggregate's gapless version, on events that have one.
        reply_to: Service to answer, on commands.
        correlation_id: Id of the request that began it all.
        causation_id: Id of the message that caused this one.
        traceparent: W3C trace context.
        message: The typed payload.
    """

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int | None
    reply_to: str | None
    correlation_id: str | None
    causation_id: str | None
    traceparent: str | None
    message: Message
