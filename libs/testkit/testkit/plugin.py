"""Provides the pytest fixtures that every room shares."""

import os
from collections.abc import AsyncIterator

import pytest

from testkit.databases import Cluster


@pytest.fixture(scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    """Yield this worker's own database, which is dropped at the end."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    made = Cluster(f"saldo_test_{os.getpid()}_{worker}")
    await made.create()
    yield made
    await made.drop()
