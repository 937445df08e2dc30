"""Gives each test worker a database of its own on a real PostgreSQL.

It has each service's roles, schema and tables.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from alembic.config import Config

from kit.clock import Clock
from kit.db import ddl, migrations
from kit.db.database import Database

SERVER = "SALDO_TEST_POSTGRES"
KIT = "kit"

_ROLES = """
DO $$ BEGIN
    -- Roles belong to the whole server: another worker may make them at this moment.
    BEGIN
        CREATE ROLE {owner} LOGIN PASSWORD '{owner}';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE {service} LOGIN PASSWORD '{service}';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    CREATE SCHEMA {service} AUTHORIZATION {owner};
    GRANT USAGE ON SCHEMA {service} TO {service};
    ALTER ROLE {owner} IN DATABASE {database} SET search_path = {service};
    ALTER ROLE {service} IN DATABASE {database} SET search_path = {service};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {service}
        GRANT USAGE ON SEQUENCES TO {service};
END $$
"""

# What statistics say of a table is what a test has had analyzed, not when PostgreSQL came by.
_ANALYZE_NEVER = """
DO $$ DECLARE one regclass;
BEGIN
    FOR one IN SELECT oid FROM pg_class
        WHERE relnamespace = '{service}'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', one);
    END LOOP;
END $$
"""

# Leaves of partitioned tables stand for themselves. To give every table and index a new file, as
# TRUNCATE does, takes longer than most tests; so rows are deleted where there are any, no trigger
# refusing it. The lock waits for whoever still writes. Dead rows of large tables would slow down
# what comes next: these get their new file, and so do those that were analyzed, of which nothing is
# known then.
_EMPTY = """
DO $$ DECLARE
    tables regclass[];
    one regclass;
    is_analyzed boolean;
BEGIN
    SELECT array_agg(c.oid::regclass) INTO tables FROM pg_class c
        WHERE c.relnamespace = '{service}'::regnamespace AND c.relkind = 'r'
        AND c.relname <> 'alembic_version';
    IF tables IS NULL THEN RETURN; END IF;
    EXECUTE 'LOCK TABLE ' || array_to_string(tables, ', ') || ' IN ACCESS EXCLUSIVE MODE';
    SET LOCAL session_replication_role = replica;
    FOREACH one IN ARRAY tables LOOP
        SELECT reltuples >= 0 INTO is_analyzed FROM pg_class WHERE oid = one;
        IF is_analyzed OR pg_relation_size(one) > {large} THEN
            EXECUTE format('TRUNCATE %s CASCADE', one);
        ELSIF pg_relation_size(one) > 0 THEN
            EXECUTE format('DELETE FROM %s', one);
        END IF;
    END LOOP;
    DELETE FROM pg_statistic WHERE starelid = ANY (tables);
    PERFORM setval(s.seqrelid, s.seqstart, false) FROM pg_sequence s
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        WHERE d.refobjid = ANY (tables) AND pg_sequence_last_value(s.seqrelid) IS NOT NULL;
END $$
"""
_LARGE = 1024 * 1024

_END_CONNECTIONS = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = '{role}' AND pid <> pg_backend_pid()
"""


def server_url() -> str:
    """Return the URL of the PostgreSQL that tests may do anything with."""
    url = os.environ.get(SERVER)
    if not url:
        raise RuntimeError(f"{SERVER} is not set: run the tests by `make test`")
    return url


class Cluster:
    """One worker's database; services are set up in it when first asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ready: set[str] = set()

    def url(self, role: str | None = None) -> str:
        """Return the database's URL as a role, or as the server's superuser."""
        parts = urlsplit(server_url())
        host = f"{parts.hostname}:{parts.port}"
        login = f"{role}:{role}@" if role else parts.netloc.rpartition("@")[0] + "@"
        return urlunsplit((parts.scheme, login + host, f"/{self.name}", "", ""))

    async def create(self) -> None:
        """Create the database anew."""
        await self.drop()
        await self._on_server(f"CREATE DATABASE {self.name}")

    async def drop(self) -> None:
        """Remove the database, whoever is connected to it."""
        await self._on_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    async def _on_server(self, statement: str) -> None:
        connection = await asyncpg.connect(server_url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def as_superuser(self, statement: str) -> None:
        """Run statements that no service may run."""
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def end_connections(self, role: str) -> None:
        """End every connection of a role to this database, and wait until they have ended."""
        await self.as_superuser(_END_CONNECTIONS.format(role=role))

    async def prepare(self, service: str) -> None:
        """Create a service's roles, schema and tables once; then empty its tables."""
        if service not in self._ready:
            owner = f"{service}_owner"
            roles = _ROLES.format(service=service, owner=owner, database=self.name)
            await self.as_superuser(roles)
            await self._create_tables(service, owner)
            await self.as_superuser(_ANALYZE_NEVER.format(service=service))
            self._ready.add(service)
        await self._empty(service)

    async def _create_tables(self, service: str, owner: str) -> None:
        if service != KIT:
            await asyncio.to_thread(migrations.upgrade, self.alembic(service))
            return
        connection = await asyncpg.connect(self.url(owner))
        try:
            statements = MigrationSteps()
            ddl.create_messaging(statements)
            ddl.pack_outbox(statements)
            ddl.create_saga(statements)
            ddl.move_saga_log_into_row(statements)
            ddl.leave_saga_documents_uncounted(statements)
            ddl.create_idempotency(statements)
            for statement in statements.recorded:
                await connection.execute(statement)
        finally:
            await connection.close()

    def alembic(self, service: str) -> Config:
        """Return Alembic's configuration for a service in this database."""
        import importlib

        package = importlib.import_module(service)
        folder = Path(cast("str", package.__file__)).parent.parent / "migrations"
        tables = importlib.import_module(f"{service}.tables")
        return migrations.config(self.url(f"{service}_owner"), folder, tables.METADATA)

    async def _empty(self, service: str) -> None:
        await self.as_superuser(_EMPTY.format(service=service, large=_LARGE))

    @asynccontextmanager
    async def database(
        self, service: str, *, pool_size: int = 10, clock: Clock | None = None
    ) -> AsyncIterator[Database]:
        """Yield a service's database, its tables empty, through the service's own role."""
        await self.prepare(service)
        database = await Database.open(
            self.url(service), name=service, pool_size=pool_size, clock=clock
        )
        try:
            yield database
        finally:
            await database.close()


class MigrationSteps:
    """Stands in for Alembic's ``op`` where no migration runs."""

    def __init__(self) -> None:
        self.recorded: list[str] = []

    def execute(self, sqltext: str) -> None:
        """Keep a statement."""
        self.recorded.append(sqltext)
