"""Revocations as they travel: auth appends to real Redis, a verifier follows."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from kit.ids import new_id
from kit.redis import RedisLine
from kit.refusals import TokenInvalid, Unavailable
from kit.tokens import (
    Revocations,
    TokenVerifier,
    mark_complete,
    revoke_session,
    revoke_subject,
    run_of,
)
from kit.tokens.revocations import MARK, STREAM
from testkit.tokens import AUDIENCE, ISSUER, TokenMint

LIMIT_SECONDS = 10.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


async def until_refused(verifier: TokenVerifier, token: str) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        with contextlib.suppress(TokenInvalid):
            while await verifier.verify(token):
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def following(revocations: Revocations) -> AsyncIterator[Revocations]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(revocations.follow())
        try:
            yield revocations
        finally:
            task.cancel()


@pytest.mark.parametrize("seconds", [0.0, 0.0005, 0.001, 0.0015, 0.002, 0.005, 0.05])
async def test_following_stops_when_asked_at_any_moment(
    follower_redis: RedisLine, seconds: float
) -> None:
    async with asyncio.timeout(LIMIT_SECONDS), following(Revocations(follower_redis)):
        await asyncio.sleep(seconds)


@pytest.fixture
async def revocations(follower_redis: RedisLine) -> AsyncIterator[Revocations]:
    async with following(Revocations(follower_redis)) as followed:
        await until(lambda: followed.fresh)
        yield followed


async def test_a_revoked_session_is_known_within_a_second(
    redis: RedisLine, revocations: Revocations
) -> None:
    mine, other = new_id(), new_id()
    await revoke_session(redis, mine)
    await until(lambda: revocations.denies(str(mine), "anybody", 1))
    assert not revocations.denies(str(other), "anybody", 1)


async def test_the_newest_version_of_a_subject_counts_in_whatever_order_it_is_told(
    redis: RedisLine, revocations: Revocations
) -> None:
    subject, last = str(new_id()), new_id()
    await revoke_subject(redis, subject, 5)
    await revoke_subject(redis, subject, 3)
    await revoke_session(redis, last)
    await until(lambda: revocations.denies(str(last), "anybody", 1))
    assert revocations.denies("any", subject, 4)
    assert not revocations.denies("any", subject, 5)


@pytest.mark.check(24)
async def test_what_was_revoked_before_the_start_is_known_once_fresh(
    redis: RedisLine, follower_redis: RedisLine
) -> None:
    session_id = new_id()
    await revoke_session(redis, session_id)
    late = Revocations(follower_redis)
    assert not late.fresh
    async with following(late):
        await until(lambda: late.fresh)
        assert late.denies(str(session_id), "anybody", 1)


async def test_more_than_one_page_is_read_before_calling_itself_fresh(
    redis: RedisLine, follower_redis: RedisLine
) -> None:
    ids = [str(new_id()) for _ in range(2500)]
    for session_id in ids:
        await redis.call("XADD", STREAM, "*", "kind", "sid", "id", session_id)
    late = Revocations(follower_redis)
    async with following(late):
        await until(lambda: late.fresh)
        assert all(late.denies(session_id, "anybody", 1) for session_id in ids)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "sid"},
        {"kind": "sub", "id": "x", "tv": "many"},
        {"kind": "new"},
    ],
    ids=str,
)
async def test_an_entry_not_understood_does_not_stop_the_following(
    redis: RedisLine, revocations: Revocations, fields: dict[Any, Any]
) -> None:
    await redis.call("XADD", STREAM, "*", *(word for field in fields.items() for word in field))
    session_id = new_id()
    await revoke_session(redis, session_id)
    await until(lambda: revocations.denies(str(session_id), "anybody", 1))


@pytest.mark.check(24)
@pytest.mark.parametrize("mark", [None, "another run"])
async def test_a_redis_that_auth_has_not_filled_since_it_started_is_not_believed(
    redis: RedisLine, revocations: Revocations, mark: str | None
) -> None:
    session_id = new_id()
    await revoke_session(redis, session_id)
    await until(lambda: revocations.denies(str(session_id), "anybody", 1))
    await redis.call("DEL", STREAM, MARK)
    if mark is not None:
        await mark_complete(redis, mark)
    await until(lambda: not revocations.fresh)
    assert revocations.denies(str(session_id), "anybody", 1)
    await mark_complete(redis, await run_of(redis))
    await until(lambda: revocations.fresh)


@pytest.mark.check(24)
async def test_one_that_starts_beside_an_emptied_redis_waits_for_auth(
    redis: RedisLine, follower_redis: RedisLine
) -> None:
    await redis.call("DEL", STREAM, MARK)
    session_id = new_id()
    late = Revocations(follower_redis)
    async with following(late):
        await revoke_session(redis, session_id)
        await until(lambda: late.denies(str(session_id), "anybody", 1))
        assert not late.fresh
        await mark_complete(redis, await run_of(redis))
        await until(lambda: late.fresh)


@pytest.mark.check(24, 64)
async def test_a_frozen_redis_is_noticed_and_caught_up_with_afterwards(
    redis: RedisLine, wire: Any, revocations: Revocations
) -> None:
    session_id = new_id()
    wire.freeze()
    await until(lambda: not revocations.fresh)
    await revoke_session(redis, session_id)
    assert not revocations.denies(str(session_id), "anybody", 1)
    wire.mend()
    await until(lambda: revocations.fresh)
    assert revocations.denies(str(session_id), "anybody", 1)


async def test_a_lost_connection_is_noticed_and_made_again(
    redis: RedisLine, wire: Any, revocations: Revocations
) -> None:
    known, missed = new_id(), new_id()
    await revoke_session(redis, known)
    await until(lambda: revocations.denies(str(known), "anybody", 1))
    wire.cut()
    await until(lambda: not revocations.fresh)
    await revoke_session(redis, missed)
    assert revocations.denies(str(known), "anybody", 1)
    wire.mend()
    await until(lambda: revocations.denies(str(missed), "anybody", 1))
    await until(lambda: revocations.fresh)


async def test_old_revocations_are_forgotten(redis: RedisLine, follower_redis: RedisLine) -> None:
    elapsed = {"seconds": 0.0}
    late = Revocations(follower_redis, monotonic=lambda: elapsed["seconds"])
    fresh_id, old_id = new_id(), str(new_id())
    old_milliseconds = int((time.time() - 7200) * 1000)
    late._take_in(f"{old_milliseconds}-0", {"kind": "sid", "id": old_id})
    late._take_in(f"{old_milliseconds}-1", {"kind": "sub", "id": old_id, "tv": "2"})
    assert late.denies(old_id, "anybody", 1)
    assert late.denies("any", old_id, 1)
    elapsed["seconds"] = 61.0
    async with following(late):
        await revoke_session(redis, fresh_id)
        await until(lambda: late.denies(str(fresh_id), "anybody", 1))
        await until(lambda: not late.denies(old_id, "anybody", 1))
    assert not late.denies("any", old_id, 1)


@pytest.fixture
def mint() -> TokenMint:
    return TokenMint()


@pytest.fixture
async def jwks_url(mint: TokenMint) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(mint.jwks())

    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/.well-known/jwks.json"
    await runner.cleanup()


@pytest.fixture
async def verifier(jwks_url: str, follower_redis: RedisLine) -> AsyncIterator[TokenVerifier]:
    verifier = await TokenVerifier.open(
        jwks_url, issuer=ISSUER, audience=AUDIENCE, revocations=Revocations(follower_redis)
    )
    await until(lambda: verifier.keys_loaded and verifier.revocations_fresh)
    yield verifier
    await verifier.close()


async def test_an_opened_verifier_becomes_ready_and_verifies(
    mint: TokenMint, verifier: TokenVerifier
) -> None:
    await verifier.require_ready()
    user_id = new_id()
    assert (await verifier.verify(mint.user(user_id))).user_id == user_id


async def test_a_revocation_ends_a_token_that_was_just_accepted(
    redis: RedisLine, mint: TokenMint, verifier: TokenVerifier
) -> None:
    session_id = new_id()
    token = mint.user(sid=str(session_id))
    await verifier.verify(token)
    await revoke_session(redis, session_id)
    await until_refused(verifier, token)


@pytest.mark.check(64)
async def test_user_tokens_are_not_accepted_while_redis_is_away(
    mint: TokenMint, wire: Any, verifier: TokenVerifier
) -> None:
    token = mint.user()
    await verifier.verify(token)
    wire.cut()
    await until(lambda: not verifier.revocations_fresh)
    with pytest.raises(Unavailable):
        await verifier.verify(token)
    assert (await verifier.verify(mint.service("payments"))).service == "payments"
    wire.mend()
    await until(lambda: verifier.revocations_fresh)
    await verifier.verify(token)


async def test_a_verifier_opens_while_auth_is_away_and_loads_the_keys_when_it_comes(
    follower_redis: RedisLine, unused_tcp_port: int, mint: TokenMint
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/jwks"
    verifier = await TokenVerifier.open(
        url, issuer=ISSUER, audience=AUDIENCE, revocations=Revocations(follower_redis)
    )
    try:
        with pytest.raises(Unavailable):
            await verifier.require_ready()

        async def answer(_: web.Request) -> web.Response:
            return web.json_response(mint.jwks())

        app = web.Application()
        app.router.add_get("/jwks", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        try:
            await until(lambda: verifier.keys_loaded and verifier.revocations_fresh)
            await verifier.require_ready()
        finally:
            await runner.cleanup()
    finally:
        await verifier.close()
