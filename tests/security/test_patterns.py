"""No pattern takes longer on text made for it than its length asks for.

Patterns are found where they stand: compiled in a module, or declared in a document. Those of
models are run by Rust's engine, which knows no backtracking; here Python's takes its place.
"""

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from deploy.generate import rooms

SHORT, LONG = 12_500, 50_000
# Four times the text takes four times as long, and sixteen where a pattern goes over it again and
# again. What is over in a moment can't be told apart from nothing.
MOST_GROWTH, MOMENT_SECONDS = 9, 0.02
BITS = [
    "a",
    "0",
    " ",
    ".",
    "-",
    '"',
    "0.",
    "a ",
    "a.",
    "<",
    "&#",
    ',"',
    "a=",
    "\r\n",
    "%",
    "'",
    "é",
]


def _modules() -> Iterator[ModuleType]:
    for name in ("kit", "contracts", *rooms.services(), rooms.GATEWAY):
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _compiled() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in _modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{module.__name__}.{name}", value


def _declared(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("pattern"), str):
            yield found["pattern"]
        for value in found.values():
            yield from _declared(value)
    elif isinstance(found, list):
        for value in found:
            yield from _declared(value)


def _documents() -> Iterator[tuple[str, re.Pattern[str]]]:
    for room in rooms.services():
        text = (rooms.folder(room) / "openapi.json").read_text(encoding="utf-8")
        for pattern in set(_declared(json.loads(text))):
            yield pattern, re.compile(pattern)


PATTERNS = dict(sorted({**dict(_compiled()), **dict(_documents())}.items()))


def _seconds(pattern: re.Pattern[Any], bit: str, length: int) -> float:
    text: Any = bit * (length // len(bit)) + "\x01"
    if isinstance(pattern.pattern, bytes):
        text = text.encode()
    began = time.thread_time()
    pattern.match(text)
    pattern.fullmatch(text)
    return time.thread_time() - began


@pytest.mark.check(40)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_grows_with_its_text(name: str) -> None:
    for bit in BITS:
        long = _seconds(PATTERNS[name], bit, LONG)
        if long > MOMENT_SECONDS:
            assert long / _seconds(PATTERNS[name], bit, SHORT) < MOST_GROWTH, bit


def test_a_pattern_that_goes_over_its_text_again_is_found() -> None:
    again = re.compile(r"(?:.*a)?(?:.*a)?b")
    growth = _seconds(again, "a", 4000) / _seconds(again, "a", 1000)
    assert growth > MOST_GROWTH
