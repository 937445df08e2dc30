"""A room of finance for every test."""

from collections.abc import AsyncIterator

import pytest
from tests.integration.finance.files import Desk, opened_desk
from tests.integration.finance.room import Room, opened

from finance.cache import shelf
from testkit.databases import Cluster


@pytest.fixture(autouse=True)
def _patient_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Redis be slow, as on a busy machine; one that is away is noticed at once."""
    monkeypatch.setattr(shelf, "TIMEOUT_SECONDS", 2.0)


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster) as room:
        yield room


@pytest.fixture
async def desk(cluster: Cluster) -> AsyncIterator[Desk]:
    async with opened_desk(cluster) as desk:
        yield desk
