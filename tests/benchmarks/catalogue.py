"""The catalogue with a hundred times the products, and beside the bare SQL through a gateway."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from tests.benchmarks.load import Connection, Measured
from tests.benchmarks.programs import free_port, running

SMALL = 1_000
TIMES = 100
PATHS = (
    "/v1/shop/products",
    "/v1/shop/products?sort=price",
    "/v1/shop/products?search=lamp",
    "/v1/shop/products?search=rare",
)

# Every product is a lamp; one in so many that ten are in either catalogue is a rare one.
_FILL = """
INSERT INTO shop.product (id, name, slug, description, price_minor, currency, stock, is_active,
    attributes, version, created_at, updated_at, name_key, search)
SELECT gen_random_uuid(), name, 'bench-' || n, 'For the table or the wall', 100 + n, 'RUB', 5, true,
    '{"colour": "black"}', 1, now() - n * interval '1 second', now(), lower(name),
    setweight(to_tsvector('russian', name) || to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('russian', 'for the table or the wall black')
        || to_tsvector('simple', 'for the table or the wall black'), 'B')
FROM (SELECT n, CASE WHEN n % 100 = 0 AND n <= 1000 THEN 'Rare lamp ' ELSE 'Lamp ' END || n AS name
    FROM generate_series($1::int, $2::int) AS n) AS given
"""


async def fill(admin_url: str, first: int, last: int) -> None:
    """Write products down, straight into the table: those with these numbers."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(_FILL, first, last)
        await connection.execute("VACUUM ANALYZE shop.product")
    finally:
        await connection.close()


async def empty(admin_url: str) -> None:
    """Delete what `fill` has written."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("DELETE FROM shop.product WHERE slug LIKE 'bench-%'")
    finally:
        await connection.close()


async def run(url: str, path: str, count: int) -> Measured:
    """Time one list, one request at a time."""
    connection = await Connection.open(url)
    measured = Measured(seconds=1)
    for _ in range(count):
        await measured.time(connection.request("GET", path))
    connection.close()
    if measured.errors:
        raise RuntimeError(measured.errors[0])
    return measured


@asynccontextmanager
async def bare(gateway: Mapping[str, str], admin_url: str) -> AsyncIterator[str]:
    """Run the bare SQL behind a gateway of its own; gives that one's URL.

    ``gateway`` is the environment of the stack's gateway.
    """
    shop_port, port = free_port(), free_port()
    words = ("-m", "uvicorn", "tests.benchmarks.bare_shop:app", "--log-level", "error", "--port")
    shop = running(
        shop_port,
        sys.executable,
        *words,
        str(shop_port),
        environment={"BARE_DATABASE_URL": admin_url},
    )
    ours = {"SHOP_URL": f"http://127.0.0.1:{shop_port}", "GATEWAY_PORT": str(port)}
    before = (sys.executable, "-m", "gateway", "all")
    async with shop, running(port, *before, environment={**gateway, **ours}) as proxy:
        yield proxy.url
