"""What is left out of the measured code says why."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from deploy.generate.rooms import ROOT

MEASURED = ("libs", "services", "gateway")
PRAGMA = re.compile(r"#\s*pragma:?\s*no\s*(?:cover|branch)", re.IGNORECASE)
PRAGMA_WITH_REASON = re.compile(r"# pragma: no (?:cover|branch) - \S+ \S+")
PATTERN_WITH_REASON = re.compile(r'    ".*",\s+# \S+ \S+')


def without_reason(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if PRAGMA.search(line)]
    return [line for line in lines if not PRAGMA_WITH_REASON.search(line)]


def test_every_line_that_is_not_measured_says_why(sources: Callable[..., list[Any]]) -> None:
    found = [(one.name, line) for one in sources(*MEASURED) for line in without_reason(one.text)]
    assert found == []


@pytest.mark.parametrize(
    "comment", ["# pragma: no cover", "#PRAGMA: NO COVER - ", "# pragma:no branch"]
)
def test_a_pragma_alone_is_found(comment: str) -> None:
    assert without_reason(f"x = 1  {comment}")
    assert not without_reason("x = 1  # pragma: no cover - the driver never does")


def test_every_pattern_that_is_not_measured_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^exclude_also = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    lines = listed[1].splitlines()
    assert lines
    assert [line for line in lines if not PATTERN_WITH_REASON.match(line)] == []
