"""A room of payments for every test, and the people in it."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
import respx
from tests.integration.payments.room import Room, opened

from testkit.databases import Cluster


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster) as room:
        yield room


@pytest.fixture
async def alice(room: Room) -> UUID:
    return await room.arrives("alice")


@pytest.fixture
async def bob(room: Room) -> UUID:
    return await room.arrives("bob")


@pytest.fixture
async def carol(room: Room) -> UUID:
    return await room.arrives("carol")


@pytest.fixture
def outside() -> Iterator[respx.MockRouter]:
    """Auth, wallet and the verification services as others see them; all calls are routed here."""
    with respx.mock(assert_all_called=False) as router:
        yield router
