"""`python -m auth create-admin`, `create-user` and `remove-factors`."""

import argparse
import asyncio
import io
import os
import sys

import pytest
from tests.integration.auth.factors.people import (
    Guarded,
    add_passkey,
    claims_of,
    device,
    kinds,
)
from tests.integration.auth.world import PASSWORD, World, code

from auth.commands import COMMANDS
from auth.settings import Settings
from contracts.auth import FactorChanged, UserChanged, UserRegistered
from testkit.databases import Cluster
from testkit.pump import sent


async def run(cluster: Cluster, command: str, *arguments: str) -> None:
    add_arguments, work = COMMANDS[command]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = Settings.model_validate({"database_url": cluster.url("auth")})
    await work(settings, parser.parse_args(arguments))


@pytest.fixture
def password_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_PASSWORD", PASSWORD)


FROM_ENV = ("--password-env", "THE_PASSWORD")


@pytest.mark.usefixtures("password_given")
async def test_an_admin_is_made_once_and_can_administer(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    for outcome in ("made", "unchanged"):
        await run(cluster, "create-admin", "--username", "root", *FROM_ENV)
        told = capsys.readouterr().out.splitlines()[-1]
        assert told.startswith(f"root: {outcome} (active, admin, user), id ")
    admin = await world.log_in("root")
    assert (await world.http.get("/v1/users", headers=admin.headers)).status_code == 200
    told = await sent(world.database, UserRegistered, UserChanged)
    [registered] = [envelope.message for envelope in told]
    assert isinstance(registered, UserRegistered)
    assert registered.has_email is False


@pytest.mark.usefixtures("password_given")
async def test_somebody_who_is_there_becomes_an_admin_and_keeps_the_password(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.register("Alice", password="a password of her own")
    await run(cluster, "create-admin", "--username", "alice", *FROM_ENV)
    assert "changed (active, admin, user)" in capsys.readouterr().out
    alice = await world.log_in("alice", "a password of her own")
    claims = await world.tokens.verify(alice.access_token)
    assert claims.roles == {"user", "admin"}


@pytest.mark.usefixtures("password_given")
async def test_an_address_of_somebody_else_is_refused_plainly(
    world: World, cluster: Cluster
) -> None:
    await world.register("alice", email="a@example.com")
    with pytest.raises(SystemExit, match="already registered"):
        await run(
            cluster, "create-user", "--username", "bobby", "--email", "A@example.com", *FROM_ENV
        )


@pytest.mark.usefixtures("password_given")
async def test_a_user_is_active_only_where_asked_for(world: World, cluster: Cluster) -> None:
    await run(cluster, "create-user", "--username", "alice", "--active", *FROM_ENV)
    await run(cluster, "create-user", "--username", "bobby", *FROM_ENV)
    assert await world.status_with(await world.log_in("alice")) == 200
    bob = await world.post("/v1/auth/login", {"username": "bobby", "password": PASSWORD})
    assert code(bob) == (403, "user_pending")


@pytest.mark.usefixtures("password_given")
async def test_asking_for_a_pending_user_disables_and_enables_nobody(
    world: World, cluster: Cluster
) -> None:
    admin = await world.admin()
    await world.arrive("alice")
    bob = await world.arrive("bobby")
    await world.http.patch(
        f"/v1/users/{bob['id']}", json={"is_active": False}, headers=admin.headers
    )
    for username in ("alice", "bobby"):
        await run(cluster, "create-user", "--username", username, *FROM_ENV)
    assert await world.status_with(await world.log_in("alice")) == 200
    answer = await world.post("/v1/auth/login", {"username": "bobby", "password": PASSWORD})
    assert code(answer) == (403, "user_disabled")


async def test_the_password_may_come_by_standard_input(
    world: World, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD} \nmore\n"))
    await run(
        cluster,
        *("create-user", "--username", "alice", "--email", "a@example.com"),
        *("--full-name", "Alice", "--active", "--password-stdin"),
    )
    assert await world.status_with(await world.log_in("a@example.com", f"{PASSWORD} ")) == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--username", "a b"), "username has 3 to 64"),
        (("--username", "alice", "--email", "nowhere"), "alice@example.com"),
        (("--username", "alice", "--full-name", " "), "full name"),
    ],
)
@pytest.mark.usefixtures("password_given")
async def test_names_are_held_to_the_rules_of_registration(
    world: World, cluster: Cluster, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit, match=message):
        await run(cluster, "create-admin", *arguments, *FROM_ENV)
    assert await world.count("SELECT count(*) FROM user_account") == 0


@pytest.mark.check(60)
@pytest.mark.parametrize(
    "known", ["password123", "administrator", "changeme", "admin123", "letmein123", "qwerty123"]
)
async def test_a_known_or_missing_password_makes_nobody(
    world: World, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    monkeypatch.delenv("THE_PASSWORD", raising=False)
    with pytest.raises(SystemExit, match="THE_PASSWORD is not set"):
        await run(cluster, "create-admin", "--username", "root", *FROM_ENV)
    monkeypatch.setenv("THE_PASSWORD", known)
    with pytest.raises(SystemExit, match="first that anybody would try"):
        await run(cluster, "create-admin", "--username", "root", *FROM_ENV)
    assert await world.count("SELECT count(*) FROM user_account") == 0


async def test_the_command_line_knows_the_commands(world: World, cluster: Cluster) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth", "create-admin", "--username", "root", "--password-stdin"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "AUTH_DATABASE_URL": cluster.url("auth")},
    )
    out, _ = await process.communicate(f"{PASSWORD}\n".encode())
    assert (process.returncode, out.decode().startswith("root: made")) == (0, True)
    assert await world.status_with(await world.log_in("root")) == 200


async def test_who_has_lost_all_factors_gets_in_again_by_an_operator(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = await Guarded.arrive(world)
    await add_passkey(world, await alice.log_in(), device())
    login, waiting = await alice.log_in(), await alice.begin()
    await run(cluster, "remove-factors", "--username", "Alice")
    assert "alice" in (told := capsys.readouterr().out.splitlines()[-1].lower())
    assert "removed passkey, totp; all sessions end" in told
    assert code(await world.refresh(login.refresh_token)) == (401, "refresh_token_invalid")
    answer = await alice.give(waiting["mfa_token"], recovery_code=alice.recovery_codes[0])
    assert code(answer) == (401, "mfa_token_invalid")
    assert await claims_of(world, await world.log_in("alice")) == (("pwd",), False)
    assert (await kinds(world))[-2:] == ["factors_removed", "login_ok"]
    told_of = [one.message for one in await sent(world.database, FactorChanged)][-2:]
    assert [(one.factor, one.is_added) for one in told_of if isinstance(one, FactorChanged)] == [
        ("passkey", False),
        ("totp", False),
    ]
    actor = "SELECT count(*) FROM audit WHERE action = 'factors_removed' AND actor_id IS NULL"
    assert await world.count(actor) == 1
    await run(cluster, "remove-factors", "--username", "alice")
    assert "removed none" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        await run(cluster, "remove-factors", "--username", "nobody")
