"""Runs the layers of pyproject.toml, and shows where SQL and time come from."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import pytest
from deploy.generate.rooms import ROOT
from importlinter.api import read_configuration
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PYPROJECT = str(ROOT / "pyproject.toml")
CONTRACTS = [contract["id"] for contract in read_configuration(PYPROJECT)["contracts_options"]]
DRIVERS = {"sqlalchemy", "asyncpg"}
STATEMENT = re.compile(
    r"\A\s*(?:SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|WITH \w+ AS\s)"
)
ROWS_AS_THEY_ARE = re.compile(
    r"\A\s*INSERT INTO \w+ \([^()]*\)\s*SELECT \* FROM unnest\([^()]*\)\s*(?:ON CONFLICT\s|\Z)"
)

Sources = Callable[..., list[Any]]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_imports_keep_to(
    contract: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would switch off every logger there is, for the rest of the run.
    monkeypatch.setattr("importlinter.cli._configure_logging", lambda _: None)
    status = lint_imports(
        PYPROJECT, limit_to_contracts=(contract,), no_cache=True, no_logo=True, is_debug_mode=True
    )
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_only_repositories_and_tables_know_the_database_driver(sources: Sources) -> None:
    found = [
        f"{source.name}:{node.lineno} {name}"
        for source in _of_services(sources)
        for node, name in _imports(source.tree)
        if name.partition(".")[0] in DRIVERS and not _may_hold_sql(source.name)
    ]
    assert found == []


def test_only_repositories_hold_sql(sources: Sources) -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in _of_services(sources)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if STATEMENT.match(node.value) and not _may_hold_sql(source.name)
    ]
    assert found == []


def test_rows_that_go_in_as_they_are_are_a_bulk_insert(sources: Sources) -> None:
    assert ROWS_AS_THEY_ARE.match("\nINSERT INTO a (b, c)\nSELECT * FROM unnest($1::int[], $2)\n")
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources("services", "libs")
        if "/migrations/" not in source.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if ROWS_AS_THEY_ARE.match(node.value)
    ]
    assert found == []


def test_settings_come_through_kit_alone(sources: Sources) -> None:
    # A command for operators may be told by a variable what must not be seen among processes.
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources("services", "gateway")
        if "/commands" not in source.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert found == []


def _of_services(sources: Sources) -> list[Any]:
    return [source for source in sources("services") if "/migrations/" not in source.name]


def _may_hold_sql(name: str) -> bool:
    path = PurePath(name)
    rooms = {"repository", "tables"}
    return path.stem in rooms or bool(rooms & set(path.parts))


def _imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
