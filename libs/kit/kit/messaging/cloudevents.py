"""Encodes events as CloudEvents 1.0 in JSON, one or a batch for an AMQP message.

Source: CloudEvents JSON Event Format 1.0.2, sections 3 (structured mode) and 4 (batch format).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from asyncpg.pgproto import pgproto
from pydantic import ValidationError
from uuid_utils import uuid7

from kit import context
from kit.jsonable import plain
from kit.messaging.messages import Envelope, Message

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_OPTIONAL = ("sequence", "replyto", "correlationid", "causationid", "traceparent")


class UndecodableError(Exception):
    """The bytes are no CloudEvent, or its data does not fit the type it claims."""


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
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": source,
        "type": message.type,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "schemaversion": _version(message.type),
        "data": vars(message),
    }
    known = zip(_OPTIONAL, (sequence, reply_to, *_trace(cause)), strict=True)
    event |= {name: value for name, value in known if value is not None}
    return event_id, orjson.dumps(event, plain, orjson.OPT_UTC_Z)


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


def unpack(body: bytes, content_type: str | None) -> list[Any]:
    """Return the raw events of one AMQP message; raises UndecodableError."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UndecodableError(f"not JSON: {error}") from None
    if content_type == BATCH:
        if not isinstance(parsed, list):
            raise UndecodableError("a batch that is no array")
        return parsed
    return [parsed]


def type_and_id(raw: Any) -> tuple[str, UUID]:
    """Return type and id of a raw event; raises UndecodableError."""
    try:
        return str(raw["type"]), pgproto.UUID(raw["id"])  # the driver's: nine times faster
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UndecodableError(f"no usable id or type: {error!r}") from None


def decode(raw: Mapping[str, Any], event_id: UUID, model: type[Message]) -> Envelope:
    """Validate a raw event against the model of its type; raises UndecodableError."""
    try:
        return Envelope(
            id=event_id,
            source=_text(raw["source"]),
            type=raw["type"],
            subject=_text(raw["subject"]),
            time=_time(raw["time"]),
            sequence=_integer(raw.get("sequence")),
            reply_to=_optional(raw.get("replyto")),
            correlation_id=_optional(raw.get("correlationid")),
            causation_id=_optional(raw.get("causationid")),
            traceparent=_optional(raw.get("traceparent")),
            message=model.model_validate(raw["data"]),
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise UndecodableError(f"{model.type}: {error!r}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:  # PostgreSQL's text holds no NUL
        raise ValueError("an attribute that is no text")
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _integer(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("a sequence that is no integer")


def _time(value: Any) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError("a time without an offset")
    return time
