"""Lists of orders: whose, which, in which order, and what a page costs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.shop.news import News
from tests.integration.shop.room import PRODUCTS, code
from tests.integration.shop.till import ORDERS, Till

from contracts.auth import RecordAudit
from kit.db import Connection
from kit.ids import new_id
from kit.span import Span
from shop.domain.orders import OrderFilter, OrderStatus
from shop.repository import order_lists
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read
from testkit.pump import sent

MANY, OWNERS = 5_000, 50
OWNER = UUID(int=1)
# One in a hundred is pending, all others are cancelled.
STORE = """
INSERT INTO shop_order (id, owner_id, status, currency, total_minor, is_bought, created_at,
    expires_at, cancelled_at)
SELECT gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad((n % $2)::text, 12, '0'))::uuid,
    CASE WHEN n % 100 = 7 THEN 'pending' ELSE 'cancelled' END, 'RUB', 100, false,
    now() - n * interval '1 second', now(), CASE WHEN n % 100 = 7 THEN NULL ELSE now() END
FROM generate_series(1, $1::int) AS n
"""
OTHERS = """
INSERT INTO shop_order (id, owner_id, status, currency, total_minor, is_bought, created_at,
    expires_at, cancelled_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'cancelled', 'RUB', 100, false,
    now() - interval '1 year' - n * interval '1 second', now(), now()
FROM generate_series(1, $1::int) AS n
"""


async def listed(till: Till, caller: UUID | None = None, **query: Any) -> list[str]:
    """Return the ids of all orders that a list shows, page by page of two."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await till.get(ORDERS, caller, limit=2, **query, **cursor)
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


async def made(till: Till, count: int, **options: Any) -> list[str]:
    """Make orders, each a second after the one before; return their ids, newest first."""
    product, found = await till.product(slug=f"p-{new_id()}", stock=100), []
    for _ in range(count):
        till.clock.advance(1)
        found.append(await till.order((product, 1), **options))
    return found[::-1]


async def test_everybody_sees_their_own_and_admins_everybodys(till: Till) -> None:
    mine, others = await made(till, 3), await made(till, 3, caller=new_id())
    own = await made(till, 1, caller=till.admin)
    assert await listed(till) == mine
    assert await listed(till, till.admin) == own + others + mine
    assert await listed(till, till.admin, mine=True) == own
    assert await listed(till, till.admin, owner_id=till.buyer) == mine
    assert await listed(till, till.admin, owner_id=till.buyer, mine=True) == []
    assert await listed(till, owner_id=till.buyer) == mine
    assert await listed(till, owner_id=till.admin) == []


async def test_orders_are_asked_for_by_id_and_those_of_others_are_left_out(till: Till) -> None:
    mine, others = await made(till, 3), await made(till, 1, caller=new_id())
    some = {"id": ",".join([mine[2], others[0], mine[0], str(new_id())])}
    assert await listed(till, **some) == [mine[0], mine[2]]
    assert await listed(till, till.admin, **some) == [others[0], mine[0], mine[2]]
    for odd in ("", "x", mine[0] + ","):
        answer = await till.get(ORDERS, id=odd)
        assert (answer.status_code, code(answer)) == (422, "malformed")
    assert (await till.get(ORDERS, id=",".join([str(new_id())] * 101))).status_code == 422


async def test_a_status_narrows_a_list_with_every_other_filter(till: Till) -> None:
    orders = await made(till, 6)
    for one in orders[::2]:
        await till.cancel(one)
    assert await listed(till, status="cancelled") == orders[::2]
    assert await listed(till, till.admin, status="pending") == orders[1::2]
    assert await listed(till, status="cancelled", id=",".join(orders[:2])) == orders[:1]
    assert await listed(till, status="refunded") == []
    assert code(await till.get(ORDERS, status="lost")) == "not_allowed"


@pytest.mark.parametrize("more", [{}, {"status": "pending"}])
async def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(
    till: Till, more: dict[str, str]
) -> None:
    start = till.clock.now()
    orders = await made(till, 6)  # 6, 5, … 1 seconds after the start
    begin, end = [(start + timedelta(seconds=n)).isoformat() for n in (2, 5)]
    assert await listed(till, **{**more, "from": begin, "to": end}) == orders[2:5]
    assert await listed(till, **{**more, "from": begin}) == orders[:5]
    assert await listed(till, **{**more, "to": end}) == orders[2:]
    backwards = await till.get(ORDERS, **{"from": end, "to": begin})
    assert (backwards.status_code, code(backwards)) == (422, "period_invalid")


async def test_a_cursor_is_of_its_caller_and_filters(till: Till) -> None:
    await made(till, 3)
    cursor = (await till.get(ORDERS, limit=1)).json()["next_cursor"]
    for caller, query in ((till.buyer, {"status": "pending"}), (till.admin, {})):
        answer = await till.get(ORDERS, caller, cursor=cursor, **query)
        assert (answer.status_code, code(answer)) == (400, "cursor_invalid")


async def test_what_admins_are_shown_of_others_is_audited(till: Till) -> None:
    [mine] = await made(till, 1)
    own = await made(till, 1, caller=till.admin)

    async def acts(caller: UUID, path: str = ORDERS, **query: Any) -> list[tuple[str, Any]]:
        before = len(await sent(till.database, RecordAudit))
        assert (await till.get(path, caller, **query)).status_code == 200
        told = [one.message for one in await sent(till.database, RecordAudit)][before:]
        return [(one.action, one.owner_id) for one in told if isinstance(one, RecordAudit)]

    assert await acts(till.admin) == [("list_orders", None)]
    assert await acts(till.admin, owner_id=till.buyer) == [("list_orders", till.buyer)]
    assert await acts(till.admin, id=f"{mine},{own[0]}") == [("list_orders", till.buyer)]
    assert await acts(till.admin, f"{ORDERS}/{mine}") == [("get_order", till.buyer)]
    assert await acts(till.admin, mine=True) == []
    assert await acts(till.admin, id=own[0]) == []
    assert await acts(till.buyer) == []
    assert await acts(till.buyer, f"{ORDERS}/{mine}") == []


async def test_a_page_costs_the_same_statements_whatever_its_orders_hold(till: Till) -> None:
    products = [await till.product(f"P{n}", stock=100) for n in range(3)]

    async def cost(caller: UUID, **query: Any) -> int:
        before = till.database.statements
        assert (await till.get(ORDERS, caller, **query)).status_code == 200
        return till.database.statements - before

    await till.order((products[0], 1))
    assert await cost(till.buyer) == 3
    for _ in range(4):
        order = await till.bought(*((one, 2) for one in products))
        for _ in range(2):
            await till.refunded(order["id"], (products[0], 1))
        await till.told(*(News(till, order).disputed(1, new_id()) for _ in range(2)))
    shown = (await till.get(ORDERS)).json()["items"]
    assert [(len(one["refunds"]), len(one["disputes"])) for one in shown] == [(2, 2)] * 4 + [(0, 0)]
    queries: list[dict[str, Any]] = [{}, {"status": "paid"}, {"id": shown[0]["id"]}]
    for query in queries:
        assert await cost(till.buyer, **query) == 3
    assert await cost(till.buyer, limit=1) == 3


async def test_products_are_asked_for_by_id(till: Till) -> None:
    one, hidden = await till.product("A"), await till.product("B", is_active=False)
    two = await till.product("C")
    await till.product("D")
    ids = {"id": f"{two},{one},{hidden},{new_id()}"}
    found = (await till.get(PRODUCTS, **ids)).json()["items"]
    assert [product["id"] for product in found] == [two, one]
    found = (await till.get(PRODUCTS, till.admin, **ids, sort="name")).json()["items"]
    assert [product["id"] for product in found] == [one, hidden, two]
    assert code(await till.get(PRODUCTS, id="x")) == "malformed"


@pytest.fixture(params=["known", "unknown"])
async def full(request: pytest.FixtureRequest, till: Till, cluster: Cluster) -> Till:
    """Thousands of orders, of which statistics know, or know nothing but of others."""
    if request.param == "unknown":
        async with till.database.unit_of_work() as uow:
            await uow.execute(OTHERS, MANY)
        await cluster.as_superuser("ANALYZE shop.shop_order")
    async with till.database.unit_of_work() as uow:
        await uow.execute(STORE, MANY, OWNERS)
    if request.param == "known":
        await cluster.as_superuser("ANALYZE shop.shop_order")
    return till


async def explained(connection: Connection, wanted: OrderFilter, after: Any) -> str:
    values: list[Any] = []

    def value(given: Any) -> str:
        values.append(given)
        return f"${len(values)}"

    text = order_lists._page(wanted, after, 21, value)
    [row] = await connection.fetch(EXPLAIN + text, *values)
    return str(row[0])


@pytest.mark.parametrize("owner", [None, OWNER])
@pytest.mark.parametrize("status", [None, *OrderStatus])
async def test_a_page_is_read_along_its_index_wherever_it_begins(
    full: Till, owner: UUID | None, status: OrderStatus | None
) -> None:
    async with full.database.read() as connection:
        rows = await connection.fetch("SELECT created_at, id FROM shop_order ORDER BY created_at")
        middle = tuple(rows[MANY // 2])
        for span in (Span(), Span(rows[MANY // 4][0], rows[MANY // 3][0])):
            wanted = OrderFilter(owner_id=owner, status=status, span=span)
            for after in (None, middle):
                plan = await explained(connection, wanted, after)
                assert rows_read(plan, "shop_order") <= 21, plan


@pytest.mark.parametrize("owner", [None, OWNER])
@pytest.mark.parametrize("status", [None, *OrderStatus])
async def test_orders_by_id_are_read_by_id(
    full: Till, owner: UUID | None, status: OrderStatus | None
) -> None:
    async with full.database.read() as connection:
        rows = await connection.fetch("SELECT id FROM shop_order LIMIT 5")
        ids = [*(row["id"] for row in rows), *(new_id() for _ in range(95))]
        wanted = OrderFilter(ids=ids, owner_id=owner, status=status)
        assert rows_read(await explained(connection, wanted, None), "shop_order") <= 5
