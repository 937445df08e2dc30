"""Signing keys in the database: made once, kept, and useless without their secret."""

import asyncio

import pytest
from asyncpg import CheckViolationError, UniqueViolationError
from pydantic import SecretStr
from tests.integration.auth.world import World

from auth.crypto.signing import SigningKey, generate_key
from auth.crypto.vault import KeyVault, WrongKeySecretError
from auth.domain.keys import KeyStatus
from auth.repository import Keys
from auth.service.keys import load_keys
from kit.clock import SystemClock
from kit.db import Database

KEYS = "SELECT count(*) FROM signing_key"


async def load(database: Database, vault: KeyVault) -> list[SigningKey]:
    async with database.unit_of_work() as uow:
        return await load_keys(uow, vault, SystemClock().now())


async def test_every_start_finds_the_key_of_the_first(world: World) -> None:
    again = await load(world.database, world.wiring.vault)
    published = world.wiring.signer.jwks(world.clock.now())["keys"]
    assert [key.public.kid for key in again] == [key["kid"] for key in published]
    assert await world.count(KEYS) == 1


async def test_ten_starts_at_once_make_one_key(world: World) -> None:
    async with world.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM signing_key")
    loaded = await asyncio.gather(*(load(world.database, world.wiring.vault) for _ in range(10)))
    assert len({key.public.kid for keys in loaded for key in keys}) == 1
    assert await world.count(KEYS) == 1


async def test_under_another_secret_auth_does_not_start(world: World) -> None:
    other = KeyVault(SecretStr("another secret of this test, as long"))
    with pytest.raises(WrongKeySecretError, match="AUTH_KEY_SECRET"):
        await load(world.database, other)
    assert await world.count(KEYS) == 1


async def test_the_private_part_is_not_readable_in_the_database(world: World) -> None:
    (key,) = await load(world.database, world.wiring.vault)
    readable = await world.count(
        "SELECT count(*) FROM signing_key WHERE position($1::bytea IN private_key) > 0",
        key.private_der[-32:],
    )
    assert readable == 0


async def test_the_database_takes_one_active_key_and_no_published_private_part(
    world: World,
) -> None:
    made = generate_key(KeyStatus.ACTIVE, world.clock.now()).public
    insert = (
        "INSERT INTO signing_key (kid, status, public_jwk, private_key) VALUES ($1, $2, $3, '')"
    )
    with pytest.raises(UniqueViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(insert, made.kid, "active", dict(made.jwk))
    with pytest.raises(CheckViolationError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(insert, made.kid, "next", {**made.jwk, "d": "secret"})


async def test_a_next_key_is_published_by_the_next_start_and_signs_nothing(world: World) -> None:
    following = generate_key(KeyStatus.NEXT, world.clock.now())
    stored = world.wiring.vault.lock(following.public.kid, following.private_der)
    async with world.database.unit_of_work() as uow:
        await Keys(uow).add(following.public, stored)
    loaded = {key.public.kid: key for key in await load(world.database, world.wiring.vault)}
    assert len(loaded) == 2
    assert loaded[following.public.kid].private_der == following.private_der
    assert loaded[following.public.kid].public.status is KeyStatus.NEXT
