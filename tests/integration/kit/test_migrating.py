"""What a developer types: ``python -m <service> migrate|pending|revision|downgrade``."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict
from sqlalchemy import Column, Integer
from sqlalchemy.exc import DBAPIError

from kit.commands import main
from kit.runtime import Service
from kit.settings import DatabaseSettings, WebSettings
from testkit.databases import Cluster

NAME = "toyshop"
FILES = {
    "toyshop/__init__.py": "",
    "toyshop/tables.py": """
from sqlalchemy import Column, Integer, Table

from kit.db.metadata import metadata

METADATA = metadata()
toy = Table("toy", METADATA, Column("id", Integer, primary_key=True))
""",
    "migrations/env.py": """
from kit.db.migrations import run_env

run_env()
""",
    "migrations/script.py.mako": '''"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades}


def downgrade() -> None:
    ${downgrades}
''',
    "migrations/versions/2026_01_31_0001_toys.py": '''"""Creates toys."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE toy (id serial CONSTRAINT pk_toy PRIMARY KEY)")


def downgrade() -> None:
    op.execute("DROP TABLE toy")
''',
}

Typed = Callable[..., Awaitable[None]]


class ToyshopSettings(DatabaseSettings, WebSettings):
    model_config = SettingsConfigDict(env_prefix="TOYSHOP_")


def never(_: ToyshopSettings) -> Service:
    raise AssertionError("a migration puts no service together")


@pytest.fixture
async def command_line(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Typed]:
    """``python -m toyshop …``, in a thread of its own, of a service with one table."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TOYSHOP_MIGRATION_URL", cluster.url(f"{NAME}_owner"))
    await cluster.prepare(NAME)

    async def typed(*words: str) -> None:
        await asyncio.to_thread(main, NAME, ToyshopSettings, never, arguments=words)

    yield typed
    await typed("downgrade", "--to", "base", "--yes")
    for module in (NAME, f"{NAME}.tables"):
        del sys.modules[module]


async def test_a_column_that_no_migration_makes_is_pending_until_a_revision_of_it_is_applied(
    command_line: Typed, tmp_path: Path
) -> None:
    await command_line("migrate")
    await command_line("pending")
    tables = importlib.import_module(f"{NAME}.tables")
    tables.toy.append_column(Column("worth", Integer))
    with pytest.raises(SystemExit, match=r"add_column.*'worth'"):
        await command_line("pending")

    await command_line("revision", "-m", "add a worth")
    (written,) = (tmp_path / "migrations/versions").glob("*_0002_add_a_worth.py")
    assert "down_revision = '0001'" in written.read_text()
    with pytest.raises(SystemExit, match=r"add_column.*'worth'"):
        await command_line("pending")  # it was written, not applied
    await command_line("migrate")
    await command_line("pending")

    await command_line("downgrade")
    with pytest.raises(SystemExit, match=r"add_column.*'worth'"):
        await command_line("pending")
    await command_line("migrate", "--to", "0002")
    await command_line("pending")


async def test_what_alembic_refuses_is_told_in_one_line(command_line: Typed) -> None:
    with pytest.raises(SystemExit, match=r"^migrate: Can't locate revision identified by '0009'"):
        await command_line("migrate", "--to", "0009")


async def test_each_migration_is_kept_though_the_next_one_fails(
    command_line: Typed, cluster: Cluster, tmp_path: Path
) -> None:
    broken = tmp_path / "migrations/versions/2026_01_31_0002_broken.py"
    text = FILES["migrations/versions/2026_01_31_0001_toys.py"]
    text = text.replace('"0001"', '"0002"').replace("= None", '= "0001"')
    broken.write_text(text.replace("CREATE TABLE toy (id", "CREATE TABLE toy (no_type_of_this, id"))
    with pytest.raises(DBAPIError, match="syntax error"):
        await command_line("migrate")
    broken.unlink()
    await cluster.as_superuser(f"SELECT FROM {NAME}.toy")  # is there
