"""No pattern takes longer on text made for it than its length asks for.

Patterns are found where they stand: compiled in a module, or declared in a document. Those of
models are run by Rust's engine, which knows no backtracking; here Python's takes its place.
"""

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from deploy.generate import rooms

from testkit.growth import grows_with_its_text

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


def _searched() -> Iterator[str]:
    """Yield the patterns that are looked for anywhere in a text, so tried at each place of it."""
    yield from dict(_documents())
    for module in _modules():
        code = inspect.getsource(module)
        for name in re.findall(r"\b([A-Z_0-9]+)\.(?:search|findall|finditer|subn?|split)\(", code):
            yield f"{module.__name__}.{name}"


SEARCHED = frozenset(_searched())


def _reading(pattern: re.Pattern[Any], *, anywhere: bool) -> Callable[[str], None]:
    def read(text: str) -> None:
        sent: Any = text + "\x01"
        if isinstance(pattern.pattern, bytes):
            sent = sent.encode()
        pattern.match(sent)
        pattern.fullmatch(sent)
        if anywhere:
            pattern.search(sent)
            pattern.findall(sent)

    return read


@pytest.mark.check(40)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_grows_with_its_text(name: str) -> None:
    read = _reading(PATTERNS[name], anywhere=name in SEARCHED)
    for bit in BITS:
        assert grows_with_its_text(read, bit), bit


def test_patterns_that_are_looked_for_anywhere_are_known() -> None:
    callers = "gateway.forwarding.callers"
    assert {f"{callers}._PARAMETER", f"{callers}._BACKWARDS"} <= SEARCHED
    assert f"{callers}._NODE" not in SEARCHED


@pytest.mark.parametrize(("again", "anywhere"), [(r"(?:.*a)?(?:.*a)?b", False), ("[a-z]+=", True)])
def test_a_pattern_that_goes_over_its_text_again_is_found(again: str, *, anywhere: bool) -> None:
    read = _reading(re.compile(again), anywhere=anywhere)
    assert not grows_with_its_text(read, "a", longest=4000)


def test_no_group_is_repeated_possessively() -> None:
    """Before Python 3.11.5 such a repetition forgets what it has matched, or breaks the matcher."""
    characters = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]")
    repeated = re.compile(r"\)(?:[*+?]|\{\d*,?\d*\})\+")
    bare = {name: characters.sub(".", str(one.pattern)) for name, one in PATTERNS.items()}
    assert [name for name, pattern in bare.items() if repeated.search(pattern)] == []
