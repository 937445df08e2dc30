"""Orders that are named cost the same however many others are in their state."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.integration.shop.till import Till

from kit.ids import new_id
from shop.repository import orders, refunds
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAMED, KNOWN, UNKNOWN = 20, 20_000, 1_000
STORE = """
INSERT INTO shop_order (id, owner_id, status, currency, total_minor, is_bought, payment_id,
    created_at, expires_at, cancelled_at, paid_at)
SELECT gen_random_uuid(), gen_random_uuid(), $2, 'RUB', 100, false, gen_random_uuid(),
    $3::timestamptz - n * interval '1 second', $3::timestamptz + interval '30 minutes',
    CASE $2::text WHEN 'cancelled' THEN $3::timestamptz END,
    CASE $2::text WHEN 'paid' THEN $3::timestamptz END
FROM generate_series(1, $1::int) AS n
"""


@pytest.fixture
async def rush(till: Till, cluster: Cluster) -> Till:
    """Many orders of whose states statistics do not know yet, as in a sale that has just begun."""
    async with till.database.unit_of_work() as uow:
        await uow.execute(STORE, KNOWN, "cancelled", NOW)
    await cluster.as_superuser("ANALYZE shop.shop_order")
    async with till.database.unit_of_work() as uow:
        await uow.execute(STORE, UNKNOWN, "pending", NOW)
        await uow.execute(STORE, UNKNOWN, "paid", NOW)
    return till


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("claim", "pending"),
        ("payable_by", "pending"),
        ("pay", "pending"),
        ("unlock", "pending"),
        ("cancel", "pending"),
        ("refunds_of_orders", "paid"),
    ],
)
async def test_named_orders_are_read_by_their_names_in_a_rush(
    rush: Till, statement: str, status: str
) -> None:
    named = "SELECT id, owner_id, payment_id FROM shop_order WHERE status = $1 LIMIT $2"
    async with rush.database.unit_of_work() as uow:
        rows = await uow.fetch(named, status, NAMED)
        ids, owners, payments = (list(column) for column in zip(*map(tuple, rows), strict=True))
        text, values = stated(statement, ids, owners, payments)
        [row] = await uow.fetch(EXPLAIN + text, *values)
    assert rows_read(row[0], "shop_order") <= 2 * NAMED, row[0]


def stated(
    name: str, ids: list[UUID], owners: list[UUID], payments: list[UUID]
) -> tuple[str, tuple[Any, ...]]:
    """Return a statement and its values."""
    count, words = len(ids), ["refused"] * len(ids)
    return {
        "claim": (orders._CLAIM, (ids, owners, [new_id() for _ in ids], [False] * count, NOW)),
        "payable_by": (orders._PAYABLE_BY, (payments,)),
        "pay": (orders._PAY, (payments, NOW)),
        "unlock": (orders._UNLOCK, (payments, words, NOW)),
        "cancel": (orders._CANCEL, (ids, "expired", NOW)),
        "refunds_of_orders": (refunds._OF_ORDERS, (ids,)),
    }[name]
