"""Migrations as they are made, taken back and run with nothing but the schema's owner."""

import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from deploy.bootstrap import ROOT
from deploy.stack import Stack
from deploy.stack.services import SERVICES

from kit import commands
from kit.db import migrations
from kit.settings import MigrationSettings

WITH_SCHEMA = [service.name for service in SERVICES if service.migration is not None]
GOOD = "q8vW2zL0xN5rT7yU1iO3pA6s"

pytestmark = pytest.mark.xdist_group("runner")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(ROOT, tmp_path_factory.mktemp("stack") / "local")
    made.start_infrastructure()
    yield made
    made.reset()


@pytest.fixture(params=WITH_SCHEMA)
def service(
    request: pytest.FixtureRequest, stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """A service, whose process is told of its schema's owner and of nothing else."""
    name: str = request.param
    variable = f"{name.upper()}_MIGRATION_URL"
    monkeypatch.setenv(variable, stack.env_of(name)[variable])
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.chdir(tmp_path)
    return name


def run(service: str, *words: str) -> None:
    commands.main(
        service, import_module(f"{service}.settings").Settings, build=_never, arguments=words
    )


def _never(_: object) -> object:
    raise AssertionError("a migration puts no service together")


def test_production_migrates_with_the_owners_address_alone(service: str) -> None:
    run(service, "migrate")
    run(service, "pending")


def test_production_refuses_to_migrate_with_a_development_password(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"{service.upper()}_MIGRATION_URL")
    with pytest.raises(SystemExit, match=f"{service.upper()}_MIGRATION_URL is the development"):
        run(service, "migrate")


@pytest.mark.parametrize("to", ["base", "-99", "all"])
def test_nothing_is_dropped_to_the_last_table_without_a_question(
    service: str, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(service, "migrate")
    if to == "all":
        count = len(list(migrations.revisions(_config(service))))
        to = f"-{count}"
    with pytest.raises(SystemExit) as stopped:
        run(service, "downgrade", "--to", to)
    assert "Nothing was done" in str(stopped.value) or "downgrade:" in str(stopped.value)
    run(service, "pending")  # all is there


def test_everything_is_dropped_where_that_was_said(service: str) -> None:
    run(service, "migrate")
    run(service, "downgrade", "--to", "base", "--yes")
    run(service, "migrate")


def test_the_last_migration_alone_is_taken_back_without_a_question(service: str) -> None:
    run(service, "migrate")
    if len(list(migrations.revisions(_config(service)))) > 1:
        run(service, "downgrade")
    run(service, "migrate")


def test_a_revision_is_written_with_the_next_number(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(service, "migrate")
    shutil.copytree(ROOT / "services" / service / "migrations", tmp_path / "migrations")
    before = set((tmp_path / "migrations/versions").glob("*.py"))
    config = migrations.config(
        _config(service).attributes["url"],
        tmp_path / "migrations",
        import_module(f"{service}.tables").METADATA,
    )
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    migrations.revise(config, "add a limit")
    (made,) = set((tmp_path / "migrations/versions").glob("*.py")) - before
    numbers = [int(path.name.split("_")[3]) for path in before]
    assert made.name.split("_", 3)[3] == f"{max(numbers) + 1:04d}_add_a_limit.py"
    assert '"""add a limit."""' in made.read_text()


def _config(service: str) -> migrations.Config:
    settings = MigrationSettings.of(import_module(f"{service}.settings").Settings)
    return commands.alembic_config(service, settings(_env_file=None))
