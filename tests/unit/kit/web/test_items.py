"""kit.web.items: a JSON list read item by item says what one read at once would."""

import json
from typing import Any

import pytest

from kit.refusals import BodyTooLarge, BodyUnreadable, Refusal, ValidationFailed
from kit.web import items
from kit.web.items import read_items

MOST, LONGEST = 5, 200


def read(body: bytes) -> Any:
    return read_items(body, most=MOST, longest=LONGEST)


@pytest.mark.parametrize(
    "document",
    [
        b"[]",
        b" \r\n\t[ ] \n",
        b"[1]",
        b'[1, "a", null, true, {"a": [1, {"b": "]},["}]}]',
        b"[" + b"9" * 19 + b", -0.5e3]",
        '[{"имя": "Ёлка 🎄"}, "\\"\\\\"]'.encode(),
        b'[{"a": 1}\n,\n{"a": 2}]',
        b"{}",
        b'"text"',
        b"null",
        b"[[[]], []]",
        b"[" + b'"' + b"x" * (LONGEST - 2) + b'"' + b"]",
        b"[" + ",".join(['"' + "я" * 90 + '"'] * MOST).encode() + b"]",
    ],
)
def test_valid_json_is_read(document: bytes) -> None:
    assert read(document) == json.loads(document)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"[", (1, 2)),
        (b"[1", (1, 3)),
        (b"[1,", (1, 4)),
        (b"[1,]", (1, 4)),
        (b"[,]", (1, 2)),
        (b"[1 2]", (1, 4)),
        (b"[1}", (1, 3)),
        (b"[1]x", (1, 4)),
        (b"[1][2]", (1, 4)),
        (b"[nul]", (1, 2)),
        (b"[NaN]", (1, 2)),
        (b"[1, Infinity]", (1, 5)),
        (b"[1e400]", (1, 2)),
        (b"[01]", (1, 3)),
        (b'[1,\n {"a": 1, "a": 1}]', (2, 2)),
        (b'["\\ud800"]', (1, 2)),
        (b'["\xff"]', (1, 2)),
        (b"[" * 100, (1, 101)),
        (b'[1,\n\n {"a" 1}]', (3, 7)),
        ('["я", {"ю" 1}]'.encode(), (1, 12)),
        (b"[" + b"[" * 33 + b"]" * 33 + b"]", (1, 2)),
    ],
)
def test_anything_else_is_unreadable_and_where(document: bytes, place: tuple[int, int]) -> None:
    with pytest.raises(BodyUnreadable) as refused:
        read(document)
    line, column = place
    assert f"line {line}, column {column} " in refused.value.detail("en")


def test_brackets_without_an_end_are_unreadable_whatever_the_bound() -> None:
    with pytest.raises(BodyUnreadable):
        read_items(b"[" * 100_000, most=MOST, longest=64 * 1024)


@pytest.mark.parametrize(
    "item",
    [b'"' + b"x" * LONGEST + b'"', b"[" + b"1," * LONGEST + b"1]", b'{"a": "\\u0430' + b"x" * 900],
)
def test_an_item_that_is_too_long_is_named(item: bytes) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read(b"[1, " + item + b"]")
    (fault,) = refused.value.errors
    assert (fault.pointer, fault.code) == ("/1", "too_long")
    assert str(LONGEST) in fault.detail_en


def test_a_long_body_that_is_no_list_is_refused_unread() -> None:
    with pytest.raises(BodyTooLarge):
        read(b'{"a": "' + b"x" * LONGEST)


def test_what_follows_one_item_too_many_is_not_looked_at() -> None:
    assert read(b"[1, 2, 3, 4, 5, 6, broken") == [1, 2, 3, 4, 5, 6]


def test_no_more_is_parsed_at_once_than_an_item_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def parse(body: bytes) -> Any:
        seen.append(len(body))
        return json.loads(body)

    monkeypatch.setattr(items, "parse_json", parse)
    body = json.dumps([{"a": "x" * 100}] * MOST).encode()
    assert len(read(body)) == MOST
    assert seen == [len(body) // MOST - 2] * MOST


@pytest.mark.parametrize("size", [1, 7, LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST])
def test_a_list_cut_off_anywhere_is_refused(size: int) -> None:
    whole = json.dumps([{"text": "Ж🎄" * 15, "n": [1, None]}] * MOST, ensure_ascii=False).encode()
    assert len(read(whole)) == MOST
    with pytest.raises(Refusal):
        read(whole[:size])
