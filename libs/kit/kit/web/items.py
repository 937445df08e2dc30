"""Reads a long JSON list item by item, so that no single step takes long.

A parser holds the interpreter until it is done: one that is given megabytes at once stops every
other request for that long, also from a thread. Does not check what the items mean.
"""

import json
import re
from typing import Any, Final

from kit.refusals import BodyTooLarge, BodyUnreadable, FieldFault, ValidationFailed
from kit.web.serving.bodies import parse_json

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
# It only finds where an item ends, because it takes more than JSON allows.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str)
_LONGEST_TOKEN: Final = len("-Infinity")


def read_items(body: bytes, *, most: int, longest: int) -> Any:
    """Return the items of a list, or the document that a short body is.

    Args:
        body: The body. What follows the items that are read is not parsed.
        most: How many items may be accepted; one more is read, so that it is seen.
        longest: Bytes of an item at most; also of a body that is no list.

    Raises:
        BodyUnreadable, BodyTooComplex: see `kit.web.serving.bodies.parse_json`.
        BodyTooLarge: it is no list and too long for anything else.
        ValidationFailed: an item is too long.
    """
    position = _after_space(body, 0)
    if body[position : position + 1] != b"[":
        if len(body) > longest:
            raise BodyTooLarge(limit_bytes=longest)
        return parse_json(body)
    position = _after_space(body, position + 1)
    items: list[Any] = []
    is_over = body[position : position + 1] == b"]"
    while not is_over:
        end = _end(body, position, len(items), longest)
        try:
            items.append(parse_json(body[position:end]))
        except BodyUnreadable:
            raise _unreadable(body, position) from None
        if len(items) > most:
            return items
        position = _after_space(body, end)
        mark = body[position : position + 1]
        is_over = mark == b"]"
        if not is_over and mark != b",":
            raise _unreadable(body, position)
        if not is_over:
            position = _after_space(body, position + 1)
    position = _after_space(body, position + 1)
    if position < len(body):
        raise _unreadable(body, position)
    return items


def _end(body: bytes, start: int, number: int, longest: int) -> int:
    """Return where the item that begins at `start` ends, within `longest` bytes."""
    piece = body[start : start + longest]
    text = piece.decode("utf-8", "surrogateescape")
    try:
        _, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        if len(piece) == longest and _is_cut_off(error, text):
            raise ValidationFailed(errors=[_too_long(number, longest)]) from None
        raise _unreadable(body, start + _bytes(text, error.pos)) from None
    except RecursionError:
        raise _unreadable(body, start) from None
    return start + _bytes(text, end)


def _is_cut_off(error: json.JSONDecodeError, text: str) -> bool:
    """Tell whether a text is no JSON only because it ends too early."""
    return error.msg.startswith("Unterminated") or error.pos > len(text) - _LONGEST_TOKEN


def _bytes(text: str, characters: int) -> int:
    return len(text[:characters].encode("utf-8", "surrogateescape"))


def _after_space(body: bytes, position: int) -> int:
    found = _SPACE.match(body, position)
    return position if found is None else found.end()


def _unreadable(body: bytes, position: int) -> BodyUnreadable:
    begun = body.rfind(b"\n", 0, position) + 1
    column = len(body[begun:position].decode("utf-8", "replace")) + 1
    return BodyUnreadable(line=body.count(b"\n", 0, position) + 1, column=column)


def _too_long(number: int, longest: int) -> FieldFault:
    return FieldFault(
        f"/{number}",
        "too_long",
        f"{longest} bytes at most.",
        f"Не более {longest} байт.",
    )
