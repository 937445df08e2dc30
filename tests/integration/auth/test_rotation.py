"""One signing key follows another, and one secret another; nobody has to log in again."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import jwt
import pytest
from pydantic import SecretStr
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.world import PASSWORD, Login, World, code, login_of

from auth.app import build, wired
from auth.commands import COMMANDS
from auth.domain.keys import LEAD
from auth.loops.rotation import KeyRotation
from auth.settings import Settings
from auth.wiring import Wiring
from kit.refusals import TokenInvalid
from kit.tokens import KeySet, TokenVerifier
from testkit.databases import Cluster
from testkit.verification import KeyPublisher, StatedRevocations

NEW = SecretStr("another-key-of-the-vault-of-this-test")
ROTATIONS = "SELECT count(*) FROM audit WHERE action = 'key_rotated'"
LATE = timedelta(days=90)


def kid(token: str) -> str:
    named: str = jwt.get_unverified_header(token)["kid"]
    return named


def published(world: World) -> list[str]:
    return [key["kid"] for key in world.wiring.signer.jwks(world.clock.now())["keys"]]


async def verifier(world: World) -> TokenVerifier:
    """Return a verifier that reads the key set as it is published now."""
    keys = KeySet(KeyPublisher(world.wiring.signer.jwks(world.clock.now())).fetch)
    await keys.refresh()
    return TokenVerifier(
        keys, StatedRevocations(), issuer="saldo", audience="saldo-api", clock=world.clock
    )


async def look_after(world: World, passed: timedelta) -> None:
    world.clock.advance(passed.total_seconds())
    await world.wiring.key_rotation.look()


async def run(cluster: Cluster, *arguments: str, **settings: object) -> None:
    add_arguments, work = COMMANDS["keys"]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = Settings.model_validate({"database_url": cluster.url("auth"), **settings})
    await work(given, parser.parse_args(arguments))


async def test_a_key_that_has_signed_for_long_is_followed_by_a_published_one(
    world: World,
) -> None:
    await world.arrive("alice")
    [old] = published(world)
    await look_after(world, LATE - LEAD)
    [_, following] = published(world)
    login = await world.log_in("alice")
    assert kid(login.access_token) == old
    await look_after(world, LEAD - timedelta(seconds=1))
    assert kid((await world.log_in("alice")).access_token) == old
    await look_after(world, timedelta(seconds=1))
    new = await world.log_in("alice")
    assert kid(new.access_token) == following
    for one in (login, new):
        await (await verifier(world)).verify(one.access_token)
    assert await world.count(ROTATIONS) == 1
    assert published(world) == [old, following]
    await look_after(world, timedelta(minutes=11))
    assert published(world) == [following]
    assert await world.count("SELECT count(*) FROM signing_key") == 1
    with pytest.raises(TokenInvalid):
        await (await verifier(world)).verify(login.access_token)


async def test_processes_that_rotate_at_once_do_it_once(world: World) -> None:
    wiring, database = world.wiring, world.database
    others = [
        KeyRotation(database, wiring.vault, wiring.signer, wiring.settings.key_rules)
        for _ in range(8)
    ]
    for passed, keys in ((LATE, 2), (LEAD, 2), (timedelta(hours=1), 1)):
        world.clock.advance(passed.total_seconds())
        await asyncio.gather(*(one.look() for one in others))
        assert await world.count("SELECT count(*) FROM signing_key") == keys
    assert await world.count(ROTATIONS) == 1


async def test_another_process_signs_with_the_new_key_without_a_restart(world: World) -> None:
    async with started(world, world.wiring.settings) as (other, _):
        await look_after(world, LATE)
        await look_after(world, LEAD)
        await other.key_rotation.look()
        assert other.signer.kid == world.wiring.signer.kid


async def test_an_operator_sees_the_keys_and_has_another_one_sign(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    [old] = published(world)
    for arguments in (("list",), ("rotate",), ("rotate",), ("rotate", "--now"), ("list",)):
        await run(cluster, *arguments)
    told = [tuple(line.split()[:2]) for line in capsys.readouterr().out.splitlines()]
    [next_kid] = {name for name, status in told if status == "next"}
    # They are told in the order of their making, by two clocks: that of the world stands at noon.
    seen = [{*told[:1]}, {*told[1:3]}, {*told[3:5]}, {*told[5:7]}, {*told[7:]}]
    assert seen == [
        {(old, "active")},
        *[{(old, "active"), (next_kid, "next")}] * 2,
        *[{(old, "retired"), (next_kid, "active")}] * 2,
    ]
    await world.wiring.key_rotation.look()
    assert world.wiring.signer.kid == next_kid
    origins = "SELECT count(*) FROM audit_origin WHERE address = 'command line'"
    assert await world.count(origins) == 1


@asynccontextmanager
async def started(
    world: World, settings: Settings
) -> AsyncIterator[tuple[Wiring, httpx.AsyncClient]]:
    """Start another auth on the same database."""
    service = build(settings)
    state = service.state
    state.database, state.redis, state.clock = world.database, world.redis, world.clock
    state.tokens = world.tokens
    async with wired(service):
        transport = httpx.ASGITransport(app=service.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://auth") as http:
            yield state.wiring, http


def secrets(world: World, new: SecretStr, old: SecretStr | None = None) -> Settings:
    return world.wiring.settings.model_copy(update={"key_secret": new, "key_old_secrets": old})


async def refresh(http: httpx.AsyncClient, login: Login) -> httpx.Response:
    return await http.post("/v1/auth/refresh", json={"refresh_token": login.refresh_token})


async def test_the_secret_is_changed_and_sessions_live_on(
    world: World, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.arrive("alice")
    used, unused = await world.log_in("alice"), await world.log_in("alice")
    former = world.wiring.settings.key_secret
    async with started(world, secrets(world, NEW, former)) as (_, http):
        renewed = login_of(await refresh(http, used))
        # The token before is answered with the same successor, though another secret made it.
        assert (await refresh(http, used)).json()["refresh_token"] == renewed.refresh_token
        await run(cluster, "reencrypt", key_secret=NEW, key_old_secrets=former)
        assert "1 encrypted under AUTH_KEY_SECRET\n" in capsys.readouterr().out
    async with started(world, secrets(world, NEW)) as (_, http):
        assert (await refresh(http, renewed)).status_code == 200
        assert code(await refresh(http, unused)) == (401, "refresh_token_invalid")


async def test_a_copied_token_is_found_out_after_the_secret_was_changed(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    former = world.wiring.settings.key_secret
    async with started(world, secrets(world, NEW, former)) as (_, http):
        renewed = login_of(await refresh(http, login))
        world.clock.advance(21)
        assert code(await refresh(http, login)) == (401, "refresh_token_invalid")
        assert code(await refresh(http, renewed)) == (401, "refresh_token_invalid")


async def test_keys_of_apps_are_encrypted_anew_too(world: World, cluster: Cluster) -> None:
    people = [await Guarded.arrive(world, name) for name in ("alice", "bob", "carol")]
    former = world.wiring.settings.key_secret
    await run(cluster, "reencrypt", key_secret=NEW, key_old_secrets=former)
    async with started(world, secrets(world, NEW)) as (_, http):
        for person in people:
            given = {"username": person.username, "password": PASSWORD, "otp": person.code()}
            assert (await http.post("/v1/auth/login", json=given)).status_code == 200


async def test_what_an_unknown_secret_has_encrypted_is_left_alone(
    world: World, cluster: Cluster
) -> None:
    stored = "SELECT count(*) FROM signing_key WHERE private_key = $1"
    async with world.database.read() as connection:
        before = await connection.fetchval("SELECT private_key FROM signing_key")
    with pytest.raises(SystemExit, match="AUTH_KEY_OLD_SECRETS"):
        await run(cluster, "reencrypt", key_secret=NEW)
    assert await world.count(stored, before) == 1
