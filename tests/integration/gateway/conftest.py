"""The gateway's room, started once for all tests that change nothing about it."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.integration.gateway.room import Door, Service, echo, opened

from testkit.servers import serving_app
from testkit.verification import fill_redis

OpenDoor = Callable[..., Awaitable[Door]]


@pytest.fixture(scope="session")
async def running_service() -> AsyncIterator[Service]:
    service = Service()
    async with serving_app(service) as port:
        service.port = port
        yield service


@pytest.fixture(scope="session")
async def running_door(running_service: Service) -> AsyncIterator[Door]:
    async with opened(running_service) as door:
        yield door


@pytest.fixture
def service(running_service: Service) -> Service:
    """The recording service, with nothing recorded."""
    running_service.seen.clear()
    running_service.respond = echo
    return running_service


@pytest.fixture
async def door(running_door: Door, service: Service) -> Door:
    """A gateway with default settings; what is set on its desk stays, so set nothing."""
    assert not service.seen
    return running_door


@pytest.fixture
async def redis_url() -> str:
    """A Redis that auth has filled."""
    url = os.environ["SALDO_TEST_REDIS"]
    await fill_redis(url)
    return url


@pytest.fixture
async def open_door(service: Service) -> AsyncIterator[OpenDoor]:
    """Start further gateways with settings and a desk of the test's own."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**chosen: Any) -> Door:
            return await stack.enter_async_context(opened(service, **chosen))

        yield start
