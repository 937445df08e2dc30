"""What an operator may write, and what they are told that an action did to a letter."""

import argparse
from typing import Any
from uuid import UUID

import pytest

from kit.operations import _outcome, add_messages

LETTER = UUID(int=7)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_messages(parser)
    return parser.parse_args(words)


def row(**changes: Any) -> dict[str, object]:
    known: dict[str, object] = {
        "consumer": "wallet.commands",
        "type": "wallet.place_hold.v1",
        "state": "dead",
        "reason": "handler_failed",
        "error": "KeyError",
        "attempts": 9,
    }
    return known | changes


@pytest.mark.parametrize(
    ("age", "seconds"), [("90s", 90), ("30m", 1_800), ("24h", 86_400), ("7d", 604_800)]
)
def test_an_age_is_a_number_and_its_unit(age: str, seconds: int) -> None:
    assert parsed("list", "--older", age).older.total_seconds() == seconds


@pytest.mark.parametrize("age", ["90", "s", "1.5h", "-1d", "1234567s", "1 h", "٣h"])
def test_anything_else_is_no_age(age: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("list", f"--older={age}")
    assert "write an age such as 90s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "before", "after", "told"),
    [
        (["discard"], row(), row(state="discarded"), "set aside; `replay` brings it back"),
        (["discard"], row(state="discarded"), row(state="discarded"), "was discarded before"),
        (["replay"], row(reason="undecodable"), row(), "left dead, as no retry helps"),
        (["replay", "--anyway"], row(reason="undecodable"), row(), "is parked and due now"),
        (["replay"], row(), row(state="parked"), "was dead after 9 tries, is parked and due now"),
        (["replay"], row(state="parked"), None, "was parked, is handled now"),
        (["replay"], row(type=None), None, "wallet.commands, no type: "),
    ],
)
def test_an_operator_is_told_what_became_of_a_letter(
    words: list[str], before: dict[str, object], after: dict[str, object] | None, told: str
) -> None:
    given = parsed(words[0], str(LETTER), *words[1:])
    assert told in _outcome(given, before, after)


def test_a_letter_is_looked_for_by_type_error_and_state() -> None:
    given = parsed("count", "--state", "parked", "--type", "refund", "--error", "KeyError")
    assert vars(given) == {
        "action": "count",
        "id": None,
        "state": "parked",
        "type": "refund",
        "error": "KeyError",
        "older": None,
        "anyway": False,
    }
