"""Provides the pytest fixtures that every room shares."""

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from testkit.databases import Cluster

# How long an example takes depends on the machine, and is not what property tests are about.
settings.register_profile("saldo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("saldo")


@pytest.fixture(scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    """Yield this worker's own database, which is dropped at the end."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    made = Cluster(f"saldo_test_{os.getpid()}_{worker}")
    await made.create()
    yield made
    await made.drop()
