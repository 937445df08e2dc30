"""Runs a service's Alembic migrations in its own schema, as the schema's owner."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from kit.db.ddl import KIT_TABLES

LOCK_TIMEOUT = "5s"
VERSION_TABLE = "alembic_version"


def config(url: str, migrations: Path, target: MetaData) -> Config:
    """Return Alembic's configuration for one service's ``migrations`` folder."""
    made = Config()
    made.set_main_option("script_location", str(migrations))
    made.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s")
    made.attributes["url"] = url
    made.attributes["metadata"] = target
    return made


def upgrade(made: Config, revision: str = "head") -> None:
    """Apply migrations up to a revision; concurrent runs wait for each other."""
    command.upgrade(made, revision)


def downgrade(made: Config, revision: str = "-1") -> None:
    """Take migrations back to a revision."""
    command.downgrade(made, revision)


def empties_schema(made: Config, revision: str) -> bool:
    """Tell whether a downgrade takes back every migration that was applied.

    `revision` may also be relative, as ``-2``.

    Raises:
        CommandError: there is no such revision below the one that the database is at.
    """
    script = ScriptDirectory.from_config(made)
    heads = asyncio.run(_with_connection(made.attributes["url"], _heads))
    try:
        taken_back = {
            one.revision
            for at in heads
            for one in script.iterate_revisions(at, revision, select_for_downgrade=True)
        }
    except RevisionError as error:
        raise CommandError(str(error)) from error
    return bool(taken_back & set(script.get_bases()))


def _heads(connection: Connection) -> tuple[str, ...]:
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_heads()


def revise(made: Config, message: str) -> None:
    """Write a new migration from the difference between the tables and the database.

    Its id is the number after the newest, so that the folder reads in order.
    """
    numbers = [int(one) for one in revisions(made) if one.isdigit()]
    command.revision(made, message, autogenerate=True, rev_id=f"{max(numbers, default=0) + 1:04d}")


def pending(url: str, target: MetaData) -> list[Any]:
    """Return the differences between the declared tables and the migrated database."""

    def compare(connection: Connection) -> list[Any]:
        options = {"include_name": _own, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), target))

    return asyncio.run(_with_connection(url, compare))


def run_env() -> None:
    """Do all that a service's ``migrations/env.py`` has to do."""
    asyncio.run(_with_connection(context.config.attributes["url"], _migrate))


def _migrate(connection: Connection) -> None:
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_lock(hashtext(current_schema()))"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        version_table=VERSION_TABLE,
        include_name=_own,
        compare_type=True,
        # Each lets its locks go before the next one asks for others.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def _own(name: str | None, kind: str, _: Any) -> bool:
    """Tell whether a table is the service's own; kit.db.ddl creates kit's tables."""
    if kind != "table" or name is None:
        return True
    return name not in KIT_TABLES and not name.startswith("inbox_") and name != VERSION_TABLE


async def _with_connection(url: str, work: Any) -> Any:
    engine = create_async_engine(_for_sqlalchemy(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def revisions(made: Config) -> Iterable[str]:
    """Return all revision ids, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(made).walk_revisions()]
