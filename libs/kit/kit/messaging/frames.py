"""Writes and reads the frames that messages travel in, of AMQP 0-9-1. No I/O.

Those that come or go with every message; all others are aiormq's. Source: the specification,
sections 2.3.5 (frames), 2.3.5.2 (content headers) and 1.8 (basic).
"""

import sys
from struct import Struct
from typing import Any, Final, NamedTuple

from pamqp.commands import Basic
from pamqp.header import ContentHeader

from kit.messaging.broker import Delivery, Publication

METHOD: Final = 1
HEADER: Final = 2
BODY: Final = 3
HEAD: Final = Struct(">BHI")  # kind, channel, size of what follows
END: Final = 0xCE
HEARTBEAT: Final = b"\x08\x00\x00\x00\x00\x00\x00\xce"

# What a frame is about: its class and method.
PUBLISH: Final = b"\x00\x3c\x00\x28"
RETURN: Final = b"\x00\x3c\x00\x32"
DELIVER: Final = b"\x00\x3c\x00\x3c"
ACK: Final = b"\x00\x3c\x00\x50"
NACK: Final = b"\x00\x3c\x00\x78"
CHANNEL_CLOSE: Final = b"\x00\x14\x00\x28"

_FRAME_BYTES: Final = HEAD.size + 1
_END: Final = bytes((END,))
_LONGEST_NAME: Final = 255
_PERSISTENT: Final = b"\x02"
# Properties of a message, by the bits that say which it has: they follow in this order.
_CONTENT_TYPE: Final = 0x8000
_HEADERS: Final = 0x2000
_DELIVERY_MODE: Final = 0x1000
_MESSAGE_ID: Final = 0x0080
_MORE: Final = 0x0001
_OURS: Final = _CONTENT_TYPE | _DELIVERY_MODE | _MESSAGE_ID

_TAG: Final = Struct(">QB")
# Class, weight, size of the body, which properties.
_CONTENT: Final = Struct(">HHQH")
_BASIC: Final = 60


class Confirmation(NamedTuple):
    """What the broker says of a message that was published, or of all up to it."""

    number: int
    is_taken: bool
    is_of_all: bool


def publish(channel: int, number: int, one: Publication, *, frame_max: int) -> bytes:
    """Return the frames of a message; its id is the number, by which it may come back.

    Raises:
        ValueError: the exchange's name or the key is too long.
    """
    names = _short(one.exchange) + _short(one.routing_key)
    method = PUBLISH + b"\x00\x00" + names + (b"\x01" if one.mandatory else b"\x00")
    properties = _short(one.content_type) + _PERSISTENT + _short(str(number))
    header = _CONTENT.pack(_BASIC, 0, len(one.body), _OURS) + properties
    most = (frame_max or sys.maxsize) - _FRAME_BYTES
    bodies = (one.body[at : at + most] for at in range(0, len(one.body), most))
    return b"".join(
        (
            _frame(METHOD, channel, method),
            _frame(HEADER, channel, header),
            *(_frame(BODY, channel, part) for part in bodies),
        )
    )


def ack_through(channel: int, tag: int) -> bytes:
    """Return the frame that acknowledges a delivery and all before it."""
    return _frame(METHOD, channel, ACK + _TAG.pack(tag, True))


def confirmation(method: bytes) -> Confirmation:
    """Read a frame about what was published (ack or nack)."""
    number, bits = _TAG.unpack_from(method, 4)
    return Confirmation(number, method[:4] == ACK, bool(bits & 1))


def body_size(header: bytes) -> int:
    """Return how many bytes follow a content header."""
    _, _, size, _ = _CONTENT.unpack_from(header)
    return int(size)


def returned(header: bytes) -> int:
    """Return the number of a message that came back."""
    return int(_properties(header).message_id or 0)


def delivery(method: bytes, header: bytes, body: bytes) -> Delivery:
    """Read the parts of a delivered message."""
    _, at = _name(method, 4)  # the consumer's
    tag, _ = _TAG.unpack_from(method, at)
    _, at = _name(method, at + _TAG.size)  # the exchange's
    routing_key, _ = _name(method, at)
    _, _, _, has = _CONTENT.unpack_from(header)
    if has & (_HEADERS | _MORE):  # it was delivered before, or died
        properties = _properties(header)
        headers: dict[str, Any] = properties.headers or {}
        attempts = int(headers.get("x-delivery-count") or 0)
        return Delivery(tag, routing_key, body, properties.content_type, attempts)
    content_type = _name(header, _CONTENT.size)[0] if has & _CONTENT_TYPE else None
    return Delivery(tag, routing_key, body, content_type, 0)


def _name(payload: bytes, at: int) -> tuple[str, int]:
    """Return a text of at most 255 bytes, and where it ends."""
    end = at + 1 + payload[at]
    if end > len(payload):
        raise ValueError("a text that ends behind its frame")
    return payload[at + 1 : end].decode(), end


def _properties(header: bytes) -> Basic.Properties:
    read = ContentHeader()
    read.unmarshal(header)
    return read.properties


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > _LONGEST_NAME:
        raise ValueError(f"{len(encoded)} bytes are too many for a name")
    return bytes((len(encoded),)) + encoded


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return HEAD.pack(kind, channel, len(payload)) + payload + _END
