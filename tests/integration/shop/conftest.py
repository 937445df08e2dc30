"""Shop on real PostgreSQL, answering over ASGI to an admin, a user, and strangers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.integration.shop.room import Room
from tests.integration.shop.till import Till, opened

from kit.ids import new_id
from shop.app import build
from shop.settings import Settings
from testkit.databases import Cluster
from testkit.verification import Desk


@pytest.fixture
def settings() -> Settings:
    return Settings(environment="test")


@pytest.fixture
async def room(cluster: Cluster, settings: Settings) -> AsyncIterator[Room]:
    service = build(settings)
    desk = await Desk.open()
    state = service.state
    async with cluster.database("shop") as database, AsyncExitStack() as stack:
        state.database, state.tokens, state.clock = database, desk.verifier, database.clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            user = {"Authorization": f"Bearer {desk.mint.user(new_id())}"}
            admin = {"Authorization": f"Bearer {desk.mint.user(new_id(), roles=['admin'])}"}
            yield Room(service, database, http, user=user, admin=admin)


@pytest.fixture
async def till(cluster: Cluster) -> AsyncIterator[Till]:
    async with opened(cluster) as till:
        yield till
