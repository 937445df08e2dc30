"""Finds which tests show which security check, for the table of SECURITY.md.

A check has a number and words in `tests/checks.toml`; a test names it by `@pytest.mark.check(11)`.
Runs no test.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.generate.pages import Blocks, table
from deploy.generate.rooms import ROOT

TESTS = ROOT / "tests"
WORDS = TESTS / "checks.toml"

_MARK = "mark.check"
_HEAD = ("check", "what is tried or held", "shown by")


class CheckGroup(NamedTuple):
    """Checks of one kind: their numbers and words."""

    title: str
    checks: dict[int, str]


class Shown(NamedTuple):
    """A test that shows a check."""

    number: int
    path: Path
    test: str


def groups() -> Iterator[CheckGroup]:
    """Yield the checks as they are grouped."""
    for group in tomllib.loads(WORDS.read_text(encoding="utf-8"))["group"]:
        checks = {int(number): words for number, words in group["checks"].items()}
        yield CheckGroup(group["title"], checks)


def shown(tests: Path = TESTS) -> Iterator[Shown]:
    """Yield every test that names a check, by file."""
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if _MARK in text:
            yield from _in(path, ast.parse(text))


def _in(path: Path, tree: ast.Module) -> Iterator[Shown]:
    for test, decorators in _tests(tree.body):
        for number in sorted(_numbers(decorators)):
            yield Shown(number, path, test)


def _tests(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Sequence[ast.expr]]]:
    """Yield each test with its marks, those of its class among them."""
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            yield one.name, one.decorator_list
        elif isinstance(one, ast.ClassDef):
            for name, decorators in _tests(one.body):
                if name.startswith("test_"):
                    yield name, [*one.decorator_list, *decorators]


def _numbers(decorators: Sequence[ast.expr]) -> set[int]:
    """Return the numbers of `@pytest.mark.check(11)` and `@pytest.mark.check(11, 12)`."""
    calls = [one for one in decorators if isinstance(one, ast.Call)]
    return {
        ast.literal_eval(argument)
        for call in calls
        if ast.unparse(call.func).endswith(_MARK)
        for argument in call.args
    }


def blocks() -> Blocks:
    """Return the blocks that SECURITY.md may ask for."""
    return {"checks": checks}


def checks() -> str:
    """Return a table for each group: check, words, files of its tests."""
    files: dict[int, Counter[Path]] = {}
    for number, path, _ in shown():
        files.setdefault(number, Counter())[path] += 1
    tables = (_table(group, files) for group in groups())
    return "\n\n".join(tables)


def _table(group: CheckGroup, files: dict[int, Counter[Path]]) -> str:
    rows = (
        (str(number), words, _links(files.get(number, Counter())))
        for number, words in group.checks.items()
    )
    return f"**{group.title}**\n\n{table(_HEAD, rows)}"


def _links(files: Counter[Path]) -> str:
    return ", ".join(_link(path, count) for path, count in sorted(files.items()))


def _link(path: Path, count: int) -> str:
    name = path.relative_to(TESTS).with_suffix("").as_posix().replace("test_", "")
    link = f"[{name}]({path.relative_to(ROOT).as_posix()})"
    return f"{link} ({count})" if count > 1 else link
