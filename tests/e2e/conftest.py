"""The real stack, started once: PostgreSQL, RabbitMQ, Redis, every service and the gateway."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS

from testkit.keepers import Keeper
from testkit.people import Person

ROOT = Path(__file__).parents[2]
CHECKED = "1000.00"  # payments of this amount and more go through the outside checks


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    made = Stack(
        root=ROOT,
        local=ROOT / ".local/test/e2e",
        settings={"LOG_FORMAT": "json", **ROOMY_LIMITS},  # as in production; test_logs.py reads it
        extra_env={"payments": {"PAYMENTS_CHECK_FROM": CHECKED}},
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=30, limits=limits) as client:
        yield client


@pytest.fixture
async def keeper(stack: Stack, http: httpx.AsyncClient) -> Keeper:
    return await Keeper.hire(http, stack.env_of("auth"))


@pytest.fixture
async def alice(http: httpx.AsyncClient) -> Person:
    return await Person.arrive(http, "alice")


@pytest.fixture
async def bob(http: httpx.AsyncClient) -> Person:
    return await Person.arrive(http, "bob")
