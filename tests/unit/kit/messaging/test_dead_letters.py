"""What a letter is about, when it is tried again, and where a message is addressed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from kit.ids import derived_id
from kit.messaging.dead_letters import DeadLetter, dead_letter, retry_at
from kit.messaging.inbox import is_stale
from kit.messaging.messages import Message
from kit.messaging.outbox import address
from testkit.toys import ToyTold, Worked, work

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT_ID = UUID("01900000-0000-7000-8000-000000000001")
DAY = date(2024, 6, 10)  # within that id


def test_a_letter_is_named_after_its_event_and_waits_under_its_subject() -> None:
    event = {"id": str(EVENT_ID), "subject": "42", "type": "kit.told.v1", "data": {"text": "hi"}}
    raw = orjson.dumps(event)
    assert dead_letter("q", raw, "stale", "too old") == DeadLetter(
        consumer="q",
        id=EVENT_ID,
        key="42",
        type="kit.told.v1",
        body=raw,
        reason="stale",
        error="too old",
        attempts=0,
        asked=None,
    )


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b"7", b"[]", b'{"subject": "\xff"}'])
def test_a_letter_about_bytes_is_named_after_them(body: bytes) -> None:
    assert dead_letter("q", body, "undecodable", "no") == DeadLetter(
        "q", derived_id("q", body), "", "", body, "undecodable", "no"
    )


@pytest.mark.parametrize("event_id", [None, 5, "x", ["list"]])
def test_a_letter_about_an_event_without_an_id_is_named_after_its_bytes(event_id: Any) -> None:
    raw = orjson.dumps({"id": event_id})
    assert dead_letter("q", raw, "r", "e").id == derived_id("q", raw)


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ({"command_id": "c-1"}, "c-1"),
        ({"in_reply_to": "c-2"}, "c-2"),
        ({"command_id": "c-1", "in_reply_to": "c-2"}, "c-1"),
        ({"command_id": 7}, "7"),
        ({"command_id": "x" * 300}, "x" * 200),
        ({"text": "hi"}, None),
        (["list"], None),
        (None, None),
    ],
)
def test_a_letter_names_the_command_that_is_asked_or_answered(data: Any, asked: str | None) -> None:
    raw = orjson.dumps({"id": str(EVENT_ID), "data": data})
    assert dead_letter("q", raw, "r", "e").asked == asked


def test_what_postgresql_can_not_store_is_replaced_in_place() -> None:
    raw = orjson.dumps({"subject": "a\x00b", "type": "c\x00d"})
    made = dead_letter("q", raw, "r", "e\x00f")
    assert (made.key, made.type, made.error) == ("a\ufffdb", "c\ufffdd", "e\ufffdf")


def test_what_nobody_reads_to_its_end_is_cut() -> None:
    raw = orjson.dumps({"subject": "s" * 300, "type": "t" * 300})
    made = dead_letter("q", raw, "r", "e" * 3000)
    assert (made.key, made.type, made.error) == ("s" * 200, "t" * 200, "e" * 2000)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 1), (1, 2), (2, 4), (8, 256), (9, 300), (10, 300), (2000, 300)]
)
def test_a_letter_is_tried_again_twice_as_late_each_time_up_to_five_minutes(
    attempts: int, seconds: int
) -> None:
    assert retry_at(NOW, attempts) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("days", "stale"), [(-2, True), (-1, False), (0, False), (14, False), (15, True)]
)
def test_an_event_is_stale_where_the_inbox_would_not_know_its_repetition(
    days: int,
    stale: bool,  # noqa: FBT001
) -> None:
    assert is_stale(EVENT_ID, DAY + timedelta(days=days)) is stale


def test_an_id_without_a_day_is_stale() -> None:
    assert is_stale(UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8"), DAY) is True


@pytest.mark.parametrize(
    ("message", "to", "expected"),
    [
        (ToyTold(text=""), None, ("shop.events", "kit.told.v1", None)),
        (work(), None, ("saldo.commands", "kit", "shop")),
        (Worked(in_reply_to=EVENT_ID), "wallet", ("saldo.replies", "wallet", None)),
    ],
    ids=["event", "command", "reply"],
)
def test_a_message_is_addressed_by_its_kind(
    message: Message, to: str | None, expected: tuple[str, str, str | None]
) -> None:
    assert address(message, "shop", to) == expected


def test_a_reply_to_nobody_and_a_message_of_no_kind_are_mistakes() -> None:
    class Odd(Message):
        type = "kit.odd.v1"

    with pytest.raises(ValueError, match=r"^kit\.worked\.v1 needs `to`, the service that asked$"):
        address(Worked(in_reply_to=EVENT_ID), "shop", None)
    with pytest.raises(TypeError, match=r"^Odd is neither event, command nor reply$"):
        address(Odd(), "shop", None)
