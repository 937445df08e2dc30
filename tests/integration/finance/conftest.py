"""A room of finance for every test."""

from collections.abc import AsyncIterator

import pytest
from tests.integration.finance.files import Desk, opened_desk
from tests.integration.finance.room import Room, opened

from testkit.databases import Cluster


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster) as room:
        yield room


@pytest.fixture
async def desk(cluster: Cluster) -> AsyncIterator[Desk]:
    async with opened_desk(cluster) as desk:
        yield desk
