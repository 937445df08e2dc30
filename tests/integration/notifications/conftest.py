"""A room of notifications for every test, and two people in it."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import Hooks, hooks_of
from tests.integration.notifications.receiver import Receiver, receiving
from tests.integration.notifications.room import Room, opened

from testkit.databases import Cluster


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster) as room:
        yield room


@pytest.fixture
async def alice(room: Room) -> UUID:
    return await room.arrives("alice", "alice@example.com")


@pytest.fixture
async def bob(room: Room) -> UUID:
    return await room.arrives("bob", "bob@example.com")


@pytest.fixture
async def hooks(room: Room) -> AsyncIterator[Hooks]:
    async with hooks_of(room) as hooks:
        yield hooks


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver
