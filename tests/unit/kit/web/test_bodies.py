"""kit.web.serving.bodies: what counts as a readable body."""

from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from kit.refusals import BodyTooLarge, BodyUnreadable, ContentTypeUnsupported, QueryInvalid
from kit.web.serving import bodies


def streaming(*chunks: bytes, ends: bool = True) -> Receive:
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    if ends:
        messages[-1]["more_body"] = False

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b'{"a": 1, "b": {"a": 2}}',
        b'{"a": "b:c:d"}',
        b'[{"a": 1}, {"a": 2}]',
        '{"имя": "Ёлка 🎄"}'.encode(),
        b'"text"',
        b"null",
        b"[" * 32 + b"]" * 32,
        b'{"a":' * 32 + b"1" + b"}" * 32,
        b"[" + b"[]," * 100 + b"[]]",
        b"[" + b'{"a": 1}, ' * 100 + b"2]",
    ],
)
def test_valid_json_is_read(document: bytes) -> None:
    import json

    assert bodies.parse_json(document) == json.loads(document)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": 01}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'\xff\xfe{\x00"\x00',
        b"\xef\xbb\xbf{}",
        b'{"a": "\x00"}',
        b'{"a": 1}{"a": 1}',
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"b": {"a": 1, "a": 2}}',
        b'[{"a": 1, "a": 2}]',
        b'{"a:b": 1, "a": 1, "a": 2}',
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" + b"[]," * 20_000 + b"[]]",
        b"<xml/>",
    ],
)
def test_anything_else_is_unreadable(document: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        bodies.parse_json(document)


async def test_a_body_is_read_whole_however_it_arrives() -> None:
    assert await bodies.read(streaming(b"abc")) == b"abc"
    assert await bodies.read(streaming(b"a", b"", b"b", b"c")) == b"abc"
    assert await bodies.read(streaming(b"")) == b""


@pytest.mark.parametrize("chunks", [[], [b"a"], [b"a", b"b"]])
async def test_a_caller_who_leaves_in_between_has_gone(chunks: list[bytes]) -> None:
    with pytest.raises(ClientDisconnect):
        await bodies.read(streaming(*chunks, ends=False))


async def test_a_body_is_counted_while_it_streams_in() -> None:
    assert await bodies.read(bodies.limited(streaming(b"12", b"34"), 4)) == b"1234"
    with pytest.raises(BodyTooLarge) as refused:
        await bodies.read(bodies.limited(streaming(b"12", b"34", b"5", b"6"), 4))
    assert refused.value.headers["Connection"] == "close"


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
        b"application/json; profile=x",
    ],
)
def test_json_in_utf_8_is_accepted(content_type: bytes) -> None:
    bodies.require_content_type(content_type, bodies.JSON)


@pytest.mark.check(41)
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"",
        b"text/plain",
        b"text/json",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"application/json; charset=utf-7",
        b"application/json; charset=utf-16",
        b"\xff",
    ],
)
def test_other_content_types_are_refused(content_type: bytes | None) -> None:
    with pytest.raises(ContentTypeUnsupported) as refused:
        bodies.require_content_type(content_type, bodies.JSON)
    assert refused.value.status == 415


def test_forms_are_read() -> None:
    assert bodies.parse_form(b"a=1&b=%D1%8F+x&c=") == {"a": "1", "b": "я x", "c": ""}


@pytest.mark.parametrize(
    "form",
    [b"a=1&a=2", b"a=%FF", "a=я".encode(), b"&".join(b"a%d=1" % n for n in range(101))],
)
def test_unclear_forms_are_unreadable(form: bytes) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        bodies.parse_form(form)
    assert "form" in refused.value.detail("en")
    assert "JSON" not in refused.value.detail("en") + refused.value.detail("ru")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[" * 33 + b"]" * 33, "32 levels"),
        (b"[" + b"[]," * 20_000 + b"[]]", "20000 lists and objects"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b'{"a": ', "one valid JSON document"),
    ],
)
def test_an_unreadable_document_says_what_of_it_is(body: bytes, said: str) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        bodies.parse_json(body)
    assert said in refused.value.detail("en")
    assert refused.value.detail("ru") != refused.value.detail("en")


@pytest.mark.parametrize(
    "query",
    [b"limit=1&limit=1000", b"limit=1&limit=1", b"a=%FF", b"a=\xff", b"a=%00", b"&a=1" * 101],
)
def test_unclear_queries_are_refused(query: bytes) -> None:
    with pytest.raises(QueryInvalid):
        bodies.parse_query(query)


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (b"", {}),
        (b"a=1&b=", {"a": "1", "b": ""}),
        (b"a=%D1%8F", {"a": "я"}),
        (b"flag", {"flag": ""}),
    ],
)
def test_queries_are_read(query: bytes, parameters: Any) -> None:
    assert bodies.parse_query(query) == parameters
