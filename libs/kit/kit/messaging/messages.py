"""Defines commands, events and replies as frozen structs, and their envelope.

What is made here is not checked, what is read is: by type, bounds and form, as the fields say it.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, dataclass_transform
from uuid import UUID

from msgspec import Meta, Struct, StructMeta, field
from typing_extensions import TypeVar

Timestamp = Annotated[datetime, Meta(tz=True)]


class WireStructMeta(StructMeta):
    """Makes the fields of every subclass keyword-only, which structs do not inherit.

    So a required field may follow an optional one of a parent.
    """

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> Any:
        """Return the new class."""
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **options})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class WireStruct(Struct, metaclass=WireStructMeta, frozen=True, kw_only=True):
    """A message or a part of one.

    Unknown fields are ignored, so additions break nobody.
    """


class Message(WireStruct):
    """Payload of a message."""

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


M = TypeVar("M", bound=Message, default=Message)


class Envelope(WireStruct, Generic[M]):
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
    time: Timestamp
    sequence: int | None = None
    reply_to: str | None = field(default=None, name="replyto")
    correlation_id: str | None = field(default=None, name="correlationid")
    causation_id: str | None = field(default=None, name="causationid")
    traceparent: str | None = None
    message: M = field(name="data")
