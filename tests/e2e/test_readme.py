"""Runs the front page and the walk-through: every line, as it stands there, on the real stack."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deploy.stack import Stack

from kit.ids import new_id

ROOT = Path(__file__).parents[2]
FRONT = ROOT / "README.md"
WALKTHROUGH = ROOT / "deploy" / "WALKTHROUGH.md"
STEP = re.compile(
    r"^```bash\n(?P<lines>.*?)^```$"
    r"(?:\n\n<!-- answers -->\n(?P<answers>.*?)<!-- /answers -->)?",
    re.DOTALL | re.MULTILINE,
)
END_OF_STEP = "----- end of step -----"


@dataclass(frozen=True)
class Step:
    """Some lines of a page, what is printed below them, and what was just seen."""

    lines: str
    printed: str
    seen: str

    @property
    def answers(self) -> list[Any]:
        """The JSON objects that were just answered."""
        return _answers(self.seen)


@pytest.fixture(scope="module")
def steps(stack: Stack) -> list[Step]:
    return _told(WALKTHROUGH, ("anna", "boris"), stack)


@pytest.fixture(scope="module")
def screen(stack: Stack) -> list[Step]:
    return _told(FRONT, ("olga", "pavel"), stack)


def _told(page: Path, people: tuple[str, ...], stack: Stack) -> list[Step]:
    """Run all steps of a page in one shell, as whoever pastes them does."""
    found = list(STEP.finditer(page.read_text(encoding="utf-8")))
    script = "".join(f"{step['lines']}echo '{END_OF_STEP}'\n" for step in found)
    script = script.replace("http://localhost:8000", stack.gateway_url)
    for name in people:  # a page can be told once; a stack may be kept
        script = script.replace(f'"{name}"', f'"{name}-{new_id().hex[-8:]}"')
    told = subprocess.run(  # noqa: S603 (the page of this repository)
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    outputs = told.stdout.split(f"{END_OF_STEP}\n")
    return [
        Step(step["lines"], step["answers"] or "", output)
        for step, output in zip(found, outputs, strict=False)
    ]


def _answers(text: str) -> list[Any]:
    """Return the JSON objects in a text, however they are wrapped."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def _shape(value: Any) -> Any:
    """Return names and nesting without the values, which are new in every run."""
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shape(part) for part in value]
    return None


def _step(steps: list[Step], words: str) -> list[Any]:
    return next(step.answers for step in steps if words in step.lines)


def test_the_front_page_prints_what_is_answered(screen: list[Step]) -> None:
    [only] = screen
    assert only.printed == f"```\n{only.seen}```\n"
    assert only.seen.split() == ["1000.00", "paid", "cancelled", "850.00"]


def test_the_walk_through_prints_what_is_answered(steps: list[Step]) -> None:
    with_answers = [step for step in steps if step.printed]
    assert len(with_answers) >= 8
    for step in with_answers:
        assert [_shape(one) for one in _answers(step.printed)] == [
            _shape(one) for one in step.answers
        ]


def test_the_story_of_the_walk_through_ends_as_it_says(steps: list[Step]) -> None:
    assert [one["status"] for one in _step(steps, "Concert tickets")] == ["created"]
    assert [one["status"] for one in _step(steps, '"$PAYMENT" | field id')] == ["paid"]
    assert [one["status_label"] for one in _step(steps, "70.00")] == ["Отменен"]
    failed = _step(steps, "5000.00")[0]
    assert (failed["status"], failed["failure_reason"]) == ("failed", "insufficient_funds")
    wallet, entries, payments = _step(steps, "/entries")
    assert wallet["balance"]["amount"] == "850.00"
    assert [entry["amount"] for entry in entries["items"]] == ["-150.00", "1000.00"]
    assert [payment["amount"] for payment in payments["items"]] == ["150.00"]
    booked, account, summary = _step(steps, "reports/summary")
    assert (booked["amount"], account["balance"]["amount"]) == ("350.00", "1150.00")
    assert [one["balance"]["amount"] for one in summary["currencies"]] == ["-350.00"]
