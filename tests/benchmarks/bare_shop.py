"""A yardstick: lists products by plain SQL, and answers rows as they are.

It checks, signs and shapes nothing. `catalogue` runs it behind a second gateway.
"""

import os
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import asyncpg
import orjson

_ROW = """
    id, name, slug, description, price_minor, currency, stock, category_id, is_active,
    attributes::text, picture_url, version, created_at, updated_at
"""
LISTED = {
    None: f"SELECT {_ROW} FROM shop.product WHERE is_active ORDER BY created_at DESC LIMIT 21",
    "price": f"SELECT {_ROW} FROM shop.product WHERE is_active ORDER BY price_minor LIMIT 21",
}
FOUND = f"""
SELECT {_ROW} FROM (
    SELECT * FROM shop.product WHERE is_active AND search @@ to_tsquery('russian', $1)
    ORDER BY created_at DESC LIMIT 1000
) AS newest ORDER BY ts_rank(search, to_tsquery('russian', $1)) DESC, id DESC LIMIT 21
"""


@asynccontextmanager
async def _lifespan(state: dict[str, Any]) -> Any:
    async with asyncpg.create_pool(os.environ["BARE_DATABASE_URL"], min_size=2) as pool:
        state["pool"] = pool
        yield


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve one request, or the process' beginning and end (ASGI 3)."""
    if scope["type"] == "lifespan":
        async with _lifespan(scope["state"]):
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    pool = scope["state"]["pool"]
    if "search" in query:
        rows = await pool.fetch(FOUND, f"{query['search']}:*")
    else:
        rows = await pool.fetch(LISTED[query.get("sort")])
    body = orjson.dumps({"items": [dict(row) for row in rows]}, default=str)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
