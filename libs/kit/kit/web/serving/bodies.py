"""Reads request bodies, and refuses what is too large or not readable.

Does not check values; `kit.web.serving.binding` does, once a body is readable.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from kit.refusals import (
    BodyTooComplex,
    BodyTooLarge,
    BodyUnreadable,
    ContentTypeUnsupported,
    FieldFault,
    QueryInvalid,
)

T = TypeVar("T")

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# Deeper documents could be stored but not be written out again (pydantic stops at 255 levels).
MAX_DEPTH = 32
# Opening brackets of a body, those in texts included; this bounds the time of reading it.
MAX_BRACKETS = 20_000
# Commas and colons of a body, those in texts included: they bound how many values and names it has.
# Each bound is far more than the largest body of any operation could need.
MAX_COMMAS = 20_000
MAX_COLONS = 20_000
# Longer bodies are parsed in the thread.
LONG_BODY_BYTES = 32 * 1024
_MAX_PARAMETERS = 100
_CONTAINERS = (dict, list)  # made once: a union costs more than the look

NO_BODY = (
    "There is no body; this operation needs one.",
    "Тела запроса нет, а операции оно нужно.",
)
_UNCLEAR_FORM = (
    "The body must be an urlencoded form in UTF-8, with 100 fields at most and each of them once.",
    "Тело должно быть формой urlencoded в UTF-8: не более 100 полей, каждое один раз.",
)
_TOO_DEEP = (
    f"The document may be nested {MAX_DEPTH} levels deep at most.",
    f"Вложенность документа — не более {MAX_DEPTH} уровней.",
)
_TOO_NESTED = (
    f"The document may have {MAX_BRACKETS} lists and objects at most.",
    f"В документе может быть не более {MAX_BRACKETS} списков и объектов.",
)
_REPEATED = (
    "One object of the document has a key twice: readers differ on which counts.",
    "В одном объекте документа ключ указан дважды: неясно, какой из них верный.",
)


Placed = Callable[[FieldFault], FieldFault]


def as_it_is(fault: FieldFault) -> FieldFault:
    """Return a JSON body's fault unchanged: its place in the document is right."""
    return fault


class ForeignBody(NamedTuple):
    """A body of another type than JSON, as a document.

    `placed` gives a fault of the document its place in the body.
    """

    document: Any
    placed: Placed


# Reads a body into the JSON document that it stands for; raises ValidationFailed.
BodyReader = Callable[[bytes], ForeignBody]


# There is one thread: each more would leave the loop a smaller share of the interpreter.
_ASIDE = ThreadPoolExecutor(1, thread_name_prefix="bodies")


async def aside(work: Callable[[], T], *, length: int) -> T:
    """Run work on a body of `length` bytes, in a thread where the body is long.

    Long ones are done one after the other there, so that no other request waits for them.
    """
    if length <= LONG_BODY_BYTES:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_ASIDE, work)


def limited(receive: Receive, max_bytes: int) -> Receive:
    """Return `receive` with a bound, for bodies that do not announce their length.

    It raises BodyTooLarge beyond `max_bytes`.
    """
    left = max_bytes

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BodyTooLarge(limit_bytes=max_bytes)
        return message

    return counting


async def read(receive: Receive) -> bytes:
    """Return the whole body.

    Raises:
        ClientDisconnect: the caller has gone.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    chunks = [body]
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def require_content_type(given: bytes | None, accepted: str) -> None:
    """Refuse a body of another type, or in another character set than UTF-8.

    Raises:
        ContentTypeUnsupported: also where the header is missing.
    """
    if given == accepted.encode():
        return
    name, *parameters = (given or b"").decode("latin-1").lower().split(";")
    if name.strip() != accepted:
        raise ContentTypeUnsupported(accepted=accepted)
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise ContentTypeUnsupported(accepted=f"{accepted}; charset=utf-8")


def parse_json(body: bytes) -> Any:
    """Return the document of valid JSON (RFC 8259) that all readers understand alike.

    Raises:
        BodyTooComplex: more values than anybody needs; nothing was parsed.
        BodyUnreadable: not JSON or not UTF-8, a number out of range, a lone surrogate, a name
            twice in one object (readers differ on which counts), or more than MAX_DEPTH deep.
    """
    brackets = body.count(b"{") + body.count(b"[")
    colons = body.count(b":")
    if brackets > MAX_BRACKETS:
        raise BodyUnreadable(why=_TOO_NESTED)
    if body.count(b",") > MAX_COMMAS or colons > MAX_COLONS:
        raise BodyTooComplex(limit=MAX_COMMAS)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyUnreadable(line=error.lineno, column=error.colno) from None
    if brackets > MAX_DEPTH and _is_deeper(document, MAX_DEPTH):
        raise BodyUnreadable(why=_TOO_DEEP)
    # Each name takes a colon, so equal counts prove that no name was repeated; otherwise (also for
    # a colon inside a text) the slower parser checks every name.
    if colons != _count_names(document):
        json.loads(body, object_pairs_hook=_unique)
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyUnreadable(why=_REPEATED)
    return found


def _count_names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(
            _count_names(item) for item in value.values() if isinstance(item, _CONTAINERS)
        )
    if isinstance(value, list):
        return sum(_count_names(item) for item in value if isinstance(item, _CONTAINERS))
    return 0


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, _CONTAINERS):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of an urlencoded form.

    Raises:
        BodyUnreadable: not ASCII, not UTF-8 once decoded, a field twice, or too many fields.
    """
    try:
        return _pairs(body)
    except ValueError:
        raise BodyUnreadable(why=_UNCLEAR_FORM) from None


def parse_query(query: bytes) -> dict[str, str]:
    """Return the parameters of a query string.

    Raises:
        QueryInvalid: not UTF-8, too many, U+0000 within, or a name given twice, known or not.
    """
    try:
        found = _pairs(query)
    except ValueError:
        raise QueryInvalid from None
    if b"%00" in query:
        raise QueryInvalid
    return found


def _pairs(text: bytes) -> dict[str, str]:
    pairs = parse_qsl(
        text.decode("ascii"),
        keep_blank_values=True,
        errors="strict",
        max_num_fields=_MAX_PARAMETERS,
    )
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found
