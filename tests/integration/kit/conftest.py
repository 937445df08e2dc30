"""Kit's own tables on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from kit.db.database import Database
from testkit.clock import FakeClock
from testkit.databases import Cluster


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(cluster: Cluster, clock: FakeClock) -> AsyncIterator[Database]:
    async with cluster.database("kit", clock=clock) as database:
        yield database
