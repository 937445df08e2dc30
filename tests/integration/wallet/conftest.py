"""Wallet as a whole, on real PostgreSQL, answering over ASGI and handling packs of commands."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.integration.wallet.world import World

from testkit.databases import Cluster
from testkit.verification import Desk
from wallet.app import build
from wallet.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(environment="test")


@pytest.fixture
async def world(cluster: Cluster, settings: Settings) -> AsyncIterator[World]:
    service = build(settings)
    desk = await Desk.open()
    state = service.state
    async with cluster.database("wallet") as database, AsyncExitStack() as stack:
        state.database, state.tokens, state.clock = database, desk.verifier, database.clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://wallet") as http:
            yield World(service, database, http, desk.mint)
