"""Holds STYLE's figures for lengths and names. Taste is ruff's and the reader's."""

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from deploy.generate import rooms
from deploy.generate.rooms import ROOT

CODE = ("libs", "services", "gateway", "deploy")
TESTS = ("tests",)

BANNED_FILES = {"utils.py", "helpers.py", "common.py", "constants.py", "base.py"}
BANNED_ENDINGS = ("Manager", "Processor", "Helper", "Mediator", "Aggregate", "DTO", "Dto")
LOCKS_WITH_ADDRESSES = {
    "Pipfile.lock",
    "package-lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pylock.toml",
    "uv.lock",
    "yarn.lock",
}
LONGEST_FIRST_LINE = 80
# "Stores …", "Starts, watches and ends …": no "Models of …", "Wallet's …", "The operations …".
VERB_FIRST = re.compile(r"[A-Z][a-z]+s(?:, [a-z]+s\b| (?!(?:of|to|between|as)\b))")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")

Sources = Callable[..., list[Any]]


def p90(lengths: Iterable[int]) -> float:
    return quantiles(lengths, n=10, method="inclusive")[-1]


@pytest.mark.parametrize(("folders", "limit"), [(CODE, 400), (TESTS, 600)])
def test_no_file_is_too_long(sources: Sources, folders: tuple[str, ...], limit: int) -> None:
    assert [(one.name, one.lines) for one in sources(*folders) if one.lines > limit] == []


def test_files_are_short_in_the_main(sources: Sources) -> None:
    lengths = [one.lines for one in sources(*CODE)]
    assert median(lengths) <= 100
    assert p90(lengths) <= 250


def test_no_function_is_too_long(sources: Sources) -> None:
    functions = [found for one in sources(*CODE, *TESTS) for found in one.functions()]
    assert [(name, length) for name, length in functions if length > 60] == []


def test_functions_are_short_in_the_main(sources: Sources) -> None:
    lengths = [length for one in sources(*CODE) for _, length in one.functions()]
    assert median(lengths) <= 12
    assert p90(lengths) <= 35


def test_every_module_says_what_it_owns(sources: Sources) -> None:
    modules = [one for one in sources(*CODE) if one.text.strip()]
    assert [one.name for one in modules if not ast.get_docstring(one.tree)] == []


@pytest.mark.parametrize("folder", CODE)
def test_a_docstring_begins_with_one_short_sentence(sources: Sources, folder: str) -> None:
    first_lines = {
        f"{one.name}:{node.body[0].lineno}": text.partition("\n")[0]
        for one in sources(folder)
        if "migrations" not in Path(one.name).parts
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if (text := ast.get_docstring(node))
    }
    assert first_lines
    assert [
        (place, line)
        for place, line in first_lines.items()
        if len(line) > LONGEST_FIRST_LINE or not line.endswith(".")
    ] == []


def test_a_module_says_first_what_it_does(sources: Sources) -> None:
    first_lines = {
        one.name: text.partition("\n")[0]
        for one in sources(*CODE)
        if "migrations" not in Path(one.name).parts
        if (text := ast.get_docstring(one.tree))
    }
    assert first_lines
    assert {name: line for name, line in first_lines.items() if not VERB_FIRST.match(line)} == {}


def test_no_file_is_a_drawer_for_everything(sources: Sources) -> None:
    names = [one.name for one in sources(*CODE, *TESTS)]
    assert [name for name in names if Path(name).name in BANNED_FILES] == []


def test_no_class_is_named_for_what_it_vaguely_does(sources: Sources) -> None:
    classes = [
        f"{one.name}:{node.lineno} {node.name}"
        for one in sources(*CODE, *TESTS)
        for node in ast.walk(one.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_ENDINGS)
    ]
    assert classes == []


def test_nothing_is_left_for_later_in_a_comment(committed: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in committed
        for number, line in enumerate(_lines(path), start=1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_no_lock_records_where_packages_were_downloaded(committed: list[Path]) -> None:
    assert [path.name for path in committed if path.name in LOCKS_WITH_ADDRESSES] == []
    lock = ROOT / "requirements.lock"
    requirements = [line for line in _lines(lock) if not line.lstrip().startswith("#")]
    assert [line for line in requirements if "://" in line or line.startswith("--")] == []
    assert any("--hash=sha256:" in line for line in requirements)


@pytest.mark.parametrize("room", rooms.services())
def test_a_service_has_one_description_of_its_api(room: str) -> None:
    found = list(rooms.folder(room).rglob("*openapi*.json"))
    assert found == [rooms.folder(room) / "openapi.json"]


def test_no_test_touches_the_connections_of_another_worker(committed: list[Path]) -> None:
    """One server has the databases of all of pytest's workers, and shows them all to each."""
    looks = [
        (path, line)
        for path in committed
        if path.is_relative_to(ROOT / "tests") and path.suffix == ".py" and path != Path(__file__)
        if not path.is_relative_to(ROOT / "tests/resilience")  # a stack of its own
        for line in re.findall(r"FROM pg_(?:stat_activity|locks)\b[^;]{0,200}", path.read_text())
    ]
    assert looks
    assert [path for path, rest in looks if "current_database()" not in rest] == []


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
