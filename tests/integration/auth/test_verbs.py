"""Verbs in moments that HTTP alone can hardly be made to hit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from tests.integration.auth.world import HERE, World, code

from auth.domain.sessions import make_refresh_token
from auth.domain.users import ProfileChange
from auth.loops.revocations import Revoker
from auth.refusals import InvalidCredentials
from auth.service import users
from auth.service.sessions import open_session
from kit.db import Database
from kit.ids import new_id
from kit.redis import RedisLine
from kit.refusals import NotFound
from kit.tokens.revocations import STREAM
from testkit.people import eventually


@pytest.mark.parametrize(
    "meanwhile",
    [
        "status = 'disabled'",
        "password_hash = 'another'",
        "token_version = token_version + 1",
    ],
)
async def test_who_changes_between_the_password_check_and_the_session_gets_none(
    world: World, meanwhile: str
) -> None:
    await world.arrive("alice")
    credentials = await world.credentials("alice")
    async with world.database.unit_of_work() as uow:
        await uow.execute(f"UPDATE user_account SET {meanwhile}")
    with pytest.raises(InvalidCredentials):
        async with world.database.unit_of_work() as uow:
            await open_session(
                uow,
                credentials,
                origin=HERE,
                rules=world.wiring.settings.session_rules,
                now=world.clock.now(),
            )
    assert await world.count("SELECT count(*) FROM session") == 0


async def test_a_well_formed_token_of_no_session_is_refused(world: World) -> None:
    answer = await world.refresh(make_refresh_token(new_id(), 0, bytes(32)))
    assert code(answer) == (401, "refresh_token_invalid")


async def test_what_is_deleted_meanwhile_can_be_neither_changed_nor_deleted(world: World) -> None:
    alice = UUID((await world.arrive("alice"))["id"])
    now = world.clock.now()
    async with world.database.unit_of_work() as uow:
        attempt = await users.begin_deletion(uow, alice, now, timedelta(0))
        await users.delete(uow, alice, attempt, now)
    with pytest.raises(NotFound):
        async with world.database.unit_of_work() as uow:
            await users.change_profile(uow, alice, lambda _: ProfileChange("alice", None), now)
    with pytest.raises(NotFound):
        async with world.database.unit_of_work() as uow:
            await users.begin_deletion(uow, alice, now, timedelta(0))


class AwayRedis:
    """Refuses, and counts how often it was asked."""

    asked = 0

    async def call(self, *_: Any) -> None:
        self.asked += 1
        raise ConnectionResetError


class SlowRedis:
    """Takes what it is given, in its own time."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def call(self, *words: Any) -> bytes:
        await asyncio.sleep(0.3)
        self.taken.append(words[-1])
        return b"1-0"


class AwayDatabase:
    """Cannot be read."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        raise OSError("no connection")
        yield


async def ended(world: World) -> UUID:
    """End a session in the database alone; returns its id."""
    await world.arrive("alice")
    await world.log_in("alice")
    async with world.database.unit_of_work() as uow:
        session_id: UUID = await uow.fetchval(
            "UPDATE session SET ended_at = $1, end_reason = 'logout' RETURNING id",
            world.clock.now(),
        )
    return session_id


async def is_published(redis: RedisLine, session_id: UUID) -> bool:
    entries = await redis.call("XRANGE", STREAM, "-", "+")
    return any(str(session_id).encode() in fields for _, fields in entries)


async def test_what_redis_did_not_take_is_offered_until_it_does(world: World) -> None:
    session_id, away = await ended(world), AwayRedis()
    lifetime = world.wiring.settings.access_token_lifetime
    revoker = Revoker(cast("RedisLine", away), world.database, world.clock, lifetime=lifetime)
    following = asyncio.create_task(revoker.catch_up())  # noqa: TID251 - ended below

    async def asked() -> int:
        return away.asked

    await eventually(asked, lambda times: times >= 2)
    assert not await is_published(world.redis, session_id)
    revoker.redis = world.redis
    await eventually(lambda: is_published(world.redis, session_id), bool)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_however_many_there_are_all_are_published(world: World) -> None:
    redis, ids = SlowRedis(), [new_id() for _ in range(4)]
    lifetime = world.wiring.settings.access_token_lifetime
    revoker = Revoker(cast("RedisLine", redis), world.database, world.clock, lifetime=lifetime)
    await revoker.sessions(ids)
    assert redis.taken == [str(one) for one in ids]


class SilentOnce:
    """A Redis whose first connection says nothing after its beginning."""

    def __init__(self) -> None:
        self.connections = 0
        self.heard = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        is_silent = self.connections == 1
        writer.write(b"+OK\r\n")
        while command := await reader.read(65_536):
            if b"XADD" in command and not is_silent:
                self.heard += command
                writer.write(b"$3\r\n1-0\r\n")
        writer.close()


async def test_a_connection_that_has_gone_silent_is_not_asked_again(world: World) -> None:
    redis = SilentOnce()
    server = await asyncio.start_server(redis.answer, "127.0.0.1", 0)
    line = RedisLine(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    lifetime = world.wiring.settings.access_token_lifetime
    revoker = Revoker(line, world.database, world.clock, lifetime=lifetime)
    lost, told = new_id(), new_id()
    await revoker.sessions([lost])
    await revoker.sessions([told])
    assert (redis.connections, str(told).encode() in redis.heard) == (2, True)
    line.close()
    server.close()
    await server.wait_closed()


async def test_what_the_database_did_not_tell_is_asked_again(world: World) -> None:
    session_id = await ended(world)
    lifetime = world.wiring.settings.access_token_lifetime
    away = cast("Database", AwayDatabase())
    revoker = Revoker(world.redis, away, world.clock, lifetime=lifetime)
    with pytest.raises(OSError, match="no connection"):
        await revoker.catch_up()
    revoker.database = world.database
    following = asyncio.create_task(revoker.catch_up())  # noqa: TID251 - ended below
    await eventually(lambda: is_published(world.redis, session_id), bool)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


@pytest.mark.check(24)
async def test_only_what_may_still_be_alive_is_published_again(world: World) -> None:
    session_id = await ended(world)
    lifetime = world.wiring.settings.access_token_lifetime
    world.clock.advance(lifetime.total_seconds() + 1)
    later = await ended_again(world)
    world.wiring.revoker.something_is_missing()
    await eventually(lambda: is_published(world.redis, later), bool)
    assert not await is_published(world.redis, session_id)


async def ended_again(world: World) -> UUID:
    login = await world.log_in("alice")
    claims = await world.tokens.verify(login.access_token)
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE session SET ended_at = $1, end_reason = 'logout' WHERE id = $2",
            world.clock.now(),
            claims.session_id,
        )
    assert claims.session_id is not None
    return claims.session_id
