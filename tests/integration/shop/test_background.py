"""The loops of a worker, as the composition root has put them together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from tests.integration.shop.till import Till, opened

from shop.loops import expiry
from testkit.conditions import running, until
from testkit.databases import Cluster

SILENCE = 10  # seconds, after which payments is asked again


@pytest.fixture
async def working(cluster: Cluster) -> AsyncIterator[Till]:
    """A till with its background loops running; messages are still carried by hand."""
    async with AsyncExitStack() as stack:
        opening = opened(cluster, order_ttl="90s", sweep_seconds=0.02)
        till = await stack.enter_async_context(opening)
        loops = [work(till.service) for _, work in till.service.background]
        await stack.enter_async_context(running(*loops))
        yield till


def has_status(till: Till, order_id: str, status: str) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        await till.settle()
        return bool((await till.seen(order_id))["status"] == status)

    return check


async def test_an_order_expires_once_its_time_is_over(working: Till) -> None:
    product = await working.product()
    order_id = await working.order((product, 3))
    order = await working.seen(order_id)
    made, ends = (datetime.fromisoformat(order[name]) for name in ("created_at", "expires_at"))
    assert ends - made == timedelta(seconds=90)
    working.clock.advance(90)
    await until(has_status(working, order_id, "cancelled"))
    assert await working.stock(product) == 10


async def test_payments_that_were_silent_are_asked_again(working: Till) -> None:
    order_id = await working.order((await working.product(), 1))
    working.payments.is_silent = True
    await working.pay(order_id)
    await working.settle()
    working.payments.is_silent = False
    working.clock.advance(SILENCE)
    await until(has_status(working, order_id, "paid"))
    working.payments.is_silent = True
    await working.refund(order_id)
    await working.settle()
    working.payments.is_silent = False
    working.clock.advance(SILENCE)
    await until(has_status(working, order_id, "refunded"))


async def test_what_nobody_paid_is_swept_batch_after_batch_without_a_pause(till: Till) -> None:
    async with till.database.unit_of_work() as uow:
        await uow.execute(
            """
            WITH made AS (
                INSERT INTO shop_order (id, owner_id, status, currency, total_minor, is_bought,
                    created_at, expires_at)
                SELECT gen_random_uuid(), $1, 'pending', 'RUB', 100, false, $2, $2
                FROM generate_series(1, 450) RETURNING id)
            INSERT INTO order_item (order_id, position, product_id, name, price_minor,
                quantity)
            SELECT id, 0, id, 'Phone', 100, 1 FROM made
            """,
            till.buyer,
            till.clock.now(),
        )

    async def are_cancelled() -> bool:
        async with till.database.read() as connection:
            left = "SELECT count(*) FROM shop_order WHERE status = 'pending'"
            return bool(await connection.fetchval(left) == 0)

    engine = till.service.state.wiring.engine
    async with running(expiry.sweep(till.database, engine, every_seconds=3600)):
        await until(are_cancelled)
