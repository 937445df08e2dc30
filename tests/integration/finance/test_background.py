"""The loops of a worker, as the composition root has put them together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.integration.finance.room import Room, opened

from testkit.conditions import running, until
from testkit.databases import Cluster


@pytest.fixture
async def working(cluster: Cluster) -> AsyncIterator[Room]:
    """A room with its loop of recurrences running."""
    async with AsyncExitStack() as stack:
        room = await stack.enter_async_context(opened(cluster, sweep_seconds=0.02))
        works = dict(room.service.background)
        await stack.enter_async_context(running(works["recurring"](room.service)))
        yield room


async def test_what_recurs_is_booked_as_its_day_comes(working: Room) -> None:
    cash = await working.account()
    await working.plan(cash, "7.00")

    async def is_booked() -> bool:
        return await working.balance(cash) == "-7.00"

    assert not await is_booked()
    working.clock.advance(86_400)
    await until(is_booked)
