"""Auth's migrations and the rules that its tables hold by themselves."""

import asyncio

import pytest
from asyncpg import CheckViolationError, InsufficientPrivilegeError, UniqueViolationError
from tests.integration.auth.factors.people import Guarded, add_passkey, device
from tests.integration.auth.front_end import registered
from tests.integration.auth.world import PASSWORD, World

from auth.service.seals import Verified, seal, verify
from auth.tables import METADATA
from kit.db import Database, migrations
from testkit.databases import Cluster


async def test_tables_and_migrations_say_the_same(cluster: Cluster) -> None:
    await cluster.prepare("auth")
    pending = await asyncio.to_thread(migrations.pending, cluster.url("auth_owner"), METADATA)
    assert pending == []


async def test_every_migration_can_be_taken_back_and_applied_again(cluster: Cluster) -> None:
    await cluster.prepare("auth")
    config = cluster.alembic("auth")
    await asyncio.to_thread(migrations.downgrade, config, "base")
    await asyncio.to_thread(migrations.upgrade, config)
    await cluster.prepare("auth")


async def test_acts_of_before_the_seals_keep_where_they_came_from(cluster: Cluster) -> None:
    await cluster.prepare("auth")
    config = cluster.alembic("auth")
    await asyncio.to_thread(migrations.downgrade, config, "0007")
    await cluster.as_superuser(
        "INSERT INTO auth.audit (id, at, actor_id, service, action, subject_kind, address)"
        " SELECT gen_random_uuid(), now() - n * interval '1 s', gen_random_uuid(), 'wallet',"
        " 'get_wallet', 'wallet', '10.0.0.' || n FROM generate_series(1, 3) AS n"
    )
    await asyncio.to_thread(migrations.upgrade, config)
    database = await Database.open(cluster.url("auth"), name="auth", pool_size=1)
    async with database.unit_of_work() as uow:
        last = await seal(uow, 3)
        found = await verify(uow, uow.clock.now())
        places = await uow.fetch(
            "SELECT address FROM audit JOIN audit_origin ON audit_id = audit.id ORDER BY position"
        )
    await database.close()
    assert found == Verified(3, last, 0)
    assert [row["address"] for row in places] == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]
    await cluster.prepare("auth")


@pytest.mark.parametrize(
    "change",
    [
        "username = NULL, username_key = NULL",
        "username = 'ab'",
        "username_key = NULL",
        "username = 'a@b.example', username_key = 'a@b.example'",
        "email = 'alice'",
        "email = 'alice', email_key = 'alice'",
        "email = '@example.com', email_key = '@example.com'",
        "password_hash = NULL",
        "status = 'retired'",
        "status = 'deleted'",
        "status = 'active', activated_at = NULL",
        "roles = '{user,root}'",
        "roles = '{}'",
        "roles = '{admin}'",
        "token_version = 0",
        "version = 0",
    ],
)
async def test_a_user_cannot_be_stored_against_the_rules(world: World, change: str) -> None:
    await world.register("alice")
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE user_account SET {change}")


@pytest.mark.check(32)
async def test_two_users_cannot_share_a_name_in_any_spelling(world: World) -> None:
    await world.register("alice")
    await world.register("bobby", email="bob@example.com")
    for change in (
        "username = 'ALICE', username_key = 'alice' WHERE username_key = 'bobby'",
        "email = 'BOB@example.com', email_key = 'bob@example.com' WHERE username_key = 'alice'",
    ):
        with pytest.raises(UniqueViolationError):
            async with world.database.unit_of_work() as uow:
                await uow.execute(f"UPDATE user_account SET {change}")


@pytest.mark.parametrize(
    "change",
    ["counter = -1", "hmac_key = ''", "ended_at = now()", "end_reason = 'no time'"],
)
async def test_a_session_cannot_be_stored_against_the_rules(world: World, change: str) -> None:
    await world.arrive("alice")
    await world.log_in("alice")
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE session SET {change}")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("client", "name = ''"),
        ("client", "redirect_uris = '{}'"),
        ("client", "secret_hash = 'in the clear'"),
        ("client", "deleted_at = now()"),
        ("authorization_code", "code_hash = 'in the clear'"),
        ("authorization_code", "challenge = ''"),
        ("authorization_code", "session_id = gen_random_uuid()"),
    ],
)
async def test_a_client_or_code_cannot_be_stored_against_the_rules(
    world: World, table: str, change: str
) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, (await world.admin()).headers)
    await front_end.logged_in("alice", PASSWORD)
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE {table} SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "user_account SET factors = '{sms}'",
        "totp SET last_step = NULL",
        "passkey SET sign_count = -1",
        r"recovery_code SET code_hash = '\x00'",
        "challenge SET kind = 'anything'",
        "challenge SET kind = 'passkey_login'",
        "challenge SET user_id = NULL",
        "challenge SET token_version = NULL",
        "challenge SET tries = -1",
        r"challenge SET token_hash = '\x00'",
    ],
)
async def test_a_factor_or_challenge_cannot_be_stored_against_the_rules(
    world: World, change: str
) -> None:
    person = await Guarded.arrive(world)
    assert (await add_passkey(world, await person.log_in(), device())).status_code == 201
    await person.begin()
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE {change}")


async def test_the_service_may_change_rows_and_no_tables(world: World) -> None:
    with pytest.raises(InsufficientPrivilegeError):
        async with world.database.unit_of_work() as uow:
            await uow.execute("ALTER TABLE user_account ADD COLUMN hole text")


@pytest.mark.parametrize(
    "change",
    [
        "secret_hash = 'short'",
        "old_secret_hash = 'short', old_secret_until = now()",
        "old_secret_hash = sha256('old')",
        "old_secret_until = now()",
        "scopes = '{}'",
        "wallet_ids = '{}'",
        "addresses = '{}'",
        "per_day_minor = 0, currency = 'RUB'",
        "per_day_minor = 100",
        "currency = 'RUB'",
    ],
)
async def test_a_key_cannot_be_stored_against_the_rules(world: World, change: str) -> None:
    await world.register("alice")
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            """INSERT INTO api_key (id, user_id, name, hint, secret_hash, scopes, created_at)
            SELECT gen_random_uuid(), id, 'x', 'x', sha256('new'), '{payments:read}', now()
            FROM user_account"""
        )
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(f"UPDATE api_key SET {change}")
