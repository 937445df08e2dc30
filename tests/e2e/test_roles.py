"""Each service's role in the database, held against every table that the stack has."""

from itertools import product

import asyncpg
import pytest
from deploy.stack import Stack
from deploy.stack.services import BY_NAME
from tests.integration.deploy.test_infrastructure import connected

SERVICES = sorted(name for name, service in BY_NAME.items() if service.roles)
ROLES = [role for name in SERVICES for role in BY_NAME[name].roles]
TABLES = """
SELECT n.nspname AS schema, c.oid::regclass::text AS name,
    (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1) AS column
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1)
"""
TOUCHES = (
    "SELECT * FROM {name}",
    "INSERT INTO {name} DEFAULT VALUES",
    'UPDATE {name} SET "{column}" = "{column}"',
    "DELETE FROM {name}",
    "TRUNCATE {name}",
)
CHANGES = (
    "ALTER TABLE {name} ADD COLUMN more text",
    "ALTER TABLE {name} DISABLE TRIGGER ALL",
    "DROP TABLE {name}",
    "TRUNCATE {name}",
    'CREATE INDEX ON {name} ("{column}")',
)
OF_A_SERVICE = (
    "CREATE TABLE mine (id int)",
    "CREATE TABLE public.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
    "SET ROLE {role}_owner",
)
OF_ANYBODY = (
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "ALTER ROLE {role} SUPERUSER",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "SELECT pg_read_file('postgresql.conf')",
)


@pytest.fixture
async def tables(stack: Stack) -> list[asyncpg.Record]:
    async with connected(stack, "postgres") as connection:
        found: list[asyncpg.Record] = await connection.fetch(TABLES, SERVICES)
    assert {one["schema"] for one in found} == set(SERVICES)
    return found


async def allowed(connection: asyncpg.Connection, statements: list[str]) -> list[str]:
    """Return those of the statements that the role may run, or fails at otherwise."""
    found = []
    for statement in statements:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        except asyncpg.PostgresError as error:
            found.append(f"{statement}: {error}")
        else:
            found.append(statement)
        finally:
            await transaction.rollback()
    return found


@pytest.mark.check(70)
@pytest.mark.parametrize("role", ROLES)
async def test_no_role_touches_a_table_of_another_service(
    stack: Stack, tables: list[asyncpg.Record], role: str
) -> None:
    others = [one for one in tables if one["schema"] != role.removesuffix("_owner")]
    statements = [text.format(**one) for one, text in product(others, TOUCHES + CHANGES)]
    async with connected(stack, role) as connection:
        assert await allowed(connection, statements) == []


@pytest.mark.check(70)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_changes_no_table_of_its_own(
    stack: Stack, tables: list[asyncpg.Record], service: str
) -> None:
    own = [one for one in tables if one["schema"] == service]
    statements = [text.format(**one) for one, text in product(own, CHANGES)]
    statements += [text.format(role=service) for text in OF_A_SERVICE]
    async with connected(stack, service) as connection:
        assert await allowed(connection, statements) == []


@pytest.mark.check(70)
@pytest.mark.parametrize("role", ROLES)
async def test_no_role_reaches_beyond_its_schema(stack: Stack, role: str) -> None:
    statements = [text.format(role=role) for text in OF_ANYBODY]
    async with connected(stack, role) as connection:
        assert await allowed(connection, statements) == []
