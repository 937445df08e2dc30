"""Auth as a whole, on real PostgreSQL and Redis, answering over ASGI; only the clock is ours."""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import respx
from tests.integration.auth.owners import Owners
from tests.integration.auth.world import Json, World

from auth.app import build, wired
from auth.settings import Settings
from kit.ids import new_id
from kit.redis import RedisLine
from kit.tasks import spawn, stop
from kit.tokens import KeySet, Revocations, TokenVerifier, revoke_session
from kit.tokens.revocations import STREAM
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.people import eventually


def own_redis() -> str:
    """Return the URL of a Redis database that no other worker uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return (
        urlsplit(os.environ["SALDO_TEST_REDIS"])._replace(path=f"/{8 + int(worker) % 8}").geturl()
    )


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"ENVIRONMENT": "test"})


@pytest.fixture
def owners() -> Iterator[Owners]:
    found = Owners()
    with respx.mock(assert_all_called=False) as router:
        found.listen(router)
        yield found


@pytest.fixture
async def world(cluster: Cluster, settings: Settings, owners: Owners) -> AsyncIterator[World]:
    clock = FakeClock()
    service = build(settings)
    redis = RedisLine(own_redis())
    await redis.call("DEL", STREAM)
    # With something to read, following is up to date at once and not after its first wait.
    await revoke_session(redis, new_id())
    state = service.state
    async with cluster.database("auth", clock=clock) as database:
        state.database, state.redis, state.clock = database, redis, clock

        async def published() -> Json:
            jwks: Json = state.wiring.signer.jwks(clock.now())
            return jwks

        keys, revocations = KeySet(published), Revocations(redis)
        state.tokens = TokenVerifier(
            keys, revocations, issuer="saldo", audience="saldo-api", clock=clock
        )
        async with wired(service):
            await keys.refresh()
            following = spawn(revocations.follow(), "test.revocations")
            await eventually(_freshness(revocations), bool)
            transport = httpx.ASGITransport(app=service.web)
            async with httpx.AsyncClient(transport=transport, base_url="http://auth") as http:
                yield World(service, http, clock, database, redis, state.tokens, owners)
            await stop([following])
    redis.close()


def _freshness(revocations: Revocations) -> Any:
    async def look() -> bool:
        return revocations.fresh

    return look
