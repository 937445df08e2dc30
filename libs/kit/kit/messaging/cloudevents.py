"""Encodes events as CloudEvents 1.0 in JSON, one or a batch for an AMQP message.

Source: CloudEvents JSON Event Format 1.0.2, sections 3 (structured mode) and 4 (batch format).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from asyncpg.pgproto import pgproto
from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec.json import Decoder, Encoder
from uuid_utils import uuid7

from kit import context
from kit.messaging.messages import Envelope, M, Message

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class UndecodableError(Exception):
    """The bytes are no CloudEvent, or its data does not fit the type it claims."""


class _CloudEvent(Struct, omit_defaults=True):
    """An event as it is written; of the last five, what is None is left out."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    schemaversion: int
    data: Message
    sequence: int | None = None
    replyto: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


class _Named(Struct):
    """What is read of an event to know who handles it."""

    type: str
    id: str


_encode = Encoder().encode
_one = Decoder(Raw).decode
_several = Decoder(list[Raw]).decode
_named = Decoder(_Named).decode


def encode(  # noqa: PLR0913 - the attributes of one event
    message: Message,
    *,
    source: str,
    subject: str,
    time: datetime,
    sequence: int | None = None,
    reply_to: str | None = None,
    cause: Envelope | None = None,
) -> tuple[UUID, bytes]:
    """Return a fresh event id and the event's bytes.

    Trace and correlation come from the causing message, or from the current context.
    """
    event_id = pgproto.UUID(uuid7().bytes)
    event = _CloudEvent(
        "1.0",
        str(event_id),
        source,
        message.type,
        subject,
        time,
        "application/json",
        _version(message.type),
        message,
        sequence,
        reply_to,
        *_trace(cause),
    )
    return event_id, _encode(event)


@cache
def _version(kind: str) -> int:
    """Return the version at the end of a type's name, 1 where there is none."""
    digits = kind.rpartition(".v")[2]
    return int(digits) if digits.isdigit() else 1


def trace_of(cause: Envelope) -> dict[str, str | None]:
    """Return the ids that a message passes on to the messages it causes."""
    return {
        "correlation_id": cause.correlation_id,
        "causation_id": str(cause.id),
        "traceparent": cause.traceparent,
    }


def _trace(cause: Envelope | None) -> tuple[str | None, str | None, str | None]:
    """Return the correlation, causation and trace of a message sent now."""
    if cause is not None:
        return cause.correlation_id, str(cause.id), cause.traceparent
    now = context.current()
    return now.correlation_id or now.request_id, now.causation_id, now.traceparent


def pack(bodies: Iterable[bytes]) -> bytes:
    """Join encoded events into one batch."""
    return b"[" + b",".join(bodies) + b"]"


def unpack(body: bytes, content_type: str | None) -> list[bytes]:
    """Return the bytes of each event of an AMQP message; raises UndecodableError."""
    try:
        if not body.isascii():
            body.decode()  # what nobody reads of an event is not looked at again
        if content_type == BATCH:
            return [bytes(raw) for raw in _several(body)]
        _one(body)
    except ValidationError:
        raise UndecodableError("a batch that is no array") from None
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UndecodableError(f"not JSON: {error}") from None
    return [body]


def type_and_id(raw: bytes) -> tuple[str, UUID]:
    """Return type and id of an event; raises UndecodableError."""
    try:
        named = _named(raw)
        return named.type, pgproto.UUID(named.id)  # the driver's: nine times faster
    except (ValueError, RecursionError) as error:
        raise UndecodableError(f"no usable id or type: {error}") from None


def decode(raw: bytes, model: type[M]) -> Envelope[M]:
    """Read an event with data of its type; raises UndecodableError."""
    try:
        envelope = _decoder(model).decode(raw)
    except (ValueError, RecursionError) as error:
        raise UndecodableError(f"{model.type}: {error}") from None
    if _has_nul(envelope):
        raise UndecodableError(f"{model.type}: an attribute with NUL")
    return envelope


@cache
def _decoder(model: type[M]) -> Decoder[Envelope[M]]:
    return Decoder(Envelope[model])  # type: ignore[valid-type]


def _has_nul(envelope: Envelope[M]) -> bool:
    """Tell whether an attribute has what PostgreSQL's text does not hold."""
    return (
        "\x00" in envelope.subject
        or "\x00" in envelope.source
        or "\x00" in (envelope.reply_to or "")
        or "\x00" in (envelope.correlation_id or "")
        or "\x00" in (envelope.causation_id or "")
        or "\x00" in (envelope.traceparent or "")
    )
