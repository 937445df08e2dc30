"""Gives the tests of the house its sources: read once, as text and as syntax trees."""

import ast
import os
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest
from deploy.generate.rooms import ROOT

CODE = ("libs", "services", "gateway", "deploy")
_SKIPPED = {"__pycache__", "node_modules"}


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> list[tuple[str, int]]:
        """Return every function's place and length in lines, signature to last statement."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [
            (f"{self.name}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
            for node in ast.walk(self.tree)
            if isinstance(node, kinds) and node.end_lineno
        ]


@pytest.fixture(scope="session")
def sources() -> Callable[..., list[Source]]:
    """Return a function from top folders to the Python files in them."""
    known: dict[str, list[Source]] = {}

    def read(*folders: str) -> list[Source]:
        for folder in folders:
            if folder not in known:
                known[folder] = [_read(path) for path in _walk(ROOT / folder)]
        return [source for folder in folders for source in known[folder]]

    return read


def _walk(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*.py"))
    return [path for path in paths if not _SKIPPED & set(path.parts)]


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


@pytest.fixture(scope="session")
def committed() -> list[Path]:
    """Return every file that is, or would be, committed: what .gitignore does not name."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ignored = [".git", *(line.rstrip("/") for line in lines)]
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not _matches(name, ignored)]
        found += [Path(folder, name) for name in files if not _matches(name, ignored)]
    return sorted(found)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
